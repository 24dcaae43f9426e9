package zstd

const (
	literalLengths = iota
	offsets
	matchLengths
)

// Limits and predefined counts of the three kinds of tables (RFC 8878, 3.1.1.3.2).
var kinds = [3]struct {
	maxLog, maxSymbol, log int
	counts                 []int16
}{
	{9, 35, 6, []int16{4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1}},
	{8, 31, 5, []int16{1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1}},
	{9, 52, 6, []int16{1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1}},
}

// Lengths from code 16 and 32 on: a base and so many bits more.
var (
	literalBase = [...]int{16, 18, 20, 22, 24, 28, 32, 40, 48, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536}
	literalBits = [...]int{1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}
	matchBase   = [...]int{35, 37, 39, 41, 43, 47, 51, 59, 67, 83, 99, 131, 259, 515, 1027, 2051, 4099, 8195, 16387, 32771, 65539}
	matchBits   = [...]int{1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}
)

// sequences decodes the second section of a block and executes it.
func (d *decoder) sequences(b []byte) bool {
	if len(b) == 0 {
		return false
	}
	count, n := int(b[0]), 1
	switch {
	case count == 255 && len(b) >= 3:
		n = 3
		count = int(b[1]) + int(b[2])<<8 + 0x7F00
	case count == 255:
		return false
	case count >= 128 && len(b) >= 2:
		count, n = (count-128)<<8+int(b[1]), 2
	case count >= 128:
		return false
	}
	limit := len(d.out) + maxBlock
	if count == 0 {
		return n == len(b) && d.literal(len(d.literals), limit)
	}
	if n >= len(b) || b[n]&3 != 0 {
		return false
	}
	modes := b[n]
	n++
	for k := range d.tables {
		used, ok := d.table(k, int(modes>>(6-2*k)&3), b[n:])
		if !ok {
			return false
		}
		n += used
	}
	var r backward
	return r.begin(b[n:]) && d.execute(&r, count, limit)
}

// table makes a table ready as its mode says, and returns the bytes that it
// takes from b.
func (d *decoder) table(k, mode int, b []byte) (n int, ok bool) {
	t, kind := &d.tables[k], &kinds[k]
	switch mode {
	case 0:
		return 0, t.build(kind.counts, kind.log)
	case 1:
		if len(b) == 0 || int(b[0]) > kind.maxSymbol {
			return 0, false
		}
		t.single(b[0])
		return 1, true
	case 2:
		return t.read(b, kind.maxLog, kind.maxSymbol)
	}
	return 0, t.entries != nil
}

// execute copies count times literals and then a match.
func (d *decoder) execute(r *backward, count, limit int) bool {
	var states [3]int
	for k := range states {
		states[k] = r.read(d.tables[k].log)
	}
	for i := range count {
		o := int(d.tables[offsets].entries[states[offsets]].symbol)
		offset := 1<<o + r.read(o)
		match := int(d.tables[matchLengths].entries[states[matchLengths]].symbol)
		if match < 32 {
			match += 3
		} else {
			match = matchBase[match-32] + r.read(matchBits[match-32])
		}
		literals := int(d.tables[literalLengths].entries[states[literalLengths]].symbol)
		if literals >= 16 {
			literals = literalBase[literals-16] + r.read(literalBits[literals-16])
		}
		if i < count-1 {
			for _, k := range [3]int{literalLengths, matchLengths, offsets} {
				e := d.tables[k].entries[states[k]]
				states[k] = int(e.base) + r.read(int(e.bits))
			}
		}
		if r.left < 0 || !d.literal(literals, limit) || !d.match(d.distance(offset, literals == 0), match, limit) {
			return false
		}
	}
	return r.left == 0 && d.literal(len(d.literals), limit)
}

// distance returns how far back a match lies, from what stands for it, and
// remembers it.
func (d *decoder) distance(v int, noLiterals bool) int {
	if v > 3 {
		d.repeat = [3]int{v - 3, d.repeat[0], d.repeat[1]}
		return v - 3
	}
	if noLiterals {
		v++
	}
	p := &d.repeat
	switch v {
	case 2:
		*p = [3]int{p[1], p[0], p[2]}
	case 3:
		*p = [3]int{p[2], p[0], p[1]}
	case 4:
		*p = [3]int{p[0] - 1, p[0], p[1]}
	}
	return p[0]
}

// literal copies the next n literals to the output.
func (d *decoder) literal(n, limit int) bool {
	if n > len(d.literals) || n > limit-len(d.out) || !d.room(n) {
		return false
	}
	d.out = append(d.out, d.literals[:n]...)
	d.literals = d.literals[n:]
	return true
}

// match copies n bytes of the output from distance back.
func (d *decoder) match(distance, n, limit int) bool {
	at := len(d.out) - distance
	if distance < 1 || at < d.start || n > limit-len(d.out) || !d.room(n) {
		return false
	}
	if distance >= n {
		d.out = append(d.out, d.out[at:at+n]...)
		return true
	}
	for i := range n { // which may overlap what it makes
		d.out = append(d.out, d.out[at+i])
	}
	return true
}
