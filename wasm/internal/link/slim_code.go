package link

import "github.com/foretide/foretide/wasm/internal/simd"

// A coder makes a code section smaller. It appends functions of its own to the
// module: push, which is half of every call that Go makes, and for functions
// that are called from many places the whole of it.
type coder struct {
	imports int
	bodies  []*body
	next    int         // index of the next function of its own
	push    int         // index of push
	whole   map[int]int // function that is called often → the one that calls it
	added   [][]byte    // bodies of its own functions, the first of push
}

// A body is a function's.
type body struct {
	locals []byte // their declaration
	code   []instruction
	ours   bool // compiled by Go: local 1 is the stack pointer
}

// often is how many calls make a function of its own worth while.
const often = 12

// empty makes the function one that traps: no locals, unreachable, end.
func (f *body) empty() {
	*f = body{locals: []byte{0}, code: []instruction{{bytes: []byte{0x00, opEnd}}}}
}

// skip makes the function one that returns: it pops the address of the block to
// return to and says that it has not been stopped.
func (f *body) skip() {
	*f = body{locals: []byte{0}, code: []instruction{{bytes: []byte{opGlobalGet, 0, opI32Const, 8, opI32Add, opGlobalSet, 0, opI32Const, 0, opEnd}}}}
}

// decodeCode returns the functions of a code section.
func decodeCode(b []byte) ([]*body, error) {
	r := reader{data: b}
	var bodies []*body
	for range r.count() {
		b := r.bytes()
		if r.err != nil {
			break
		}
		f, err := decodeBody(b)
		if err != nil {
			return nil, err
		}
		bodies = append(bodies, f)
	}
	if r.err == nil && r.left() > 0 {
		return nil, unknown("something follows its code")
	}
	return bodies, r.err
}

// encodeCode returns a code section of the functions in fewer bytes, and how
// many functions it has more than before: the first takes an i32, the others
// take and return one.
func encodeCode(bodies []*body, imports int) (out []byte, added int) {
	n := len(bodies)
	c := &coder{imports: imports, bodies: bodies, push: imports + n, next: imports + n + 1, whole: make(map[int]int)}
	c.added = [][]byte{pushBody()}
	c.chooseWhole()
	out = simd.AppendUnsigned(nil, uint64(n+len(c.added)))
	for _, f := range c.bodies {
		if f.ours {
			f.code = c.shorten(f.code)
		}
		out = appendBody(out, f.append(nil))
	}
	for _, b := range c.added {
		out = appendBody(out, b)
	}
	return out, len(c.added)
}

func appendBody(dst, body []byte) []byte {
	return append(simd.AppendUnsigned(dst, uint64(len(body))), body...)
}

func decodeBody(b []byte) (*body, error) {
	r := reader{data: b}
	for range r.count() {
		r.u32()
		r.byte()
	}
	if r.err != nil {
		return nil, r.err
	}
	f := &body{locals: b[:r.at]}
	var err error
	f.code, err = decode(r.rest())
	f.ours = matches(f.code, goBegins)
	return f, err
}

func (f *body) append(dst []byte) []byte {
	dst = append(dst, f.locals...)
	for i := range f.code {
		dst = f.code[i].append(dst)
	}
	return dst
}

// chooseWhole counts the calls of each function, in order of their places.
func (c *coder) chooseWhole() {
	counts := make(map[int]int)
	var order []int
	for _, f := range c.bodies {
		for i := 0; f.ours && i < len(f.code); i++ {
			if !matches(f.code[i:], goCalls) {
				continue
			}
			callee := int(f.code[i+callAt].value)
			if counts[callee]++; counts[callee] == often {
				order = append(order, callee)
			}
		}
	}
	for _, callee := range order {
		c.whole[callee] = c.next
		c.added = append(c.added, wholeBody(callee))
		c.next++
	}
}

// goCalls is how Go calls a function: it pushes the address of the block to
// return to, which the callee pops.
var goCalls = []pattern{
	{op: opLocalGet, value: stackPointer}, {op: opI32Const, value: 8}, {op: opI32Sub}, {op: opLocalTee, value: stackPointer},
	{op: opGlobalSet, value: 0}, {op: opLocalGet, value: stackPointer}, {op: opI64Const, any: true}, {op: opI64Store, value: 0},
	{op: opI32Const, value: 0}, {op: opCall, any: true},
}

const (
	addressAt = 6 // of the constant in goCalls
	callAt    = 9
)

// pushBody is push(address): it pushes an address on Go's stack.
func pushBody() []byte { return append(pushing([]byte{0}), opEnd) }

// wholeBody is the call of a function: it pushes the address, calls it and
// returns what it returns.
func wholeBody(callee int) []byte {
	b := append(pushing([]byte{0}), opI32Const, 0, opCall)
	return append(simd.AppendUnsigned(b, uint64(callee)), opEnd)
}

func pushing(dst []byte) []byte {
	return append(dst, opGlobalGet, 0, opI32Const, 8, opI32Sub, opGlobalSet, 0,
		opGlobalGet, 0, opLocalGet, 0, opExtendU, opI64Store, 3, 0)
}

// shorten rewrites what Go emits in more instructions than it takes.
func (c *coder) shorten(code []instruction) []instruction {
	out := make([]instruction, 0, len(code))
	for i := 0; i < len(code); {
		n := c.rewrite(&out, code[i:])
		if n == 0 {
			out = append(out, code[i])
			n = 1
		}
		i += n
	}
	return out
}

// rewrite appends what stands for the first n instructions, n 0 where nothing
// better does.
func (c *coder) rewrite(out *[]instruction, code []instruction) (n int) {
	add := func(op byte, value int64) { *out = append(*out, instruction{op: op, value: value}) }
	switch {
	case code[0].op == opNop:
		return 1
	case matches(code, goCalls) && code[addressAt].value >= 0 && code[addressAt].value < 1<<32:
		add(opI32Const, int64(int32(code[addressAt].value)))
		callee := int(code[callAt].value)
		if whole, ok := c.whole[callee]; ok {
			add(opCall, int64(whole))
			return len(goCalls)
		}
		add(opCall, int64(c.push))
		add(opI32Const, 0)
		add(opCall, int64(callee))
		return len(goCalls)
	case matches(code, leaves):
		// Two steps down the stack are one, and nobody reads local 1 any more.
		add(opLocalGet, stackPointer)
		add(opI32Const, code[1].value+8)
		add(opI32Add, 0)
		add(opGlobalSet, 0)
		add(opI32Const, 0)
		add(opReturn, 0)
		return len(leaves)
	case matches(code, loads) && isLoad(code[3].op) && code[1].value >= 0 && code[1].value+code[3].value < maxOffset:
		add(opLocalGet, stackPointer)
		in := code[3]
		in.value += code[1].value
		in.bytes = nil
		*out = append(*out, in)
		return 4
	case matches(code, address) && code[2].value >= 0:
		if code[0].value == stackPointer {
			if s := consumer(code, len(address)); s >= 0 && code[s].value+code[2].value < maxOffset {
				code[s].value += code[2].value
				code[s].bytes = nil
				add(opLocalGet, stackPointer)
				return len(address)
			}
		}
		*out = append(*out, code[0])
		add(opI32Const, int64(int32(code[2].value)))
		add(opI32Add, 0)
		return len(address)
	case len(code) > 1 && code[0].op == opI64Const && code[1].op == opWrap:
		add(opI32Const, int64(int32(code[0].value)))
		return 2
	case len(code) > 1 && code[1].op == opI32Eqz:
		if inverse := opposite(code[0].op); inverse != 0 {
			add(inverse, 0)
			return 2
		}
	}
	return 0
}

// leaves is how Go returns from a function with a frame.
var leaves = []pattern{
	{op: opLocalGet, value: stackPointer}, {op: opI32Const, any: true}, {op: opI32Add}, {op: opLocalTee, value: stackPointer},
	{op: opGlobalSet, value: 0}, {op: opLocalGet, value: stackPointer}, {op: opI32Const, value: 8}, {op: opI32Add},
	{op: opLocalTee, value: stackPointer}, {op: opGlobalSet, value: 0}, {op: opI32Const, value: 0}, {op: opReturn},
}

// loads is the address of a load within the frame.
var loads = []pattern{
	{op: opLocalGet, value: stackPointer}, {op: opI32Const, any: true}, {op: opI32Add}, {anyOp: true},
}

// address is a local plus a constant, as an address.
var address = []pattern{
	{op: opLocalGet, any: true}, {op: opExtendU}, {op: opI64Const, any: true}, {op: opI64Add}, {op: opWrap},
}

// consumer returns the store whose address was put on the stack just before
// code[from], or -1 where it is not found: when anything but plain arithmetic
// stands between.
func consumer(code []instruction, from int) int {
	depth := 0 // values above the address
	for i := from; i < len(code) && i < from+64; i++ {
		op := code[i].op
		if isStore(op) {
			if depth == 1 {
				return i
			}
			if depth -= 2; depth < 0 {
				return -1
			}
			continue
		}
		pops, pushes := effect(op)
		if pops < 0 || depth < pops {
			return -1
		}
		depth += pushes - pops
	}
	return -1
}
