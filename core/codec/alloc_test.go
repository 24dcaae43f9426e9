package codec

import "runtime"

// allocated returns how many bytes f allocated. Other goroutines of the test
// process count too, so it is an upper bound.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
