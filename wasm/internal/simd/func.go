package simd

import (
	"fmt"
	"math"
)

// A Func is a function as it is written: instructions are appended in order.
// Its methods panic where a program is not well formed; what they write is
// checked in full where it is joined to a module.
type Func struct {
	params int
	locals []Type // parameters first
	body   []byte
	depth  int // of blocks that are open
}

// A Value writes the instructions that leave one value on the stack.
type Value interface{ push(f *Func) }

type value func(f *Func)

func (v value) push(f *Func) { v(f) }

// A Var is a parameter or local of a function, and its value.
type Var uint32

func (v Var) push(f *Func) { f.op(OpLocalGet, uint64(v)) }

// I is a constant of type i32.
func I(x int) Value {
	return value(func(f *Func) {
		f.op(OpI32Const)
		f.body = AppendSigned(f.body, int64(int32(x)))
	})
}

// Vec is a constant of four equal 32-bit lanes.
func Vec(bits uint32) Value {
	return value(func(f *Func) {
		f.op(OpV128Const)
		for range 4 {
			f.body = append(f.body, byte(bits), byte(bits>>8), byte(bits>>16), byte(bits>>24))
		}
	})
}

// VecF is a constant of four equal lanes of float32.
func VecF(x float32) Value { return Vec(math.Float32bits(x)) }

// Do is the result of an instruction without an immediate.
func Do(op Op, args ...Value) Value {
	s, ok := signatures[op]
	if !ok || s.Immediate != Nothing || s.Out == None || len(args) != len(s.In) {
		panic(fmt.Sprintf("simd: instruction %#x does not take %d arguments", uint32(op), len(args)))
	}
	return value(func(f *Func) {
		for _, a := range args {
			a.push(f)
		}
		f.op(op)
	})
}

// Load is what a load reads at an address and a constant offset.
func Load(op Op, address Value, offset int) Value {
	return value(func(f *Func) {
		address.push(f)
		f.access(op, offset)
	})
}

// Store writes a vector to an address and a constant offset.
func (f *Func) Store(address Value, offset int, v Value) {
	address.push(f)
	v.push(f)
	f.access(OpV128Store, offset)
}

// access appends a load or store. No alignment is promised beyond that of a
// float32.
func (f *Func) access(op Op, offset int) {
	if signatures[op].Immediate != Address || offset < 0 {
		panic("simd: not a load or store")
	}
	f.op(op, 2, uint64(offset))
}

// Local adds a local.
func (f *Func) Local(t Type) Var {
	f.locals = append(f.locals, t)
	return Var(len(f.locals) - 1)
}

// Locals adds n locals.
func (f *Func) Locals(t Type, n int) []Var {
	v := make([]Var, n)
	for i := range v {
		v[i] = f.Local(t)
	}
	return v
}

// Param returns parameter i.
func (f *Func) Param(i int) Var {
	if i < 0 || i >= f.params {
		panic("simd: no such parameter")
	}
	return Var(i)
}

// Set sets a local.
func (f *Func) Set(v Var, x Value) {
	x.push(f)
	f.op(OpLocalSet, uint64(v))
}

// New is a new local, set to x.
func (f *Func) New(t Type, x Value) Var {
	v := f.Local(t)
	f.Set(v, x)
	return v
}

// Drop computes x and forgets it: a load then only checks its bounds.
func (f *Func) Drop(x Value) {
	x.push(f)
	f.op(OpDrop)
}

// Loop repeats body for as long as what it returns is not zero; it runs once
// at least.
func (f *Func) Loop(body func() Value) {
	f.open(OpLoop)
	body().push(f)
	f.op(OpBrIf, 0)
	f.end()
}

// Block runs body, which LeaveIf leaves.
func (f *Func) Block(body func()) {
	f.open(OpBlock)
	body()
	f.end()
}

// LeaveIf goes on behind the end of a block where x is not zero: the innermost
// at depth 0. At the depth of a loop it begins the loop's next turn.
func (f *Func) LeaveIf(x Value, depth int) {
	if depth < 0 || depth >= f.depth {
		panic("simd: no such block")
	}
	x.push(f)
	f.op(OpBrIf, uint64(depth))
}

// If runs then where condition is not zero, and otherwise what else is given.
func (f *Func) If(condition Value, then func(), otherwise ...func()) {
	condition.push(f)
	f.open(OpIf)
	then()
	for _, o := range otherwise {
		f.op(OpElse)
		o()
	}
	f.end()
}

func (f *Func) open(op Op) {
	f.op(op)
	f.body = append(f.body, byte(None))
	f.depth++
}

func (f *Func) end() {
	f.op(OpEnd)
	f.depth--
}

// op appends an instruction and its unsigned immediates.
func (f *Func) op(op Op, immediates ...uint64) {
	f.body = AppendOp(f.body, op)
	for _, x := range immediates {
		f.body = AppendUnsigned(f.body, x)
	}
}

// code returns the function as the code section has it: locals, body, end.
func (f *Func) code() []byte {
	if f.depth != 0 {
		panic("simd: a block is open at the end of its function")
	}
	type run struct {
		n int
		t Type
	}
	var runs []run
	for _, t := range f.locals[f.params:] {
		if n := len(runs); n > 0 && runs[n-1].t == t {
			runs[n-1].n++
		} else {
			runs = append(runs, run{1, t})
		}
	}
	b := AppendUnsigned(nil, uint64(len(runs)))
	for _, r := range runs {
		b = append(AppendUnsigned(b, uint64(r.n)), byte(r.t))
	}
	return append(append(b, f.body...), byte(OpEnd))
}
