package optim

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Parallel calls do for 0 to n-1 on as many goroutines as there are cores to
// run them. The calls must not depend on one another.
func Parallel(n int, do func(i int)) {
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

// partSize is the number of weights that a goroutine takes at a time.
const partSize = 1 << 15

func parts(n int) int { return (n + partSize - 1) / partSize }

// ranges calls do for parts of [0,n) in parallel.
func ranges(n int, do func(lo, hi int)) {
	Parallel(parts(n), func(i int) { do(i*partSize, min((i+1)*partSize, n)) })
}
