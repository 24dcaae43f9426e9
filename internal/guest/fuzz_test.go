package guest

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/foretide/foretide/core/abi"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/wasm"
)

var module = sync.OnceValues(func() (*Module, error) {
	c := Config{MemoryPages: 64 << 4} // 64 MiB
	if dir, err := os.UserCacheDir(); err == nil {
		c.CacheDir = filepath.Join(dir, "foretide", "wasm") // as package loader's
	}
	return Compile(context.Background(), wasm.Module, c)
})

func instance(t testing.TB) *Instance {
	t.Helper()
	m, err := module()
	if err != nil {
		t.Fatal(err)
	}
	i, err := m.New(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return i
}

var probe = (&abi.Request{Metric: "cpu", Windows: []abi.Window{{Frame: true, Window: forecast.Window{
	Recent: series.FrameOf("x", "cpu", series.Series{Start: 1700000100, Step: 300, Values: []float64{1, 2, math.NaN(), 4}})}}}}).Append(nil)

// works reports whether the instance makes the forecast that it should.
func works(t *testing.T, i *Instance, want []byte) {
	t.Helper()
	status, out, err := i.Call(nil, "foretide_forecast", 0, true, probe, true)
	if err != nil || status != 0 || want != nil && !slices.Equal(out, want) {
		t.Fatalf("the next call: %d, %d bytes, %v", status, len(out), err)
	}
}

// names are the functions that the fuzzer calls.
var names = []string{"foretide_alloc", "foretide_free", "foretide_load", "foretide_unload", "foretide_describe",
	"foretide_forecast", "foretide_update", "foretide_restore", "foretide_clean", "foretide_checkpoint_name", "foretide_result", "foretide_result_size", "foretide_abi_version"}

// odd are numbers that something might go wrong with.
var odd = []uint32{0, 1, 7, 8, 16, 4096, 1 << 16, 1 << 20, 1<<28 - 1, 1 << 28, 1<<28 + 1, 1 << 30, 1<<31 - 1, 1 << 31, 1<<32 - 8, 1<<32 - 1}

// FuzzCalls makes calls in any order with any numbers: pointers that were handed
// out, that were given back, beside them, and none. The module must answer each;
// only where its memory ends may it break off. Afterwards it works, or a fresh
// instance does.
func FuzzCalls(f *testing.F) {
	f.Add([]byte{0, 5, 0, 5, 0x80, 3, 1, 0x80, 1, 0x80})
	f.Add([]byte{0, 0, 0, 0, 2, 0x80, 3, 5, 1, 0x80, 4, 6, 0, 0x80, 4, 7, 9, 0x81, 2, 8, 9, 3, 4, 4, 0xc0})
	f.Add([]byte{2, 15, 15, 5, 0, 15, 14, 6, 13, 12, 11, 0, 10, 0, 9, 0, 8, 1, 12})
	_, want, err := instance(f).Call(nil, "foretide_forecast", 0, true, probe, true)
	if err != nil {
		f.Fatal(err)
	}
	shared := instance(f)
	f.Fuzz(func(t *testing.T, program []byte) {
		if shared.Closed() {
			shared = instance(t)
		}
		i := shared
		var pointers []uint32
		take := func() byte {
			if len(program) == 0 {
				return 0
			}
			b := program[0]
			program = program[1:]
			return b
		}
		for len(program) > 0 {
			name := names[int(take())%len(names)]
			var args []uint32
			for range exports[name].params {
				// The top bits choose a pointer, and how far beside it.
				switch b := take(); {
				case b&0x80 == 0:
					args = append(args, odd[int(b)%len(odd)])
				case len(pointers) > 0:
					args = append(args, pointers[int(b&15)%len(pointers)]+uint32(b>>4&7)*4)
				default:
					args = append(args, uint32(b))
				}
			}
			result, err := i.call(name, args...)
			if err != nil {
				if !errors.Is(err, ErrTrap) || !strings.Contains(err.Error(), "out of memory") {
					t.Fatalf("%s%v: %v", name, args, err)
				}
				fresh := instance(t)
				works(t, fresh, want)
				fresh.Close()
				return
			}
			if name == "foretide_alloc" && result != 0 {
				pointers = append(pointers, result)
				if !i.memory.WriteByte(result, 1) && args[0] > 0 {
					t.Fatalf("alloc gave %d, outside the memory", result)
				}
			}
		}
		for _, p := range pointers {
			if _, err := i.call("foretide_free", p); err != nil {
				t.Fatal(err)
			}
		}
		if i.Memory() > 32<<20 {
			// The runtime collects what was given back when it sees fit, which may be
			// when memory has ended.
			i.Close()
			shared = instance(t)
		}
		works(t, shared, want)
	})
}

// TestPointers: what is not a buffer's address, or longer than the buffer, is
// refused, and what a buffer holds no longer counts when it was given back.
func TestPointers(t *testing.T) {
	i := instance(t)
	defer i.Close()
	p, err := i.call("foretide_alloc", uint32(len(probe)))
	if err != nil || p == 0 || p%8 != 0 {
		t.Fatal(p, err)
	}
	i.memory.Write(p, probe)
	bad := uint32(math.MaxUint32 + int(abi.BadPointer) + 1)
	for what, args := range map[string][3]uint32{
		"beside it": {0, p + 8, 8}, "before it": {0, p - 8, 8}, "too long": {0, p, uint32(len(probe)) + 1},
		"near 2^32": {0, p, math.MaxUint32}, "zero": {0, 0, 0}, "of nobody": {0, 1 << 30, 4},
	} {
		if got, err := i.call("foretide_forecast", args[:]...); err != nil || got != bad {
			t.Errorf("%s: %d, %v", what, int32(got), err)
		}
	}
	if got, err := i.call("foretide_forecast", 0, p, uint32(len(probe))); err != nil || got != 0 {
		t.Error(got, err)
	}
	if got, err := i.call("foretide_free", p); err != nil || got != 0 {
		t.Error(got, err)
	}
	for _, name := range []string{"foretide_free", "foretide_load"} {
		if got, err := i.call(name, []uint32{p, 0}[:exports[name].params]...); err != nil || got != bad {
			t.Errorf("%s of what was given back: %d, %v", name, int32(got), err)
		}
	}
	for _, n := range []uint32{1<<28 + 1, math.MaxUint32} {
		if got, err := i.call("foretide_alloc", n); err != nil || got != 0 {
			t.Errorf("%d bytes are at %d, %v", n, got, err)
		}
	}
}

// TestMemoryEnds: where memory ends the instance is gone with an error that says
// so, and another one works.
func TestMemoryEnds(t *testing.T) {
	i := instance(t)
	var err error
	for err == nil && i.Memory() <= 64<<20 {
		_, err = i.call("foretide_alloc", 16<<20)
	}
	if !errors.Is(err, ErrTrap) || !strings.Contains(err.Error(), "out of memory") || !i.Closed() {
		t.Errorf("%v, closed %v", err, i.Closed())
	}
	if _, _, err := i.Call(nil, "foretide_describe", 1, true, nil, false); !errors.Is(err, ErrTrap) {
		t.Errorf("a call of what is gone: %v", err)
	}
	works(t, instance(t), nil)
}

// TestMemoryEndsSaysSo: the error says that memory ended where just as much is
// asked for as lies below the heap's last piece, when the runtime itself speaks
// of something else.
func TestMemoryEndsSaysSo(t *testing.T) {
	i := instance(t)
	for _, size := range []uint32{20119831, 19287012} {
		if p, err := i.call("foretide_alloc", size); p == 0 || err != nil {
			t.Fatal(p, err)
		}
	}
	if _, err := i.call("foretide_alloc", 23905782); !errors.Is(err, ErrTrap) || !strings.Contains(err.Error(), "fatal error: arena already initialized (out of memory)") {
		t.Error(err)
	}
}

// TestTrapSaysWhy: of what the runtime says the first line is in the error, and
// where it is about waiting, that memory has ended.
func TestTrapSaysWhy(t *testing.T) {
	for said, want := range map[string]string{
		"fatal error: something\n\ngoroutine 1":                                 "in f: unreachable: fatal error: something",
		"fatal error: wasi_snapshot_preview1.poll_oneoff\npanic during panic\n": "poll_oneoff (out of memory)",
		"fatal error: runtime: cannot allocate memory\n":                        "memory (out of memory)",
		"fatal error: out of memory\n":                                          ": fatal error: out of memory",
		"":                                                                      "in f: unreachable",
	} {
		i := instance(t)
		i.output = []byte(said)
		if err := i.trap("f", errors.New("unreachable\nwasm stack trace")); !errors.Is(err, ErrTrap) || !strings.HasSuffix(err.Error(), want) || !i.Closed() {
			t.Errorf("%q: %v", said, err)
		}
	}
}

// TestHostileModules: a module that lacks what it should have, or has it as
// something else, is refused when it is compiled.
func TestHostileModules(t *testing.T) {
	ctx := context.Background()
	const head = "\x00asm\x01\x00\x00\x00"
	for what, code := range map[string]string{
		"nothing":         "",
		"an empty one":    head,
		"noise":           head + "\x01\xff\xff\xff\xff\x0f",
		"a memory alone":  head + "\x05\x03\x01\x00\x01" + "\x07\x0a\x01\x06memory\x02\x00",
		"another import":  head + "\x01\x04\x01\x60\x00\x00" + "\x02\x09\x01\x03env\x01f\x00\x00",
		"a wrong version": strings.Replace(string(wasm.Module), "\x01\x00\x00\x00", "\x02\x00\x00\x00", 1),
	} {
		if m, err := Compile(ctx, []byte(code), Config{MemoryPages: 16}); m != nil || !errors.Is(err, ErrModule) {
			t.Errorf("%s: %v", what, err)
		}
	}
	other := []byte(strings.Replace(string(wasm.Module), "foretide_load", "foretide_lead", 1))
	if m, err := Compile(ctx, other, Config{MemoryPages: 1024, Interpreter: true}); m != nil || !errors.Is(err, ErrModule) || !strings.Contains(err.Error(), "foretide_load") {
		t.Errorf("a module without load: %v", err)
	}
	// A memory that is smaller than the module asks for.
	m, err := Compile(ctx, wasm.Module, Config{MemoryPages: 1, Interpreter: true})
	if err == nil {
		_, err = m.New(ctx)
		m.Close(ctx)
	}
	if !errors.Is(err, ErrModule) {
		t.Errorf("hardly any memory: %v", err)
	}
}

// TestVersion: a module of another major version of the interface is refused.
func TestVersion(t *testing.T) {
	if err := checkVersion(abi.Version + 5); err != nil {
		t.Error(err)
	}
	if err := checkVersion(abi.Version + 1<<16); !errors.Is(err, ErrModule) {
		t.Error(err)
	}
}

func vector(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "wasm", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
