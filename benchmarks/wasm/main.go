// Command wasm measures the WebAssembly module in its host for Go beside the
// native core: how fast it starts, what a call costs, how throughput grows.
//
//	go run ./benchmarks/wasm                  # the table of README.md
//	go run ./benchmarks/wasm -soak 10000000   # so many ARIMA forecasts, memory watched
//
// Models are the checkpoints of the interface's test vectors.
package main

import (
	"context"
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/models"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/loader"
)

var families = []string{"naive", "arima", "linear", "prophet", "lstm"}

func main() {
	soaked := flag.Int("soak", 0, "forecasts of a soak, instead of the table")
	child := flag.String("child", "", "how a started process is to start its host: the folder of its cache, or none")
	dir := flag.String("vectors", filepath.Join("wasm", "testdata"), "folder of the checkpoints")
	flag.Parse()
	var err error
	switch {
	case *child != "":
		err = start(*dir, *child)
	case *soaked > 0:
		err = soak(*dir, *soaked)
	default:
		err = table(*dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "wasm:", err)
		os.Exit(1)
	}
}

// window is nine days of a daily wave.
func window(spec *forecast.Spec) forecast.Window {
	v := make([]float64, 9*86400/int(spec.Step))
	for i := range v {
		v[i] = 100 + 40*math.Sin(float64(i)/288*2*math.Pi) + 9*math.Sin(float64(i*i%1009))
	}
	f := series.FrameOf("ccc/cluster28", spec.Metric, series.Series{Start: 1722470400, Step: spec.Step, Values: v})
	return forecast.WindowOf(&f, spec.Needs)
}

func open(dir string, h *loader.Host, family string) (native forecast.Fitted, hosted *loader.HostModel, err error) {
	b, err := os.ReadFile(filepath.Join(dir, family+".ckpt"))
	if err != nil {
		return nil, nil, err
	}
	c, err := loader.Decode(b, 0)
	if err != nil {
		return nil, nil, err
	}
	if native, err = models.DecodeCheckpoint(c, c.Payload); err != nil {
		return nil, nil, err
	}
	hosted, err = h.Model(context.Background(), b)
	return native, hosted, err
}

// start is what a cold process does: a host, a checkpoint, a forecast.
func start(dir, cache string) error {
	option := loader.WithCacheDir(cache)
	if cache == "none" {
		option = loader.WithoutCache()
	}
	h, err := loader.NewHost(context.Background(), option)
	if err != nil {
		return err
	}
	_, m, err := open(dir, h, "arima")
	if err != nil {
		return err
	}
	w := window(m.Spec())
	var dst forecast.Forecast
	return m.Forecast(&dst, &w)
}

// cold measures processes from their start to the end after one forecast.
// spent is the processor's time of the one that took the least of it.
func cold(dir, cache string, times int) (least, median, spent time.Duration, err error) {
	self, err := os.Executable()
	if err != nil {
		return 0, 0, 0, err
	}
	spent = math.MaxInt64
	var took []time.Duration
	for range times {
		cmd := exec.Command(self, "-vectors", dir, "-child", cache)
		cmd.Stderr = os.Stderr
		begin := time.Now()
		if err := cmd.Run(); err != nil {
			return 0, 0, 0, err
		}
		took = append(took, time.Since(begin))
		spent = min(spent, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
	}
	slices.Sort(took)
	return took[0], took[times/2], spent, nil
}

// least returns the shortest time of f, in batches of about a millisecond over
// half a second.
func least(f func() error) (time.Duration, error) {
	begin := time.Now()
	if err := f(); err != nil {
		return 0, err
	}
	n := int(max(time.Millisecond/max(time.Since(begin), 1), 1))
	best := time.Duration(math.MaxInt64)
	for begin := time.Now(); time.Since(begin) < time.Second/2; {
		t := time.Now()
		for range n {
			if err := f(); err != nil {
				return 0, err
			}
		}
		best = min(best, time.Since(t)/time.Duration(n))
	}
	return best, nil
}

func table(dir string) error {
	cache, err := os.MkdirTemp("", "foretide-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(cache)
	fmt.Println("| cold process to its first forecast | least | median | processor |\n|---|--:|--:|--:|")
	for _, way := range []struct {
		name, cache string
		times       int
	}{{"without cache", "none", 5}, {"with cache", cache, 11}} {
		least, median, spent, err := cold(dir, way.cache, way.times)
		if err != nil {
			return err
		}
		fmt.Printf("| %s | %.0f ms | %.0f ms | %.0f ms |\n", way.name, ms(least), ms(median), ms(spent))
	}
	h, err := loader.NewHost(context.Background(), loader.WithCacheDir(cache))
	if err != nil {
		return err
	}
	defer h.Close()
	fmt.Println("\n| model | native | hosted | of 16 in one call, each | overhead of a call |\n|---|--:|--:|--:|--:|")
	for _, family := range families {
		if err := row(dir, h, family); err != nil {
			return err
		}
	}
	return throughput(dir, h)
}

func row(dir string, h *loader.Host, family string) error {
	native, hosted, err := open(dir, h, family)
	if err != nil {
		return err
	}
	w := window(native.Spec())
	var dst forecast.Forecast
	a, err := least(func() error { return native.Forecast(&dst, &w) })
	if err != nil {
		return err
	}
	b, err := least(func() error { return hosted.Forecast(&dst, &w) })
	if err != nil {
		return err
	}
	windows := slices.Repeat([]forecast.Window{w}, 16)
	all := make([]forecast.Forecast, len(windows))
	c, err := least(func() error { return hosted.ForecastAll(context.Background(), all, windows) })
	if err != nil {
		return err
	}
	c /= time.Duration(len(windows))
	fmt.Printf("| %s | %.1f µs | %.1f µs | %.1f µs | %.1f µs |\n", family, us(a), us(b), us(c), us(b-c))
	return nil
}

// throughput prints how many forecasts a second goroutines make together.
func throughput(dir string, h *loader.Host) error {
	_, m, err := open(dir, h, "prophet")
	if err != nil {
		return err
	}
	w := window(m.Spec())
	fmt.Println("\n| goroutines | Prophet forecasts a second |\n|--:|--:|")
	for n := 1; n <= runtime.GOMAXPROCS(0); n *= 2 {
		var wg sync.WaitGroup
		counts := make([]int, n)
		errs := make([]error, n)
		begin := time.Now()
		for k := range n {
			wg.Go(func() {
				var dst forecast.Forecast
				for time.Since(begin) < time.Second && errs[k] == nil {
					errs[k] = m.Forecast(&dst, &w)
					counts[k]++
				}
			})
		}
		wg.Wait()
		total := 0
		for k := range n {
			if errs[k] != nil {
				return errs[k]
			}
			total += counts[k]
		}
		fmt.Printf("| %d | %.0f |\n", n, float64(total)/time.Since(begin).Seconds())
	}
	return nil
}

func ms(d time.Duration) float64 { return float64(d) / 1e6 }
func us(d time.Duration) float64 { return float64(d) / 1e3 }
