package main

import (
	"testing"

	"github.com/foretide/foretide/core/abi"
)

// TestBuffers: a guest hands out buffers, takes them back, and takes no other
// address or length for one of them.
func TestBuffers(t *testing.T) {
	next := uint32(16)
	g := guest{address: func([]byte) uint32 { next += 16; return next }}
	p := g.alloc(10)
	calls := 0
	count := func(b []byte) int32 { calls++; return int32(len(b)) }
	if got := g.with(p, 10, count); got != 10 {
		t.Error(got)
	}
	for _, bad := range [][2]uint32{{p, 11}, {p, 1<<32 - 1}, {p + 1, 1}, {0, 0}} {
		if got := g.with(bad[0], bad[1], count); got != int32(abi.BadPointer) {
			t.Errorf("%d bytes at %d: %d", bad[1], bad[0], got)
		}
	}
	if got := g.free(p); got != 0 || g.free(p) != int32(abi.BadPointer) || g.with(p, 1, count) != int32(abi.BadPointer) || calls != 1 {
		t.Error("a buffer that was given back", got, calls)
	}
	if g.alloc(maxBuffer+1) != 0 {
		t.Error("a buffer beyond the limit")
	}
	for range maxBuffers {
		p = g.alloc(0)
	}
	if p == 0 || g.alloc(0) != 0 {
		t.Error("another number of buffers than the limit")
	}
}

// TestFault: a panic is the call's failure.
func TestFault(t *testing.T) {
	var g guest
	for _, fault := range []any{"broken", abi.Error{}, &abi.Error{Message: "broken"}} {
		if got := g.on(func() int32 { panic(fault) }); got != int32(abi.Internal) || len(g.server.Result()) == 0 {
			t.Errorf("%v: %d %s", fault, got, g.server.Result())
		}
	}
}
