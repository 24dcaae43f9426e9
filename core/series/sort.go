package series

import "github.com/foretide/foretide/core/kernel"

// sortStable sorts x and keeps the order of what is equal. It merges runs that
// double in length, gives a WebAssembly host its turn in between, and is quick
// where most of x is in order. (Package slices has no turns.)
func sortStable[T any](x []T, less func(a, b T) bool) {
	const run = 16
	for from := 0; from < len(x); from += run {
		if from%pause == 0 {
			kernel.Yield()
		}
		for end := from + 1; end < min(from+run, len(x)); end++ {
			for i := end; i > from && less(x[i], x[i-1]); i-- {
				x[i], x[i-1] = x[i-1], x[i]
			}
		}
	}
	var left []T
	for n, done := run, 0; n < len(x); n *= 2 {
		for from := 0; from+n < len(x); from += 2 * n {
			if !less(x[from+n], x[from+n-1]) {
				continue
			}
			left = append(left[:0], x[from:from+n]...)
			i, j, end := 0, from+n, min(from+2*n, len(x))
			for k := from; i < n; k++ {
				if done++; done%pause == 0 {
					kernel.Yield()
				}
				if j < end && less(x[j], left[i]) {
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
