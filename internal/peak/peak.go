// Package peak measures the most multiplications and additions that a core
// can do, for benchmarks to compare with.
package peak

import "time"

// GFLOPS returns the billions of floating-point operations a second that one
// core reaches with the instructions of an implementation of core/kernel, or 0
// where that is not measured. It takes the best of many short runs, since other
// programs may use the core too.
func GFLOPS(implementation string) float64 {
	run := loop(implementation)
	if run == nil {
		return 0
	}
	best := 0.0
	for range 200 {
		start := time.Now()
		flops := run(1e4)
		best = max(best, float64(flops)/float64(time.Since(start).Nanoseconds()))
	}
	return best
}
