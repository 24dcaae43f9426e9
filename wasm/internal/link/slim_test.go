package link

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	runtime "github.com/foretide/foretide/internal/guest"
	"github.com/foretide/foretide/wasm/internal/simd"
)

const root = "../../.."

// compiled is the guest as Go compiles it.
var compiled = sync.OnceValues(func() ([]byte, error) { return Compile(root, "wasmsimd") })

func before(t *testing.T) []byte {
	t.Helper()
	b, err := compiled()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// answers are what a module returns to every call of the test vectors, and then
// to many that make its collector run and its stack grow.
func answers(t *testing.T, module []byte) (said []string, memoryEnds error) {
	t.Helper()
	ctx := context.Background()
	joined, err := Join(module, simd.Module(), simd.Name)
	if err != nil {
		t.Fatal(err)
	}
	c := runtime.Config{MemoryPages: 1024}
	if dir, err := os.UserCacheDir(); err == nil {
		c.CacheDir = filepath.Join(dir, "foretide", "wasm")
	}
	m, err := runtime.Compile(ctx, joined, c)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close(ctx)
	i, err := m.New(ctx)
	if err != nil {
		t.Fatal(err)
	}
	file := func(name string) []byte {
		if name == "" {
			return nil
		}
		b, err := os.ReadFile(filepath.Join(root, "wasm", "testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	call := func(name string, handle int32, in []byte) int32 {
		t.Helper()
		status, out, err := i.Call(nil, "foretide_"+name, handle, !slices.Contains([]string{"load", "clean", "checkpoint_name"}, name), in, in != nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		said = append(said, string(append([]byte{byte(status)}, out...)))
		return status
	}
	var vectors []struct {
		Call, In string
		Handle   int32
	}
	if err := json.Unmarshal(file("vectors.json"), &vectors); err != nil {
		t.Fatal(err)
	}
	for _, v := range vectors {
		call(v.Call, v.Handle, file(v.In))
	}
	checkpoint, many := file("lstm.ckpt"), file("many.req")
	for range 100 {
		handle := call("load", 0, checkpoint)
		call("forecast", handle, many)
		call("unload", handle, nil)
	}
	for memoryEnds == nil {
		_, _, memoryEnds = i.Call(nil, "foretide_load", 0, false, checkpoint, true)
	}
	return said, memoryEnds
}

// TestSlim: the module answers every call as the one that Go compiled does,
// and breaks off in the same way where its memory ends. It is much smaller.
func TestSlim(t *testing.T) {
	slim, err := Slim(before(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(slim) > len(before(t))*2/3 {
		t.Errorf("%d of %d bytes are left", len(slim), len(before(t)))
	}
	want, ends := answers(t, before(t))
	got, ended := answers(t, slim)
	if !slices.Equal(got, want) || len(want) < 300 {
		for i := range want {
			if i >= len(got) || got[i] != want[i] {
				t.Fatalf("call %d: another answer", i)
			}
		}
	}
	if !errors.Is(ends, runtime.ErrTrap) || !errors.Is(ended, runtime.ErrTrap) || !strings.Contains(ended.Error(), "out of memory") {
		t.Errorf("where memory ends: %v, before %v", ended, ends)
	}
	if _, err := Slim(slim); err == nil || !strings.Contains(err.Error(), "no names") {
		t.Errorf("slimmed again: %v", err)
	}
}

// TestSlimKnowsThisGo is for whoever moves the project to another version of Go:
// it fails where the toolchain is another than the one whose runtime Slim knows,
// or where that lacks a function that Slim names, and says what to do.
func TestSlimKnowsThisGo(t *testing.T) {
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	if want := "\ngo " + strings.TrimPrefix(goVersion, "go") + "\n"; !strings.Contains(string(mod), want) && !strings.Contains(string(mod), "\ntoolchain "+goVersion+"\n") {
		t.Errorf("go.mod has another version of Go than %s: compare runtime/symtab.go, internal/abi/symtab.go, internal/strconv/pow10tab.go and "+
			"cmd/link/internal/wasm of both, correct slim_tables.go, slim_data.go and slim_reach.go, and set goVersion", goVersion)
	}
	list, err := sections(before(t))
	if err != nil {
		t.Fatal(err)
	}
	g, err := parse(list)
	if err != nil {
		t.Fatal(err)
	}
	if n := missing(g.names); n != "" {
		t.Fatalf("the runtime of %s has no function called %s: read what became of it, and correct slim_unreached.go", goVersion, n)
	}
	for _, n := range append(slices.Collect(maps.Keys(returning)), never...) {
		others := maps.Clone(g.names)
		maps.DeleteFunc(others, func(_ int, name string) bool { return name == n || !returning[n] && strings.HasPrefix(name, n) })
		if missing(others) == "" {
			t.Errorf("nobody misses %s", n)
		}
	}
	// What the guest must not have is refused by name.
	g.names[g.imports] = used[0]
	tables, err := findTables(g.memory)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.empty(tables); err == nil || !strings.Contains(err.Error(), used[0]) {
		t.Errorf("a guest that prints floats: %v", err)
	}
}

// TestSlimRefuses: a module that Slim does not know is an error, and never a
// panic.
func TestSlimRefuses(t *testing.T) {
	module := before(t)
	for _, c := range []struct{ what, from, to, want string }{
		{"another table", tableMagic, "\xf2" + tableMagic[1:], "no table of functions"},
		{"another header", simd.Header, "\x00asm\x0d\x00\x01\x00", "not a WebAssembly module"},
		{"another runtime", "runtime.printpanicval", "runtime.printpanicva_", "runtime.printpanicval"},
	} {
		b := bytes.ReplaceAll(module, []byte(c.from), []byte(c.to))
		if out, err := Slim(b); err == nil || out != nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, not an error with %q", c.what, err, c.want)
		}
	}
	for n := len(module) - 1; n > 0; n = n * 9 / 10 {
		if _, err := Slim(module[:n]); err == nil {
			t.Errorf("%d of %d bytes", n, len(module))
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 30 {
		b := bytes.Clone(module)
		for range 20 {
			b[r.IntN(len(b))] = byte(r.Uint32())
		}
		_, _ = Slim(b)
	}
}

// TestReachable: what exports, data, types and code refer to may run, what only
// cut functions call may not.
func TestReachable(t *testing.T) {
	calls := func(ops ...instruction) *body { return &body{code: ops} }
	address := func(i int) int64 { return (firstFunction + int64(i)) << 16 }
	g := &goModule{imports: 2, exports: []int{2}, memory: make([]byte, 64), bodies: []*body{
		0: calls(instruction{op: opCall, value: 1 + 2}, instruction{op: opCall, value: 1}), // exported; calls 1, and an import
		1: calls(instruction{op: opI64Const, value: address(2) + 3}),                       // has an address in 2
		2: calls(instruction{op: opCall, value: 3 + 2}),
		3: calls(instruction{op: opCall, value: 4 + 2}), // is cut
		4: calls(),
		5: calls(), // in data
		6: calls(), // a method
		7: calls(), // a number outside of types
		8: calls(instruction{op: opCall, value: 8 + 2}),
	}}
	put := func(at int, x int64) {
		for i := range 4 {
			g.memory[at+i] = byte(x >> (8 * i))
		}
	}
	put(8, address(5))
	put(36, firstFunction+6)
	put(52, firstFunction+7)
	cut := make([]bool, len(g.bodies))
	cut[3] = true
	want := []bool{true, true, true, true, false, true, true, false, false}
	if got := reachable(g, cut, [2]int{32, 48}); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestCut: the pieces that memory is cut into make the same memory.
func TestCut(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, zeros := range []float64{0, 0.5, 0.9, 0.99, 1} {
		memory := make([]byte, 10_000)
		for at := 0; at < len(memory); {
			n := min(1+r.IntN(40), len(memory)-at)
			if r.Float64() >= zeros {
				for i := range n {
					memory[at+i] = byte(r.Uint32())
				}
			}
			at += n
		}
		got, err := load(cut(memory))
		if err != nil || !bytes.Equal(append(got, make([]byte, len(memory)-len(got))...), memory) {
			t.Errorf("with %.0f %% zeros: another memory, %v", 100*zeros, err)
		}
	}
}

// TestShorten: each rewriting of what Go emits, and what is like it and stays.
func TestShorten(t *testing.T) {
	op := func(op byte, value ...int64) instruction {
		in := instruction{op: op}
		if len(value) > 0 {
			in.value = value[0]
		}
		return in
	}
	const store, load = opI64Store, 0x29
	add := []instruction{op(opExtendU), op(opI64Const, 24), op(opI64Add), op(opWrap)}
	for _, c := range []struct {
		name     string
		in, want []instruction
	}{
		{"nop", []instruction{op(opNop), op(opReturn)}, []instruction{op(opReturn)}},
		{"a load from the frame", []instruction{op(opLocalGet, 1), op(opI32Const, 16), op(opI32Add), op(load, 8)}, []instruction{op(opLocalGet, 1), op(load, 24)}},
		{"a load beyond a frame", []instruction{op(opLocalGet, 1), op(opI32Const, maxOffset), op(opI32Add), op(load, 8)},
			[]instruction{op(opLocalGet, 1), op(opI32Const, maxOffset), op(opI32Add), op(load, 8)}},
		{"a store to the frame", slices.Concat([]instruction{op(opLocalGet, 1)}, add, []instruction{op(opI64Const, 7), op(store, 8)}),
			[]instruction{op(opLocalGet, 1), op(opI64Const, 7), op(store, 32)}},
		{"an address that a call may take", slices.Concat([]instruction{op(opLocalGet, 1)}, add, []instruction{op(opCall, 9), op(store)}),
			[]instruction{op(opLocalGet, 1), op(opI32Const, 24), op(opI32Add), op(opCall, 9), op(store)}},
		{"an address of another local", slices.Concat([]instruction{op(opLocalGet, 5)}, add), []instruction{op(opLocalGet, 5), op(opI32Const, 24), op(opI32Add)}},
		{"a constant address", []instruction{op(opI64Const, 1<<31), op(opWrap)}, []instruction{op(opI32Const, -1<<31)}},
		{"not less", []instruction{op(0x53), op(opI32Eqz)}, []instruction{op(0x59)}},
		{"no comparison", []instruction{op(opI32Add), op(opI32Eqz)}, []instruction{op(opI32Add), op(opI32Eqz)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := (&coder{}).shorten(c.in)
			same := func(a, b instruction) bool { return a.op == b.op && a.value == b.value }
			if !slices.EqualFunc(got, c.want, same) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
	for op := byte(0x46); op <= 0x5a; op++ {
		if o := opposite(op); o != 0 && opposite(o) != op {
			t.Errorf("the opposite of %#x is %#x, of which it is %#x", op, o, opposite(o))
		}
	}
}
