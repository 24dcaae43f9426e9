package series

import "github.com/foretide/foretide/core/kernel"

// sortByTime sorts samples by time and keeps the order of those at the same time.
// It merges runs that double in length, gives a WebAssembly host its turn in
// between, and is quick where most of x is in order. (Package slices has no
// turns.)
func sortByTime(x []sample) {
	const run = 16
	for from := 0; from < len(x); from += run {
		if from%pause == 0 {
			kernel.Yield()
		}
		for end := from + 1; end < min(from+run, len(x)); end++ {
			s, i := x[end], end
			for ; i > from && s.t < x[i-1].t; i-- {
				x[i] = x[i-1]
			}
			x[i] = s
		}
	}
	var left []sample
	for n, done := run, 0; n < len(x); n *= 2 {
		for from := 0; from+n < len(x); from += 2 * n {
			if x[from+n].t >= x[from+n-1].t {
				continue
			}
			left = append(left[:0], x[from:from+n]...)
			i, j, end := 0, from+n, min(from+2*n, len(x))
			for k := from; i < n; k++ {
				if done++; done%pause == 0 {
					kernel.Yield()
				}
				if j < end && x[j].t < left[i].t {
					x[k] = x[j]
					j++
				} else {
					x[k] = left[i]
					i++
				}
			}
		}
	}
}
