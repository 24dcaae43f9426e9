package testkit

import "runtime/metrics"

// Allocated returns how many bytes f allocates: the fewest of up to ten runs, or
// those of the first run that stays within the limit. The runtime counts small
// allocations by the span, and those of other goroutines too, so that a single
// run can seem to allocate a lot.
func Allocated(limit uint64, f func()) uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	least := ^uint64(0)
	for range 10 {
		metrics.Read(sample)
		before := sample[0].Value.Uint64()
		f()
		metrics.Read(sample)
		if least = min(least, sample[0].Value.Uint64()-before); least <= limit {
			break
		}
	}
	return least
}
