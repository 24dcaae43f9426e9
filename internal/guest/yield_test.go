package guest

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/tetratelabs/wazero/experimental"

	"github.com/foretide/foretide/core/abi"
	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/lstm"
	"github.com/foretide/foretide/core/lstm/network"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/wasm"
)

// large returns a checkpoint of an LSTM of two layers both ways with 128 units,
// 1.25 MB of weights.
func large() []byte {
	task := forecast.Task{Metric: series.CPU, Step: 15, Horizons: []int64{300, 900, 1800}, Levels: forecast.DefaultLevels(), Bounds: series.DefaultBounds(series.CPU)}
	others := []string{series.Memory, series.DiskRead, series.DiskWrite}
	shape := lstm.Complete(network.Shape{Steps: 240, Hidden: 128, Layers: 2, Bidirectional: true, Width: 64}, &task, others)
	net := network.New(shape)
	net.Initialise(1, task.Levels)
	lstm.Round(net)
	m := lstm.New(task, others, net)
	c := codec.Checkpoint{Kind: m.Kind(), Metric: task.Metric, Step: task.Step, Horizons: task.Horizons, Levels: task.Levels, Payload: m.AppendPayload(nil)}
	return c.Append(nil)
}

// full returns a frame of so many values in all, in columns of a number of
// metrics.
func full(step int64, metrics, values int) abi.Window {
	f := series.Frame{Container: "x", Step: step}
	column := make([]float64, values/metrics)
	for i := range column {
		column[i] = float64(i * 7 % 13)
	}
	names := []string{series.CPU, series.Memory, series.DiskRead, series.DiskWrite}
	for k := range metrics {
		name := names[k%4]
		if k >= 4 {
			name += string(rune('a' + k/4))
		}
		f.Metrics, f.Columns = append(f.Metrics, name), append(f.Columns, column)
	}
	return abi.Window{Frame: true, Window: forecast.Window{Recent: f}}
}

// TestYields: whatever is asked, the module works for no longer without a turn for
// others than a few times as long as in the forecast of a network.
func TestYields(t *testing.T) {
	var last time.Time
	var waits []time.Duration
	turn := func() {
		now := time.Now()
		waits, last = append(waits, now.Sub(last)), now
	}
	c := Config{MemoryPages: 1 << 14, Yielded: turn}
	if dir, err := os.UserCacheDir(); err == nil {
		c.CacheDir = filepath.Join(dir, "foretide", "wasm")
	}
	m, err := Compile(context.Background(), wasm.Module, c)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close(context.Background())
	i, err := m.New(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	call := func(name string, handle int32, in []byte) int32 {
		status, out, err := i.Call(nil, "foretide_"+name, handle, name != "load", in, true)
		if err != nil || status < 0 {
			t.Fatalf("%s: %d %s %v", name, status, out, err)
		}
		return status
	}
	// once returns how long a call goes from each turn to the next.
	once := func(name string, handle int32, in []byte) []time.Duration {
		p, err := i.put(in)
		if err != nil || p == 0 {
			t.Fatal(p, err)
		}
		args := []uint32{uint32(handle), p, uint32(len(in))}
		args = args[3-exports["foretide_"+name].params:]
		waits, last = nil, time.Now()
		status, err := i.call("foretide_"+name, args...)
		turn()
		if err != nil || int32(status) < 0 {
			t.Fatal(name, int32(status), err)
		}
		if name == "load" {
			i.call("foretide_unload", status)
		}
		return waits
	}
	// stretch returns the longest of them. What else runs on the machine makes one
	// longer, and hardly the same one each time.
	stretch := func(name string, handle int32, in []byte) time.Duration {
		least := once(name, handle, in)
		for range 4 {
			for k, d := range once(name, handle, in) {
				if k < len(least) {
					least[k] = min(least[k], d)
				}
			}
		}
		return slices.Max(least)
	}
	checkpoint := large()
	network := call("load", 0, checkpoint)
	request := func(w abi.Window) []byte { return (&abi.Request{Windows: []abi.Window{w}}).Append(nil) }
	usual := request(full(15, 4, 4*46100))
	piece := stretch("forecast", network, usual)
	auto := call("load", 0, vector(t, "auto.ckpt"))
	arima := call("load", 0, vector(t, "arima.ckpt"))
	window := full(300, 1, abi.MaxCells)
	window.Frame = false
	one := []forecast.Actual{{Ahead: 300, Value: 3}}
	shuffled := make([]int64, 1<<17)
	for i := range shuffled {
		shuffled[i] = int64(i*7_654_321&(len(shuffled)-1)) * 16
	}
	values := make([]float64, len(shuffled))
	raw := func(counter bool, step int64) []byte {
		return abi.AppendRaw(nil, "x", step, 0, []abi.RawSamples{{Metric: "cpu", Counter: counter, Times: shuffled, Values: values}})
	}
	for _, c := range []struct {
		what, call string
		handle     int32
		in         []byte
	}{
		{"the load of a large checkpoint", "load", 0, checkpoint},
		{"the longest frame of a metric", "forecast", auto, request(full(15, 1, abi.MaxCells))},
		{"a frame of seconds", "forecast", auto, request(full(1, 4, abi.MaxCells))},
		{"the most metrics", "forecast", auto, request(full(15, 256, abi.MaxCells))},
		{"the longest window", "forecast", arima, request(window)},
		{"an update from it", "update", arima, abi.AppendUpdate(nil, one, &window)},
		{"many samples in no order", "clean", 0, raw(false, 0)},
		{"those of a counter", "clean", 0, raw(true, 5)},
		{"an update from a frame", "update", auto, abi.AppendUpdate(nil, one, new(full(15, 256, abi.MaxCells)))},
	} {
		got := stretch(c.call, c.handle, c.in)
		t.Logf("%s: %v, of a forecast %v", c.what, got, piece)
		if got > 4*piece {
			t.Errorf("%s: %v without a turn, of a forecast %v", c.what, got, piece)
		}
	}
}

// TestMemoryStays: a memory that grows is not copied, which others would wait for,
// and is given back. Where it has to be copied it stays the same.
func TestMemoryStays(t *testing.T) {
	for _, m := range []experimental.LinearMemory{allocate(0, 1<<30), new(copied)} {
		before := m.Reallocate(1 << 16)
		before[0], before[1<<16-1] = 7, 9
		after := m.Reallocate(4 << 20)
		if len(after) != 4<<20 || after[0] != 7 || after[1<<16-1] != 9 || slices.Max(after[1<<16:]) != 0 {
			t.Errorf("%T: another content, or %d bytes", m, len(after))
		}
		if _, stays := m.(reserved); stays && &before[0] != &after[0] {
			t.Error("what is reserved moves")
		} else if stays && m.Reallocate(1<<30+1) != nil {
			t.Error("more than was reserved")
		}
		m.Free()
	}
	if _, ok := allocate(0, 1<<20).(reserved); !ok && (runtime.GOOS == "linux" || runtime.GOOS == "darwin") {
		t.Error("no address space is set aside")
	}
}
