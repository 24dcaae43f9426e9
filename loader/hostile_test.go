package loader_test

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/foretide/foretide/core/abi"
	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/wasm"
)

// Where a hand-made module has what.
const (
	atResult   = 16 // address and size of the result
	atAbout    = 1 << 10
	atForecast = 8 << 10
	atBuffer   = 64 << 10
)

// Instructions.
const (
	end      = 0x0b
	i32Load  = 0x28
	i32Const = 0x41
)

// constant is i32.const of a number in signed LEB128.
func constant(x int64) []byte {
	b := []byte{i32Const}
	for ; x < -64 || x > 63; x >>= 7 {
		b = append(b, byte(x)|0x80)
	}
	return append(b, byte(x)&0x7f)
}

// sized appends a number of bytes and these.
func sized(b, x []byte) []byte { return append(binary.AppendUvarint(b, uint64(len(x))), x...) }

// answers is the body of a function that leaves n bytes at p as the result and
// returns a status.
func answers(p, n, status int64) []byte {
	const store = 0x36
	var b []byte
	for k, x := range []int64{p, n} {
		b = append(append(append(b, constant(int64(atResult+4*k))...), constant(x)...), store, 2, 0)
	}
	return append(b, constant(status)...)
}

var (
	loops  = append([]byte{0x03, 0x40, 0x0c, 0, end}, constant(0)...)
	exits  = append(append(constant(3), 0x10, 0), constant(0)...)
	breaks = []byte{0x00}
)

// module returns a module that has every export; bodies are those of functions
// that are not to be as they should. result is what its forecasts are.
func module(bodies map[string][]byte, about, result []byte) []byte {
	names := []struct {
		name string
		kind uint64 // of the types below
		body []byte
	}{
		{"_initialize", 0, nil},
		{"foretide_abi_version", 1, constant(abi.Version)},
		{"foretide_alloc", 2, constant(atBuffer)},
		{"foretide_free", 2, constant(0)},
		{"foretide_load", 3, constant(1)},
		{"foretide_unload", 2, constant(0)},
		{"foretide_describe", 2, answers(atAbout, int64(len(about)), 0)},
		{"foretide_forecast", 4, answers(atForecast, int64(len(result)), 0)},
		{"foretide_update", 4, answers(atForecast, 0, 1)},
		{"foretide_restore", 4, constant(0)},
		{"foretide_clean", 3, constant(0)},
		{"foretide_checkpoint_name", 3, constant(0)},
		{"foretide_result", 1, []byte{i32Const, atResult, i32Load, 2, 0}},
		{"foretide_result_size", 1, []byte{i32Const, atResult + 4, i32Load, 2, 0}},
	}
	i32 := byte(0x7f)
	types := []byte{6, 0x60, 0, 0, 0x60, 0, 1, i32, 0x60, 1, i32, 1, i32, 0x60, 2, i32, i32, 1, i32, 0x60, 3, i32, i32, i32, 1, i32, 0x60, 1, i32, 0}
	imports := append(sized(sized([]byte{1}, []byte("wasi_snapshot_preview1")), []byte("proc_exit")), 0, 5)
	n := uint64(len(names))
	functions, exports, code := binary.AppendUvarint(nil, n), binary.AppendUvarint(nil, n+1), binary.AppendUvarint(nil, n)
	exports = append(sized(exports, []byte("memory")), 2, 0)
	for i, f := range names {
		if b, ok := bodies[f.name]; ok {
			f.body = b
		}
		functions = binary.AppendUvarint(functions, f.kind)
		exports = binary.AppendUvarint(append(sized(exports, []byte(f.name)), 0), uint64(i)+1)
		code = sized(code, append(append([]byte{0}, f.body...), end))
	}
	data := binary.AppendUvarint(nil, 2)
	for at, b := range map[int64][]byte{atAbout: about, atForecast: result} {
		data = append(append(append(data, 0), constant(at)...), end)
		data = sized(data, b)
	}
	b := []byte("\x00asm\x01\x00\x00\x00")
	for _, s := range []struct {
		id      byte
		content []byte
	}{
		{1, types}, {2, imports}, {3, functions}, {5, []byte{1, 0, 16}},
		{7, exports}, {10, code}, {11, data},
	} {
		b = sized(append(b, s.id), s.content)
	}
	return b
}

// forecasts returns the bytes of forecasts of a model of three horizons and nine
// levels, with numbers by number.
func forecasts(windows int, number func(k int) float64) []byte {
	const levels = 9
	b := codec.AppendUint32(codec.AppendUint32(nil, uint32(windows)), levels)
	for _, l := range forecast.DefaultLevels() {
		b = codec.AppendUint64(b, math.Float64bits(l))
	}
	for range windows {
		b = codec.AppendUint32(codec.AppendUint32(b, 24+3*(24+8*levels)+3*8), 0)
		b = codec.AppendUint32(codec.AppendUint32(codec.AppendUint64(b, 1722470400), 3), 0)
		for _, ahead := range []uint64{300, 900, 1800} {
			b = codec.AppendUint64(b, ahead)
			b = codec.AppendUint64(b, math.Float64bits(number(-1)))
			b = codec.AppendUint64(b, 0)
			for k := range levels {
				b = codec.AppendUint64(b, math.Float64bits(number(k)))
			}
		}
		for range 6 {
			b = codec.AppendUint32(b, 0)
		}
	}
	return b
}

// TestHostileModules: a module that is not one of ours is an error where it shows,
// and never a panic, or a call that does not end. Other hosts work on.
func TestHostileModules(t *testing.T) {
	about, err := os.ReadFile(filepath.Join("..", "wasm", "testdata", "08-describe.out"))
	if err != nil {
		t.Fatal(err)
	}
	checkpoint := vectorCheckpoint(t, "naive")
	good := forecasts(1, func(int) float64 { return 3 })
	_, sound := pair(t, host(t), "naive")
	data := frame("x", 300, 2600)
	w := forecast.WindowOf(&data, sound.Spec().Needs)
	body := func(name string, b []byte) map[string][]byte { return map[string][]byte{name: b} }
	for _, c := range []struct {
		what   string
		module []byte
		at     string // where it shows
		want   error
		says   string
	}{
		{"a good one", module(nil, about, good), "", nil, ""},
		{"a loop at the start", module(body("_initialize", loops[:5]), about, good), "start", context.DeadlineExceeded, "_initialize"},
		{"a loop in load", module(body("foretide_load", loops), about, good), "load", context.DeadlineExceeded, "foretide_load"},
		{"an exit at the start", module(body("_initialize", exits[:4]), about, good), "start", loader.ErrTrap, "exit_code(3)"},
		{"an exit in load", module(body("foretide_load", exits), about, good), "load", loader.ErrTrap, "exit_code(3)"},
		{"a break", module(body("foretide_describe", breaks), about, good), "load", loader.ErrTrap, "unreachable"},
		{"another version", module(body("foretide_abi_version", constant(2<<16)), about, good), "start", loader.ErrModule, "version 2.0"},
		{"an unknown status", module(body("foretide_load", constant(-99)), about, good), "load", nil, ""},
		{"a buffer outside its memory", module(body("foretide_alloc", constant(1<<20-8)), about, good), "load", loader.ErrTrap, "outside its memory"},
		{"a result outside its memory", module(body("foretide_describe", answers(1<<20-8, 16, 0)), about, good), "load", loader.ErrTrap, "outside its memory"},
		{"a result of 4 GB", module(body("foretide_describe", answers(atAbout, -1, 0)), about, good), "load", loader.ErrTrap, "outside its memory"},
		{"no description", module(body("foretide_describe", answers(atAbout, 0, 0)), about, good), "load", loader.ErrTrap, "not one"},
		{"half a description", module(nil, about[:len(about)/2], good), "load", loader.ErrTrap, "not one"},
		{"no forecast", module(nil, about, nil), "forecast", loader.ErrTrap, "not one"},
		{"a forecast too few", module(nil, about, forecasts(0, nil)), "forecast", loader.ErrTrap, "0 forecasts of 1 windows"},
		{"a forecast too many", module(nil, about, forecasts(2, func(int) float64 { return 3 })), "forecast", loader.ErrTrap, "2 forecasts of 1 windows"},
		{"not a number", module(nil, about, forecasts(1, func(int) float64 { return math.NaN() })), "forecast", loader.ErrTrap, "finite"},
		{"an infinity", module(nil, about, forecasts(1, func(k int) float64 { return math.Inf(1) })), "forecast", loader.ErrTrap, "finite"},
		{"quantiles that fall", module(nil, about, forecasts(1, func(k int) float64 { return float64(20 - k) })), "forecast", loader.ErrTrap, "ascending"},
		{"beyond the bounds", module(nil, about, forecasts(1, func(k int) float64 { return -1 })), "forecast", loader.ErrTrap, "bounds"},
	} {
		t.Run(c.what, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
			defer cancel()
			at, err := try(ctx, c.module, checkpoint, &w)
			if at != c.at || c.want != nil && !errors.Is(err, c.want) || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("at %q: %v", at, err)
			}
			runtime.GC() // does not wait for what was left behind
			var dst forecast.Forecast
			if err := sound.Forecast(&dst, &w); err != nil {
				t.Error("the host of the real module: ", err)
			}
		})
	}
}

// try has a module load a checkpoint and forecast; it returns where it failed.
func try(ctx context.Context, code, checkpoint []byte, w *forecast.Window) (at string, err error) {
	h, err := loader.NewHost(ctx, loader.WithModule(code), loader.WithoutCache())
	if err != nil {
		return "start", err
	}
	defer h.Close()
	m, err := h.Model(ctx, checkpoint)
	if err != nil {
		return "load", err
	}
	dst := make([]forecast.Forecast, 1)
	if err := m.ForecastAll(ctx, dst, []forecast.Window{*w}); err != nil {
		return "forecast", err
	}
	return "", nil
}

// TestWithModule: calls of another module end with their context, and the next
// call has another instance. Those of the embedded one do not ask for it.
func TestWithModule(t *testing.T) {
	h := host(t, loader.WithModule(wasm.Module), loader.WithInstances(1))
	_, m := pair(t, h, "lstm")
	data := frame("x", 300, 2600)
	w := forecast.WindowOf(&data, m.Spec().Needs)
	windows := make([]forecast.Window, 256)
	for i := range windows {
		windows[i] = w
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
	defer cancel()
	if err := m.ForecastAll(ctx, make([]forecast.Forecast, 256), windows); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, loader.ErrTrap) {
		t.Errorf("the deadline passed: %v", err)
	}
	if err := m.ForecastAll(context.Background(), make([]forecast.Forecast, 1), windows[:1]); err != nil {
		t.Error(err)
	}
}

// TestWithInterpreter: what is interpreted forecasts the same.
func TestWithInterpreter(t *testing.T) {
	h := host(t, loader.WithInterpreter(), loader.WithInstances(1))
	native, hosted := pair(t, h, "naive")
	data := frame("x", 300, 400)
	w := forecast.WindowOf(&data, native.Spec().Needs)
	var got, want forecast.Forecast
	if err := errors.Join(native.Forecast(&want, &w), hosted.Forecast(&got, &w)); err != nil {
		t.Fatal(err)
	}
	same(t, "interpreted", &got, &want)
}
