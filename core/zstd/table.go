package zstd

import "math/bits"

// A table decodes symbols of finite state entropy (RFC 8878, 4.1). It has no
// entries before it is built.
type table struct {
	entries []entry
	log     int
}

// An entry is a state: its symbol, and how the next state is made.
type entry struct {
	symbol uint8
	bits   uint8
	base   uint16
}

// read builds the table that b begins with, and returns its bytes.
func (t *table) read(b []byte, maxLog, maxSymbol int) (n int, ok bool) {
	r := forward{b: b}
	log := r.peek(4) + 5
	r.at = 4
	if log > maxLog {
		return 0, false
	}
	var counts [64]int16
	left, symbol := 1<<log, 0
	for left > 0 {
		if symbol > maxSymbol || r.at > 8*len(b) {
			return 0, false
		}
		// The values up to what is left are written in one bit less where
		// they are small enough.
		width := bits.Len(uint(left + 1))
		low := 1<<width - 1 - (left + 1)
		v := r.peek(width)
		if v&(1<<(width-1)-1) < low {
			v &= 1<<(width-1) - 1
			r.at += width - 1
		} else {
			if v >= 1<<(width-1) {
				v -= low
			}
			r.at += width
		}
		counts[symbol] = int16(v - 1)
		symbol++
		if v == 0 {
			left--
		} else {
			left -= v - 1
		}
		for zeros := 3; v == 1 && zeros == 3; {
			zeros = r.peek(2)
			r.at += 2
			symbol += zeros
			if symbol > maxSymbol+1 {
				return 0, false
			}
		}
	}
	n = (r.at + 7) / 8
	if left != 0 || n > len(b) {
		return 0, false
	}
	return n, t.build(counts[:symbol], log)
}

// build makes the table of symbols with counts that add up to 1<<log; -1 is
// "less than one".
func (t *table) build(counts []int16, log int) bool {
	size := 1 << log
	entries := make([]entry, size)
	high := size
	var next [64]int
	for s, c := range counts {
		next[s] = int(c)
		if c == -1 {
			high--
			entries[high].symbol = uint8(s)
			next[s] = 1
		}
	}
	at, step := 0, size>>1+size>>3+3
	for s, c := range counts {
		for range c {
			entries[at].symbol = uint8(s)
			for at = (at + step) & (size - 1); at >= high; at = (at + step) & (size - 1) {
			}
		}
	}
	for i := range entries {
		e := &entries[i]
		x := next[e.symbol]
		next[e.symbol]++
		e.bits = uint8(log + 1 - bits.Len(uint(x)))
		e.base = uint16(x<<e.bits - size)
	}
	t.entries, t.log = entries, log
	return true
}

// single makes the table of one symbol, which takes no bits.
func (t *table) single(symbol uint8) {
	t.entries, t.log = []entry{{symbol: symbol}}, 0
}
