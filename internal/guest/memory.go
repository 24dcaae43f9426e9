package guest

import "github.com/tetratelabs/wazero/experimental"

// allocate makes the memory of an instance, which may grow to most bytes. Left to
// itself wazero copies all of it whenever it grows, tens of milliseconds in which
// the collector waits; address space that is set aside costs nothing.
func allocate(_, most uint64) experimental.LinearMemory {
	if b := reserve(most); b != nil {
		return reserved{b}
	}
	return new(copied)
}

// reserved is memory that stays where it is.
type reserved struct{ all []byte }

func (r reserved) Reallocate(size uint64) []byte {
	if size > uint64(len(r.all)) {
		return nil
	}
	return r.all[:size]
}

func (r reserved) Free() { release(r.all) }

// copied is memory for where no address space can be set aside. It moves when it
// grows.
type copied struct{ bytes []byte }

func (c *copied) Reallocate(size uint64) []byte {
	if size > uint64(cap(c.bytes)) {
		larger := make([]byte, len(c.bytes), size+size/4)
		for at := 0; at < len(larger); at += piece {
			copy(larger[at:min(at+piece, len(larger))], c.bytes[at:])
		}
		c.bytes = larger
	}
	c.bytes = c.bytes[:size]
	return c.bytes
}

func (c *copied) Free() { c.bytes = nil }
