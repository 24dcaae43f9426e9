package codec

import "runtime/metrics"

// allocated returns how many bytes f allocated. Allocations of a few bytes
// are counted by the span, and other goroutines of the test process count too.
func allocated(f func()) uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	before := sample[0].Value.Uint64()
	f()
	metrics.Read(sample)
	return sample[0].Value.Uint64() - before
}
