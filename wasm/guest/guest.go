package main

import (
	"strconv"

	"github.com/foretide/foretide/core/abi"
)

// Limits of the buffers that a host may hold at a time.
const (
	maxBuffers = 1 << 12
	maxBuffer  = 1 << 28 // bytes
)

// A guest is the state of the module: buffers that the host holds, and what
// serves. A host's pointer is only ever a key of buffers.
type guest struct {
	server  abi.Server
	buffers []buffer              // by address (a map would bring 30 kB of the runtime)
	address func(b []byte) uint32 // of a buffer that is not empty
}

type buffer struct {
	at    uint32
	bytes []byte
}

// find returns where the buffer at p is among the others, or would be.
func (g *guest) find(p uint32) (int, bool) {
	i := 0
	for n := len(g.buffers); i < n; {
		if mid := int(uint(i+n) / 2); g.buffers[mid].at < p {
			i = mid + 1
		} else {
			n = mid
		}
	}
	return i, i < len(g.buffers) && g.buffers[i].at == p
}

// alloc returns a buffer's address, or 0 where there is none to be had.
func (g *guest) alloc(size uint32) uint32 {
	if size > maxBuffer || len(g.buffers) >= maxBuffers {
		return 0
	}
	// At least 16 bytes, rounded up, so that it is aligned to 8.
	b := make([]byte, size, (max(size, 1)+15)&^15)
	p := g.address(b[:1])
	i, _ := g.find(p)
	g.buffers = append(g.buffers, buffer{}) // slices.Insert would bring 5 kB
	copy(g.buffers[i+1:], g.buffers[i:])
	g.buffers[i] = buffer{p, b}
	return p
}

func (g *guest) free(p uint32) int32 {
	i, ok := g.find(p)
	if !ok {
		return int32(abi.BadPointer)
	}
	n := len(g.buffers) - 1
	copy(g.buffers[i:], g.buffers[i+1:])
	g.buffers[n] = buffer{}
	g.buffers = g.buffers[:n]
	return 0
}

// buffer returns n bytes of the buffer at p, which must be one that alloc gave.
func (g *guest) buffer(p, n uint32) ([]byte, int32) {
	i, ok := g.find(p)
	if !ok {
		return nil, g.server.Refuse(abi.BadPointer, "guest: "+strconv.FormatUint(uint64(p), 10)+" is not a buffer of foretide_alloc")
	}
	b := g.buffers[i].bytes
	if uint64(n) > uint64(len(b)) {
		return nil, g.server.Refuse(abi.BadPointer, "guest: "+strconv.FormatUint(uint64(n), 10)+" bytes of a buffer of "+strconv.Itoa(len(b)))
	}
	return b[:n], 0
}

// with calls f with n bytes of the buffer at p.
func (g *guest) with(p, n uint32, f func(b []byte) int32) (status int32) {
	defer g.guard(&status)
	b, status := g.buffer(p, n)
	if status != 0 {
		return status
	}
	return f(b)
}

// on calls f, which needs no buffer.
func (g *guest) on(f func() int32) (status int32) {
	defer g.guard(&status)
	return f()
}

// guard makes a panic, which is a fault of the core, the call's failure.
func (g *guest) guard(status *int32) {
	switch p := recover().(type) {
	case nil:
	case error:
		*status = g.server.Refuse(abi.Internal, "guest: "+p.Error())
	case string:
		*status = g.server.Refuse(abi.Internal, "guest: "+p)
	default:
		*status = g.server.Refuse(abi.Internal, "guest: a fault")
	}
}
