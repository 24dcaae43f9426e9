package link

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/foretide/foretide/internal/testkit"
	"github.com/foretide/foretide/wasm/internal/simd"
	"github.com/tetratelabs/wazero"
)

// run instantiates a module that small made and returns what it computes; of
// its memory the first 64 bytes are x before and after.
func run(t *testing.T, module []byte, x []float32) uint64 {
	t.Helper()
	ctx := context.Background()
	r := wazero.NewRuntime(ctx)
	defer r.Close(ctx)
	if _, err := r.NewHostModuleBuilder("env").
		NewFunctionBuilder().WithFunc(func() int32 { return 7 }).Export("before").
		NewFunctionBuilder().WithFunc(func() int32 { return 2 }).Export("after").Instantiate(ctx); err != nil {
		t.Fatal(err)
	}
	m, err := r.Instantiate(ctx, module)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range x {
		m.Memory().WriteFloat32Le(uint32(4*i), v)
	}
	got, err := m.ExportedFunction("run").Call(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for i := range x {
		x[i], _ = m.Memory().ReadFloat32Le(uint32(4 * i))
	}
	if after, err := m.ExportedFunction("after").Call(ctx); err != nil || after[0] != 2 {
		t.Fatalf("the export of an import returns %v, %v", after, err)
	}
	return got[0]
}

// TestJoin: a kernel that is not the last import is joined, and everything
// that names a function names the same one as before.
func TestJoin(t *testing.T) {
	joined, err := Join(small("activations", 4), simd.Module(), "kernels")
	if err != nil {
		t.Fatal(err)
	}
	x := make([]float32, 24)
	x[0], x[1], x[2], x[3] = 0, 1, -2, float32(math.Inf(1))
	if got := run(t, joined, x); got != 7-2+2000 {
		t.Errorf("run returns %d, not 2005", got)
	}
	for i, want := range []float32{0, 0.7615942, -0.9640276, 1} {
		if math.Abs(float64(x[8+i]-want)) > 1e-6 {
			t.Errorf("tanh %g is %g, not %g", x[i], x[8+i], want)
		}
	}
	if bytes.Contains(joined, []byte("\x04name")) || !bytes.Contains(joined, []byte("\x04kept\x01\x02\x03")) {
		t.Error("the names are still there, or another custom section is not")
	}
	if _, err := Join(joined, simd.Module(), "kernels"); !errors.Is(err, ErrNothing) {
		t.Errorf("joined again: %v", err)
	}
}

// TestJoinRefuses: what cannot be joined is an error that says why.
func TestJoinRefuses(t *testing.T) {
	k, guest := kernelModule(0, 0x0b), small("k", 3)
	memory := sect(5, listOf([]byte{0, 1}))
	for _, c := range []struct {
		name           string
		guest, kernels []byte
		want           string
	}{
		{"no module", []byte("hello"), k, "guest: not a WebAssembly module"},
		{"no kernels", guest, nil, "kernels: not a WebAssembly module"},
		{"a component", bytes.Replace(guest, []byte(simd.Header), []byte("\x00asm\x0d\x00\x01\x00"), 1), k, "not a WebAssembly module"},
		{"unknown kernel", small("other", 3), k, "no such kernel"},
		{"another type", small("k", 2), k, "the kernel's"},
		{"no import", bytes.Replace(guest, str("kernels"), str("kernelz"), 1), k, ErrNothing.Error()},
		{"no memory", bytes.Replace(guest, memory, nil, 1), k, "0 memories"},
		{"two memories", bytes.Replace(guest, memory, sect(5, listOf([]byte{0, 1}, []byte{0, 1})), 1), k, "2 memories"},
		{"memory of 64 bits", bytes.Replace(guest, memory, sect(5, listOf([]byte{4, 1})), 1), k, "limits of the kind 4"},
		{"unknown instruction", bytes.Replace(guest, []byte{0x6c, 0x6a, 0x0b}, []byte{0x6c, 0xfe, 0x0b}, 1), k, "unknown instruction 0xfe"},
		{"segment of another kind", bytes.Replace(guest, []byte{0, 0x41, 0, 0x0b, 1, 2}, []byte{1, 0x41, 0, 0x0b, 1, 2}, 1), k, "element segment of kind 1"},
		{"sections out of order", cat(guest, memory), k, "out of order"},
		{"kernel with a start", guest, cat(k[:len(k)-6], sect(simd.SectionStart, []byte{0}), k[len(k)-6:]), "section 8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, err := Join(c.guest, c.kernels, "kernels")
			if err == nil || !strings.Contains(err.Error(), c.want) || out != nil {
				t.Errorf("error %v, not one with %q", err, c.want)
			}
		})
	}
	if _, err := Join(guest, k, "kernels"); err != nil {
		t.Errorf("what all of these come from: %v", err)
	}
}

// TestJoinCut: no beginning of a module joins.
func TestJoinCut(t *testing.T) {
	guest, k := small("activations", 4), simd.Module()
	whole := bytes.Index(guest, str("name")) - 2 // without its custom sections it is one
	for n := range guest {
		if _, err := Join(guest[:n], k, "kernels"); err == nil && n < whole {
			t.Errorf("%d of %d bytes of the guest join", n, len(guest))
		}
	}
	for n := range k {
		if _, err := Join(guest, k[:n], "kernels"); err == nil {
			t.Errorf("%d of %d bytes of the kernels join", n, len(k))
		}
	}
}

// TestKernelsAreChecked: a kernel that is not valid, or that another module
// cannot take in, is refused.
func TestKernelsAreChecked(t *testing.T) {
	const get, set, drop, end = 0x20, 0x21, 0x1a, 0x0b
	for _, c := range []struct {
		name string
		body []byte
		want string // empty where it is fine
	}{
		{"nothing", []byte{0, end}, ""},
		{"a sum", []byte{0, get, 0, get, 1, 0x6a, set, 2, end}, ""},
		{"a loop", []byte{0, 0x03, 0x40, get, 0, 0x0d, 0, end, end}, ""},
		{"a block with a result", []byte{0, 0x02, 0x7f, get, 0, end, drop, end}, ""},
		{"a local of its own", []byte{1, 1, 0x7b, get, 3, drop, end}, ""},
		{"a call of itself", []byte{0, get, 0, get, 0, get, 0, 0x10, 0, end}, "calls a function"},
		{"a reference to itself", []byte{0, 0xd2, 0, drop, end}, "calls a function"},
		{"a block of a type of its module", []byte{0, get, 0, get, 0, get, 0, 0x02, 0, drop, drop, drop, end, end}, "block of type 0"},
		{"many locals", []byte{1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x7f, end}, "locals"},
		{"an unknown instruction", []byte{0, 0xfd, 0x85, 0x02, end}, "unknown instruction"},
		{"no end", []byte{0}, "not end with"},
		{"global.get", []byte{0, 0x23, 0, drop, end}, "invalid function"},
		{"a value left over", []byte{0, get, 0, end}, "invalid function"},
		{"a value too few", []byte{0, get, 0, 0x6a, set, 0, end}, "invalid function"},
		{"a vector for a number", []byte{1, 1, 0x7b, get, 3, set, 0, end}, "invalid function"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Join(small("k", 3), kernelModule(c.body...), "kernels")
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("error %v, not one with %q", err, c.want)
			}
		})
	}
}

// TestGoGuest: a module that Go built, joined, is valid and computes the same
// bits as one without kernels.
func TestGoGuest(t *testing.T) {
	testkit.Program(t, "wasm-validate", "apt-get install wabt")
	dir := t.TempDir()
	module := func(tags string) []byte {
		path := filepath.Join(dir, "guest"+tags+".wasm")
		cmd := exec.Command("go", "build", "-buildmode=c-shared", "-ldflags=-s -w", "-tags="+tags, "-o", path, "./testdata/guest")
		cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	scalar := module("")
	if _, err := Join(scalar, simd.Module(), simd.Name); !errors.Is(err, ErrNothing) {
		t.Errorf("the module without kernels: %v", err)
	}
	joined, err := Join(module("wasmsimd"), simd.Module(), simd.Name)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "joined.wasm")
	if err := os.WriteFile(path, joined, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("wasm-validate", path).CombinedOutput(); err != nil {
		t.Fatalf("wasm-validate: %v: %s", err, out)
	}
	want, got := sum(t, scalar), sum(t, joined)
	if got != want {
		t.Errorf("the joined module's sum is %#x, the other's %#x", got, want)
	}
	if bytes.Contains(joined, []byte(simd.Name)) {
		t.Error("the joined module still imports kernels")
	}
}
