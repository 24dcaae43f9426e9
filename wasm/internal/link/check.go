package link

import (
	"errors"
	"fmt"

	"github.com/foretide/foretide/internal/asm"
)

// check validates the function: WebAssembly core specification 2.0, section
// 3.3 and the algorithm of its appendix, for the instructions of package asm
// and blocks without parameters and results. Code that cannot be reached is
// refused, since no kernel has any: that keeps the algorithm to types that are
// known.
func (k *kernel) check() error {
	c := &checker{reader: reader{data: k.code}}
	if err := c.declare(k.signature); err != nil {
		return err
	}
	c.blocks = []block{{}}
	for len(c.blocks) > 0 {
		if c.left() == 0 && c.err == nil {
			c.err = errShort
		}
		if c.err != nil {
			return c.err
		}
		at := c.at
		if err := c.instruction(); err != nil {
			return fmt.Errorf("byte %d: %w", at, err)
		}
	}
	return c.end("body")
}

// A checker validates one function.
type checker struct {
	reader
	locals []asm.Type
	stack  []asm.Type
	blocks []block // that are open, the function itself first
}

// A block is a block that is open.
type block struct {
	op     asm.Op
	height int // of the stack where it began
}

// declare reads the types of the parameters and locals.
func (c *checker) declare(signature []byte) error {
	s := &reader{data: signature, at: 1}
	for _, t := range s.bytes() {
		c.locals = append(c.locals, asm.Type(t))
	}
	if len(s.bytes()) > 0 {
		return errors.New("has results")
	}
	for range c.count() {
		n, t := c.u32(), asm.Type(c.byte())
		if int64(n)+int64(len(c.locals)) > maxLocals {
			return fmt.Errorf("more than %d locals", maxLocals)
		}
		for range n {
			c.locals = append(c.locals, t)
		}
	}
	if c.err != nil {
		return c.err
	}
	for _, t := range c.locals {
		if t != asm.I32 && t != asm.F32 && t != asm.V128 {
			return fmt.Errorf("a parameter or local is of the type %#x", byte(t))
		}
	}
	return nil
}

// pop takes a value of a type from the stack of the block at hand.
func (c *checker) pop(t asm.Type) error {
	n := len(c.stack)
	if n <= c.blocks[len(c.blocks)-1].height {
		return errors.New("takes more values than there are")
	}
	if c.stack[n-1] != t {
		return fmt.Errorf("takes a value of the type %#x, and there is one of %#x", byte(t), byte(c.stack[n-1]))
	}
	c.stack = c.stack[:n-1]
	return nil
}

// instruction checks the next instruction.
func (c *checker) instruction() error {
	op := asm.Op(c.byte())
	if op == asm.SIMD>>16 {
		code := c.u32()
		if code > 0xffff {
			return fmt.Errorf("unknown instruction 0xfd %d", code)
		}
		op = asm.SIMD | asm.Op(code)
	}
	s, known := asm.Of(op)
	if !known {
		return fmt.Errorf("instruction %#x is not one of a kernel", uint32(op))
	}
	switch op {
	case asm.OpBlock, asm.OpLoop, asm.OpIf:
		return c.open(op)
	case asm.OpElse, asm.OpEnd:
		return c.close(op)
	case asm.OpBr, asm.OpBrIf:
		return c.branch(op)
	case asm.OpReturn:
		return c.unreachable()
	case asm.OpDrop:
		if n := len(c.stack); n > 0 {
			return c.pop(c.stack[n-1])
		}
		return errors.New("drops what is not there")
	case asm.OpLocalGet, asm.OpLocalSet, asm.OpLocalTee:
		return c.local(op)
	}
	if err := c.immediate(s); err != nil {
		return err
	}
	for i := len(s.In) - 1; i >= 0; i-- {
		if err := c.pop(s.In[i]); err != nil {
			return err
		}
	}
	if s.Out != asm.None {
		c.stack = append(c.stack, s.Out)
	}
	return nil
}

// immediate reads and checks what follows an opcode.
func (c *checker) immediate(s asm.Signature) error {
	switch s.Immediate {
	case asm.Constant:
		c.signed(32)
	case asm.Vector:
		c.take(16)
	case asm.Address:
		align := c.u32()
		c.u32()
		if c.err == nil && (align > 4 || 1<<align > s.Width) {
			return fmt.Errorf("alignment of 2^%d for %d bytes", align, s.Width)
		}
	}
	return c.err
}

// open opens a block.
func (c *checker) open(op asm.Op) error {
	if t := asm.Type(c.byte()); c.err == nil && t != asm.None {
		return fmt.Errorf("block of the type %#x", byte(t))
	}
	if op == asm.OpIf {
		if err := c.pop(asm.I32); err != nil {
			return err
		}
	}
	if len(c.blocks) >= maxBlocks {
		return fmt.Errorf("more than %d blocks within each other", maxBlocks)
	}
	c.blocks = append(c.blocks, block{op, len(c.stack)})
	return c.err
}

// close ends a block, or the first half of an if.
func (c *checker) close(op asm.Op) error {
	b := &c.blocks[len(c.blocks)-1]
	if len(c.stack) != b.height {
		return errors.New("a block ends with values on the stack")
	}
	if op == asm.OpEnd {
		c.blocks = c.blocks[:len(c.blocks)-1]
		return nil
	}
	if b.op != asm.OpIf {
		return errors.New("else without if")
	}
	b.op = asm.OpElse
	return nil
}

// branch checks br and br_if; no label takes values.
func (c *checker) branch(op asm.Op) error {
	if depth := c.u32(); c.err == nil && int64(depth) >= int64(len(c.blocks)) {
		return fmt.Errorf("branch to label %d, of %d", depth, len(c.blocks))
	}
	if op == asm.OpBrIf {
		return c.pop(asm.I32)
	}
	return c.unreachable()
}

// unreachable reports an error unless the block ends here.
func (c *checker) unreachable() error {
	if c.err != nil {
		return c.err
	}
	if next := c.rest(); len(next) == 0 || asm.Op(next[0]) != asm.OpEnd && asm.Op(next[0]) != asm.OpElse {
		return errors.New("code that cannot be reached")
	}
	c.stack = c.stack[:c.blocks[len(c.blocks)-1].height]
	return nil
}

// local checks an access to a local.
func (c *checker) local(op asm.Op) error {
	i := c.u32()
	if c.err != nil {
		return c.err
	}
	if int64(i) >= int64(len(c.locals)) {
		return fmt.Errorf("local %d, of %d", i, len(c.locals))
	}
	t := c.locals[i]
	if op != asm.OpLocalGet {
		if err := c.pop(t); err != nil {
			return err
		}
	}
	if op != asm.OpLocalSet {
		c.stack = append(c.stack, t)
	}
	return nil
}
