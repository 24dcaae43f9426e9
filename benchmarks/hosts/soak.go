//go:build !wasip1

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/loader"
)

// soak makes n ARIMA forecasts, half of them alone in their calls and half in
// calls of many, and fails where memory grows after the first tenth of them.
func soak(n int) error {
	h, err := loader.NewHost(context.Background())
	if err != nil {
		return err
	}
	defer h.Close()
	b, err := os.ReadFile(filepath.Join("wasm", "testdata", "arima.ckpt"))
	if err != nil {
		return fmt.Errorf("%w (it is to be run from the repository's root)", err)
	}
	m, err := h.Model(context.Background(), b)
	if err != nil {
		return err
	}
	frame := wave().frame()
	w := forecast.WindowOf(&frame, m.Spec().Needs)
	first := uint64(0)
	begin := time.Now()
	for part := range 10 {
		if err := forecasts(m, &w, n/10); err != nil {
			return err
		}
		var host runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&host)
		guests := h.Memory()
		fmt.Printf("%d forecasts in %.1f s: instances %.1f MiB, this process's heap %.1f MiB\n",
			(part+1)*(n/10), time.Since(begin).Seconds(), float64(guests)/(1<<20), float64(host.HeapAlloc)/(1<<20))
		total := guests + host.HeapAlloc
		if part == 0 {
			first = total
		} else if total > first+first/10 {
			return fmt.Errorf("memory has grown from %d to %d bytes", first, total)
		}
	}
	return nil
}

func forecasts(m *loader.HostModel, w *forecast.Window, n int) error {
	var wg sync.WaitGroup
	var left atomic.Int64
	left.Store(int64(n))
	errs := make([]error, runtime.GOMAXPROCS(0))
	for k := range errs {
		wg.Go(func() {
			var dst forecast.Forecast
			all := make([]forecast.Forecast, 100)
			windows := slices.Repeat([]forecast.Window{*w}, len(all))
			for left.Add(-200) > -200 && errs[k] == nil {
				for range 100 {
					if err := m.Forecast(&dst, w); err != nil {
						errs[k] = err
						return
					}
				}
				errs[k] = m.ForecastAll(context.Background(), all, windows)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}
