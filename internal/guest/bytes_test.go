package guest

import (
	"hash/crc32"
	"slices"
	"testing"

	"github.com/foretide/foretide/core/abi"
	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

// families are those whose checkpoints the fuzzer has loaded, in order.
var families = []string{"naive", "arima", "linear", "prophet", "lstm", "network", "auto"}

// A box is an instance with a checkpoint of every family loaded.
type box struct {
	*Instance
	handles []int32 // 0, which is no checkpoint, first
}

func newBox(t testing.TB) *box {
	b := &box{instance(t), []int32{0}}
	for _, name := range families {
		handle, out, err := b.Call(nil, "foretide_load", 0, false, vector(t, name+".ckpt"), true)
		if err != nil || handle <= 0 {
			t.Fatalf("%s: %d %s %v", name, handle, out, err)
		}
		b.handles = append(b.handles, handle)
	}
	return b
}

// calls are what the fuzzer does with bytes; the fifth is a load of them with the
// checksum that they should have, which lets what is wrong with them in.
var calls = []string{"foretide_load", "foretide_forecast", "foretide_update", "foretide_restore", "foretide_load", "foretide_clean", "foretide_checkpoint_name"}

// summed returns the bytes with their checksum at the end.
func summed(in []byte) []byte {
	n := len(in) - 4
	if n < 0 {
		return in
	}
	in = slices.Clone(in)
	return codec.AppendUint32(in[:n], crc32.Checksum(in[:n], crc32.MakeTable(crc32.Castagnoli)))
}

// one makes a call with one of the handles; whatever it was given, the module must
// answer, and then be as before. It returns what the module did.
func (b *box) one(t testing.TB, call, model uint8, in []byte) int32 {
	t.Helper()
	if int(call)%len(calls) == 4 {
		in = summed(in)
	}
	name, handle := calls[int(call)%len(calls)], b.handles[int(model)%len(b.handles)]
	status, out, err := b.Call(nil, name, handle, exports[name].params == 3, in, true)
	if err != nil {
		t.Fatal(err)
	}
	if abi.Status(status) == abi.Internal || status >= 0 && name == "foretide_forecast" && faulty(t, out) {
		t.Fatalf("a fault: %d %s", status, out)
	}
	if status < 0 {
		return status
	}
	switch name {
	case "foretide_load":
		if s, out, err := b.Call(nil, "foretide_describe", status, true, nil, false); s != 0 || err != nil {
			t.Fatalf("what was loaded has no description: %d %s %v", s, out, err)
		}
		if s, out, err := b.Call(nil, "foretide_forecast", status, true, unnamed, true); s < 0 || err != nil || faulty(t, out) {
			t.Fatalf("what was loaded has no answer: %d %s %v", s, out, err)
		}
		b.Call(nil, "foretide_unload", status, true, nil, false)
	case "foretide_update", "foretide_restore":
		// A model forecasts with any state that it took.
		if s, out, err := b.Call(nil, "foretide_forecast", handle, true, unnamed, true); s < 0 || err != nil || faulty(t, out) {
			t.Fatalf("after %s: %d %s %v", name, s, out, err)
		}
		if s, out, err := b.Call(nil, "foretide_restore", handle, true, nil, true); s != 0 || err != nil {
			t.Fatalf("the state as it was loaded: %d %s %v", s, out, err)
		}
	}
	return status
}

// faulty reports whether a forecast has a number that is none, or a window failed
// by a fault.
func faulty(t testing.TB, out []byte) bool {
	r, err := abi.ParseResult(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range r.Windows {
		if w.Err != nil && abi.StatusOf(w.Err, abi.Internal) == abi.Internal {
			return true
		}
		for _, h := range w.At {
			for k, q := range append([]float64{h.Mean}, h.Quantiles...) {
				if q-q != 0 || k > 1 && q < h.Quantiles[k-2] {
					return true
				}
			}
		}
	}
	return false
}

// unnamed is a request of no metric, which every checkpoint answers.
var unnamed = (&abi.Request{Windows: []abi.Window{{Frame: true, Window: forecast.Window{
	Recent: series.FrameOf("x", "cpu", series.Series{Start: 1700000100, Step: 300, Values: []float64{1, 2, 5, 4}})}}}}).Append(nil)

// FuzzBytes hands arbitrary bytes to the module as checkpoint, request, update
// and state, the latter of every family.
func FuzzBytes(f *testing.F) {
	shared := newBox(f)
	worked := make(map[string]int)
	seed := func(call, model int, in []byte) {
		f.Add(uint8(call), uint8(model), in)
		if shared.one(f, uint8(call), uint8(model), in) >= 0 {
			worked[calls[call]]++
		}
	}
	small := abi.Window{Frame: true, Window: forecast.Window{Recent: series.FrameOf("ccc/cluster28", "cpu",
		series.Series{Start: 1700000100, Step: 60, Values: []float64{1, 2, 3, 2, 1, 2, 3, 2, 1, 4, 5, 6}})}}
	two := small
	two.Frame = false
	two.Recent.Step = 300
	two.Long = series.FrameOf("", "cpu", series.Series{Start: 1699999800, Step: 300, Values: []float64{1, 2, 3}})
	update := abi.AppendUpdate(nil, []forecast.Actual{{Ahead: 300, Value: 5}, {Ahead: 1800, Value: 2}}, &small)
	seed(1, 0, probe)
	seed(1, 0, vector(f, "general.req"))
	for i, name := range families {
		seed(0, 0, vector(f, name+".ckpt"))
		seed(4, 0, vector(f, name+".ckpt"))
		for _, in := range [][]byte{unnamed, (&abi.Request{Ahead: []int64{600}, Windows: []abi.Window{small, two}}).Append(nil), vector(f, "between.req")} {
			seed(1, i+1, in)
		}
		seed(2, i+1, update)
		seed(2, i+1, abi.AppendUpdate(nil, []forecast.Actual{{Ahead: 900, Value: 0}}, &two))
		// A state that this very model has left.
		n, state, err := shared.Call(nil, "foretide_update", shared.handles[i+1], true, update, true)
		if err != nil || n != 2 {
			f.Fatalf("%s: %d %s %v", name, n, state, err)
		}
		seed(3, i+1, state)
	}
	for _, name := range []string{"ten.req", "far.req", "empty.req", "cut.req", "uneven.req"} {
		seed(1, 2, vector(f, name))
	}
	for _, name := range []string{"half.ckpt", "damaged.ckpt", "newer.ckpt"} {
		seed(0, 0, vector(f, name))
		seed(4, 0, vector(f, name))
	}
	seed(3, 2, vector(f, "restore.req"))
	for i := range families {
		seed(5, 0, abi.AppendRaw(nil, "web", int64(15*i), 0, []abi.RawSamples{{Metric: "cpu", Times: []int64{60, 120, 5000}, Values: []float64{1, 2, 3}},
			{Metric: "net_rx", Counter: true, Values: []float64{5, 3, 9}}}))
		seed(6, 0, []byte("\x03\x00\x00\x00cpu\x04\x00\x00\x00a/.b"))
	}
	seed(5, 0, vector(f, "samples-cut.req"))
	for _, name := range calls {
		if worked[name] < len(families) {
			f.Errorf("%s works with %d seeds, fewer than there are families", name, worked[name])
		}
	}
	f.Fuzz(func(t *testing.T, call, model uint8, in []byte) {
		if shared.Closed() || shared.Memory() > 48<<20 {
			shared.Close()
			shared = newBox(t)
		}
		shared.one(t, call, model, in)
		works(t, shared.Instance, nil)
	})
}
