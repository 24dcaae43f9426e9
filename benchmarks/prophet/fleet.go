package main

import (
	"fmt"
	"runtime"
	"sync"
	"syscall"
	"time"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/prophet/fit"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/core/train"
)

// fleet fits two metrics of each of so many containers, a week at five minutes,
// on two cores: the model that serves, with its correction. Where whole is
// true it is judged, gated and calibrated, too, as foretide train does.
func fleet(containers int, whole bool) error {
	runtime.GOMAXPROCS(2)
	task := forecast.Task{Metric: series.CPU, Step: 300, Horizons: []int64{300, 900, 1800},
		Levels: forecast.DefaultLevels(), Bounds: series.DefaultBounds(series.CPU)}
	next := make(chan uint64)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var failed error
	began, used := time.Now(), processorTime()
	for range 2 {
		wg.Go(func() {
			for seed := range next {
				q := week(2016, seed)
				f := series.FrameOf("webapp", series.CPU, series.Series{Start: q.DS[0], Step: 300, Values: q.Y})
				var err error
				if whole {
					_, _, err = train.Defaults().Fit(fit.Defaults(), []series.Frame{f}, task, forecast.Options{})
				} else {
					_, _, err = fit.Defaults().Fit([]series.Frame{f}, task, forecast.Options{})
				}
				if err != nil {
					mu.Lock()
					failed = err
					mu.Unlock()
				}
			}
		})
	}
	first := int64(0)
	for i := range 2 * containers {
		next <- uint64(i)
		if i == containers/5 {
			first = peak()
		}
	}
	close(next)
	wg.Wait()
	what := "fits"
	if whole {
		what = "trainings"
	}
	fmt.Printf("%d %s on 2 cores: %.1f s, %.1f s of processor time; memory at most %d MB, %d MB after a tenth\n",
		2*containers, what, time.Since(began).Seconds(), processorTime()-used, peak()>>20, first>>20)
	return failed
}

// peak returns the most memory that the process has had, in bytes.
func peak() int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return u.Maxrss << 10
}
