package link

import (
	"bytes"
	"encoding/binary"

	"github.com/foretide/foretide/wasm/internal/simd"
)

// load returns the memory that a data section makes.
func load(b []byte) ([]byte, error) {
	r := reader{data: b}
	type piece struct {
		at   uint64
		data []byte
	}
	var pieces []piece
	end := uint64(0)
	for range r.count() {
		if mode, op := r.u32(), r.byte(); (mode != 0 || op != 0x41) && r.err == nil {
			return nil, unknown("a piece of its data is not at a constant address")
		}
		at := uint64(uint32(r.signed(32)))
		if r.byte() != 0x0b && r.err == nil {
			return nil, unknown("a piece of its data is not at a constant address")
		}
		p := piece{at, r.bytes()}
		if r.err != nil {
			return nil, r.err
		}
		if end = max(end, at+uint64(len(p.data))); end > 64<<20 {
			return nil, unknown("its data end at %d", end)
		}
		pieces = append(pieces, p)
	}
	if r.err != nil {
		return nil, r.err
	}
	memory := make([]byte, end)
	for _, p := range pieces {
		copy(memory[p.at:], p.data)
	}
	return memory, nil
}

// clearPowers clears the powers of ten that floats are printed and read by
// (internal/strconv/pow10tab.go of Go 1.26), where they are in memory as they
// are there. Only functions that are emptied read them (unreached, used).
func clearPowers(memory []byte) {
	const count, size = 696, 16
	first := binary.LittleEndian.AppendUint64(nil, 0xfa8fd5a0081c0288)
	first = binary.LittleEndian.AppendUint64(first, 0x1732c869cd60e453)
	at := bytes.Index(memory, first)
	if at < 0 || len(memory)-at < count*size {
		return
	}
	table := memory[at : at+count*size]
	if binary.LittleEndian.Uint64(table[(count-1)*size:]) == 0xd13eb46469447567 {
		clear(table)
	}
}

// gap is how many zeros are worth a new piece: it takes seven bytes or more, which
// do not compress as zeros do.
const gap = 16

// cut returns the data section of a memory, in pieces around what is zero.
func cut(memory []byte) []byte {
	var out []byte
	n := uint64(0)
	for at := 0; at < len(memory); {
		if memory[at] == 0 {
			at++
			continue
		}
		end, zeros := at, 0
		for i := at; i < len(memory) && zeros < gap; i++ {
			if memory[i] == 0 {
				zeros++
			} else {
				end, zeros = i+1, 0
			}
		}
		out = append(out, 0, 0x41)
		out = append(simd.AppendSigned(out, int64(at)), 0x0b)
		out = append(simd.AppendUnsigned(out, uint64(end-at)), memory[at:end]...)
		n++
		at = end
	}
	return append(simd.AppendUnsigned(nil, n), out...)
}
