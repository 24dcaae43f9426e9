package kernel

import (
	"runtime/debug"
	"syscall"
	"testing"
	"unsafe"
)

// A guarded piece of memory has pages before and after it that nobody may
// touch.
type guarded struct {
	data []byte
}

func newGuarded(t *testing.T, bytes int) guarded {
	t.Helper()
	page := syscall.Getpagesize()
	size := (bytes + page - 1) / page * page
	all, err := syscall.Mmap(-1, 0, size+2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Munmap(all) })
	for _, guard := range [][]byte{all[:page], all[page+size:]} {
		if err := syscall.Mprotect(guard, syscall.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	return guarded{all[page : page+size]}
}

// slice returns n numbers that lie against the guard after them, or the one
// before.
func (g guarded) slice(n int, after bool) []float32 {
	at := 0
	if after {
		at = len(g.data) - 4*n
	}
	if n == 0 {
		return nil
	}
	x := unsafe.Slice((*float32)(unsafe.Pointer(&g.data[at])), n)
	for i := range x {
		x[i] = 0.5
	}
	return x
}

// TestGuards: no kernel touches memory outside its slices, on any side.
func TestGuards(t *testing.T) {
	var memory [5]guarded
	for i := range memory {
		memory[i] = newGuarded(t, 4*40000)
	}
	forEach(t, func(t *testing.T, kind string) {
		if kind == "plain" {
			return // Go looks after its own
		}
		debug.SetPanicOnFault(true) // of this goroutine
		for _, after := range []bool{true, false} {
			x := func(i, n int) []float32 { return memory[i].slice(n, after) }
			guardProducts(t, x)
			guardElements(t, x)
		}
	})
}

// caught runs f and reports a fault.
func caught(t *testing.T, name string, args []int, f func()) {
	t.Helper()
	defer func() {
		if e := recover(); e != nil {
			t.Errorf("%s %v: %v", name, args, e)
		}
	}()
	f()
}

func guardProducts(t *testing.T, x func(i, n int) []float32) {
	for _, rows := range remainders() {
		for in := 1; in <= 35; in++ {
			for out := 1; out <= 15; out += 1 + in%2 {
				n, m := Blocks(in)*rows*Block, out*rows*Block
				dst, src, w := x(0, m), x(1, n), x(2, out*in*Block)
				shape := []int{rows, in, out}
				caught(t, "MulAdd", shape, func() { MulAdd(dst, src, w, rows, in, out) })
				caught(t, "OuterAdd", shape, func() { OuterAdd(w, src, dst, rows, in, out, 1, 0, 0, 0, 0) })
				srcs, gs := x(1, 2*n), x(0, 2*m)
				caught(t, "OuterAdd", shape, func() { OuterAdd(w, srcs, gs, rows, in, out, 2, n, -n, 0, m) })
				bias := x(3, out*Block)
				caught(t, "SumRows", shape, func() { SumRows(bias, dst, rows, out) })
				packed := x(4, Blocks(in)*out*Block*Block)
				caught(t, "Transpose", shape, func() { Transpose(packed, w, in, out) })
			}
		}
	}
}

func guardElements(t *testing.T, x func(i, n int) []float32) {
	for n := range 70 {
		a, b, c, d := x(0, n), x(1, n), x(2, n), x(3, n)
		size := []int{n}
		caught(t, "Adam", size, func() { Adam(a, b, c, d, &AdamStep{Scale: 1}) })
		caught(t, "Sigmoid", size, func() { Sigmoid(a, b) })
		caught(t, "Tanh", size, func() { Tanh(a, b) })
	}
	for _, rows := range remainders() {
		for units := 1; units <= 3; units++ {
			n := rows * units * Block
			gates, a, b, c, d := x(0, 4*n), x(1, n), x(2, n), x(3, n), x(4, n)
			caught(t, "GatesForward", []int{rows, units}, func() { GatesForward(a, b, c, gates, d, rows, units) })
			caught(t, "GatesBackward", []int{rows, units}, func() { GatesBackward(gates, a, b, c, d, rows, units) })
		}
	}
}
