package fit

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// parallel calls do for 0 to n-1 on as many goroutines as there are cores to
// run them. The calls must not depend on one another.
func parallel(n int, do func(i int)) {
	workers := min(n, runtime.GOMAXPROCS(0))
	if workers <= 1 {
		for i := range n {
			do(i)
		}
		return
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				do(int(i))
			}
		})
	}
	wg.Wait()
}

// ranges calls do for parts of [0,n) in parallel.
func ranges(n int, do func(lo, hi int)) {
	const part = 1 << 15
	parallel((n+part-1)/part, func(i int) { do(i*part, min((i+1)*part, n)) })
}
