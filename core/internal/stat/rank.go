package stat

import "math"

// Median returns the median of x, which it reorders: of an even number the
// middle of the two in the middle. It is NaN where x is empty; x must not have
// NaN.
func Median(x []float64) float64 {
	n := len(x)
	if n == 0 {
		return math.NaN()
	}
	hi := Select(x, n/2)
	if n%2 == 1 {
		return hi
	}
	lo := x[0]
	for _, y := range x[1 : n/2] {
		lo = max(lo, y)
	}
	return lo + (hi-lo)/2
}

// Select reorders x so that x[k] is its k-th smallest value, from 0, with none
// greater before it, and returns it (Hoare 1961, median of three). x must not
// have NaN.
func Select(x []float64, k int) float64 {
	lo, hi := 0, len(x)-1
	for hi-lo > 12 {
		mid := lo + (hi-lo)/2
		a, b, c := x[lo], x[mid], x[hi]
		pivot := max(min(a, b), min(max(a, b), c))
		i, j := lo, hi
		for i <= j {
			for x[i] < pivot {
				i++
			}
			for x[j] > pivot {
				j--
			}
			if i <= j {
				x[i], x[j] = x[j], x[i]
				i++
				j--
			}
		}
		switch {
		case k <= j:
			hi = j
		case k >= i:
			lo = i
		default:
			return x[k]
		}
	}
	for i := lo + 1; i <= hi; i++ {
		for j := i; j > lo && x[j] < x[j-1]; j-- {
			x[j], x[j-1] = x[j-1], x[j]
		}
	}
	return x[k]
}
