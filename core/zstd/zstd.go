// Package zstd decompresses Zstandard (RFC 8878), so that a WebAssembly guest
// reads checkpoints as they are stored. It is small, and not fast: native
// programs use klauspost/compress. It knows no dictionaries, and does not look
// at a frame's checksum: a checkpoint has one of its own.
package zstd

import (
	"errors"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/kernel"
)

// errCorrupt reports that the bytes are not a sequence of whole Zstandard
// frames that decompress to the size, or need a dictionary.
var errCorrupt = errors.New("zstd: corrupt data")

const (
	magic     = 0xFD2FB528
	skippable = 0x184D2A50 // to …5F
	maxBlock  = 128 << 10
)

// Decode returns what src decompresses to, which must be size bytes. What it
// allocates is in proportion to what it has decompressed, never to size alone.
// The error is errCorrupt.
func Decode(src []byte, size int) ([]byte, error) {
	d := decoder{size: size}
	for len(src) > 0 {
		if len(src) < 8 {
			return nil, errCorrupt
		}
		if m := codec.Uint32(src); m&^15 == skippable {
			n := uint64(codec.Uint32(src[4:]))
			if n > uint64(len(src)-8) {
				return nil, errCorrupt
			}
			src = src[8+n:]
			continue
		} else if m != magic {
			return nil, errCorrupt
		}
		n, ok := d.frame(src[4:])
		if !ok {
			return nil, errCorrupt
		}
		src = src[4+n:]
	}
	if len(d.out) != size {
		return nil, errCorrupt
	}
	return d.out, nil
}

// A decoder is the state of a frame, kept from one to the next for its storage.
type decoder struct {
	out   []byte
	size  int // what out may grow to
	start int // of the frame in out

	literals []byte
	huffman  huffman
	tables   [3]table // literal lengths, offsets, match lengths
	repeat   [3]int
}

// frame decompresses the frame whose magic number precedes b, and returns its
// bytes.
func (d *decoder) frame(b []byte) (n int, ok bool) {
	flags := b[0]
	single := flags&0x20 != 0
	n = 1
	if !single {
		n++ // how large a window is does not matter: all of the output is one
	}
	dictionary := [4]int{0, 1, 2, 4}[flags&3]
	content := [4]int{0, 2, 4, 8}[flags>>6]
	if single && content == 0 {
		content = 1
	}
	if flags&0x08 != 0 || len(b) < n+dictionary+content {
		return 0, false
	}
	for _, c := range b[n : n+dictionary] {
		if c != 0 {
			return 0, false
		}
	}
	n += dictionary + content
	d.start, d.repeat = len(d.out), [3]int{1, 4, 8}
	d.huffman.bits = 0
	for i := range d.tables {
		d.tables[i].entries = nil
	}
	for last := false; !last; {
		if len(b) < n+3 {
			return 0, false
		}
		h := int(b[n]) | int(b[n+1])<<8 | int(b[n+2])<<16
		n += 3
		last = h&1 != 0
		k, ok := d.block(b[n:], h>>1&3, h>>3)
		if !ok {
			return 0, false
		}
		n += k
		kernel.Yield()
	}
	if flags&0x04 != 0 {
		n += 4
	}
	return n, n <= len(b)
}

// block decompresses a block of a type and a size, and returns its bytes.
func (d *decoder) block(b []byte, kind, size int) (n int, ok bool) {
	switch kind {
	case 0: // as it is
		if size > len(b) || !d.room(size) {
			return 0, false
		}
		d.out = append(d.out, b[:size]...)
		return size, true
	case 1: // one byte, repeated
		if len(b) < 1 || size > maxBlock || !d.room(size) {
			return 0, false
		}
		for range size {
			d.out = append(d.out, b[0])
		}
		return 1, true
	case 2:
		if size > len(b) || size > maxBlock {
			return 0, false
		}
		return size, d.compressed(b[:size])
	}
	return 0, false
}

// room reports whether n more bytes may come.
func (d *decoder) room(n int) bool { return n <= d.size-len(d.out) }

func (d *decoder) compressed(b []byte) bool {
	n, ok := d.readLiterals(b)
	return ok && d.sequences(b[n:])
}

// readLiterals sets d.literals from the first section of a block, and returns
// its bytes.
func (d *decoder) readLiterals(b []byte) (n int, ok bool) {
	if len(b) == 0 {
		return 0, false
	}
	kind, format := b[0]&3, b[0]>>2&3
	var head [8]byte
	copy(head[:], b)
	v := codec.Uint64(head[:])
	if kind < 2 {
		size := 0
		switch format {
		case 1:
			n, size = 2, int(v>>4&0xfff)
		case 3:
			n, size = 3, int(v>>4&0xfffff)
		default:
			n, size = 1, int(v>>3&0x1f)
		}
		if size > maxBlock || n > len(b) {
			return 0, false
		}
		if kind == 0 {
			if size > len(b)-n {
				return 0, false
			}
			d.literals = append(d.literals[:0], b[n:n+size]...)
			return n + size, true
		}
		if n >= len(b) {
			return 0, false
		}
		d.literals = d.literals[:0]
		for range size {
			d.literals = append(d.literals, b[n])
		}
		return n + 1, true
	}
	width := [4]int{10, 10, 14, 18}[format]
	n = [4]int{3, 3, 4, 5}[format]
	size, packed := int(v>>4&(1<<width-1)), int(v>>(4+width)&(1<<width-1))
	if size > maxBlock || n > len(b) || packed > len(b)-n {
		return 0, false
	}
	data := b[n : n+packed]
	if kind == 2 {
		k, ok := d.huffman.read(data)
		if !ok {
			return 0, false
		}
		data = data[k:]
	}
	return n + packed, d.unpack(data, size, format != 0)
}

// unpack decodes size literals in one stream or in four.
func (d *decoder) unpack(data []byte, size int, four bool) bool {
	if d.huffman.bits == 0 {
		return false
	}
	d.literals = d.literals[:0]
	if !four {
		var ok bool
		d.literals, ok = d.huffman.decode(d.literals, data, size)
		return ok
	}
	if len(data) < 6 || size < 6 {
		return false
	}
	rest := data[6:]
	each := (size + 3) / 4
	for i := range 4 {
		n, count := len(rest), size-3*each
		if i < 3 {
			n, count = int(data[2*i])|int(data[2*i+1])<<8, each
		}
		if n > len(rest) || count < 0 {
			return false
		}
		var ok bool
		if d.literals, ok = d.huffman.decode(d.literals, rest[:n], count); !ok {
			return false
		}
		rest = rest[n:]
	}
	return true
}
