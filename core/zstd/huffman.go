package zstd

import "math/bits"

// A huffman decodes literals (RFC 8878, 4.2).
type huffman struct {
	bits    int // of the longest code; 0 before it is read
	entries [1 << maxCode]code
}

type code struct{ symbol, bits uint8 }

const maxCode = 11

// read builds the table that b begins with, and returns its bytes.
func (h *huffman) read(b []byte) (n int, ok bool) {
	if len(b) == 0 {
		return 0, false
	}
	var weights [256]uint8
	count := 0
	if n = int(b[0]); n >= 128 {
		count, n = n-127, (n-127+1)/2
		if n >= len(b) {
			return 0, false
		}
		for i := range count {
			weights[i] = b[1+i/2] >> (4 * (1 - i&1)) & 15
		}
	} else {
		if n >= len(b) {
			return 0, false
		}
		if count, ok = readWeights(&weights, b[1:1+n]); !ok {
			return 0, false
		}
	}
	return 1 + n, h.build(&weights, count)
}

// readWeights decodes the weights of all symbols but the last.
func readWeights(weights *[256]uint8, b []byte) (count int, ok bool) {
	var t table
	n, ok := t.read(b, 6, 15)
	var r backward
	if !ok || !r.begin(b[n:]) {
		return 0, false
	}
	// Two states take turns.
	states := [2]int{r.read(t.log), r.read(t.log)}
	if r.left < 0 {
		return 0, false
	}
	for i := 0; ; i++ {
		if count >= 254 {
			return 0, false
		}
		e := t.entries[states[i&1]]
		weights[count] = e.symbol
		count++
		states[i&1] = int(e.base) + r.read(int(e.bits))
		if r.left < 0 {
			weights[count] = t.entries[states[1-i&1]].symbol
			return count + 1, true
		}
	}
}

// build makes the table of count weights and the last symbol's, which completes
// them.
func (h *huffman) build(weights *[256]uint8, count int) bool {
	sum := 0
	for _, w := range weights[:count] {
		if w > maxCode {
			return false
		}
		if w > 0 {
			sum += 1 << (w - 1)
		}
	}
	h.bits = 0
	longest := bits.Len(uint(sum))
	rest := 1<<longest - sum
	if sum == 0 || longest > maxCode || rest&(rest-1) != 0 {
		return false
	}
	weights[count] = uint8(bits.Len(uint(rest)))
	at := 0
	for w := 1; w <= longest; w++ {
		for s := range count + 1 {
			if int(weights[s]) != w {
				continue
			}
			for range 1 << (w - 1) {
				h.entries[at] = code{uint8(s), uint8(longest + 1 - w)}
				at++
			}
		}
	}
	if at != 1<<longest {
		return false
	}
	h.bits = longest
	return true
}

// decode appends the count symbols of a stream to dst.
func (h *huffman) decode(dst, b []byte, count int) ([]byte, bool) {
	var r backward
	if !r.begin(b) {
		return dst, false
	}
	for range count {
		e := h.entries[r.peek(h.bits)]
		r.left -= int(e.bits)
		dst = append(dst, e.symbol)
	}
	return dst, r.left == 0
}
