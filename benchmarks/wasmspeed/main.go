//go:build !wasip1

// Wasmspeed races Foretide's LSTM in WebAssembly with itself: native, and under
// wazero's compiler with the SIMD kernels and without, on the same machine in
// the same minutes, in turn, so that other programs on the machine slow all.
//
//	go run ./benchmarks/wasmspeed [flags]
//
// A second race is of whole forecasts by a checkpoint, from a window to
// quantiles: the native model, and package loader's host of the embedded module.
//
// It builds the guest with the go command. Where -node names a Node.js, that
// takes part too. The kernels' outputs are compared: those in WebAssembly must
// agree in all bits.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/foretide/foretide/core/kernel"
)

// A job is what all do.
type job struct{ hidden, steps, rows int }

// A contender makes forecasts.
type contender struct {
	name string
	// run makes so many forecasts and returns their milliseconds.
	run func(count int) ([]float64, error)
	// output returns the last one's raw outputs.
	output func() ([]float32, error)
}

func main() {
	log.SetFlags(0)
	rounds := flag.Int("rounds", 10, "times that all take their turn, after one to get warm")
	count := flag.Int("count", 20, "forecasts of a turn; a tenth as many without SIMD")
	hidden := flag.Int("hidden", 128, "units of a layer and direction")
	steps := flag.Int("steps", 240, "steps of a window")
	rows := flag.Int("rows", 1, "windows of a forecast")
	node := flag.String("node", "", "a Node.js that takes part")
	flag.Parse()
	debug.SetGCPercent(400)
	if err := race(job{*hidden, *steps, *rows}, *rounds, *count, *node); err != nil {
		log.Fatal("wasmspeed: ", err)
	}
}

func race(j job, rounds, count int, node string) error {
	dir, err := os.MkdirTemp("", "wasmspeed")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	scalar, simd, err := build(dir)
	if err != nil {
		return err
	}
	ctx := context.Background()
	contenders := []contender{native(j)}
	for _, g := range []guest{{"wazero SIMD", simd}, {"wazero scalar", scalar}} {
		c, err := underWazero(ctx, g, j)
		if err != nil {
			return err
		}
		contenders = append(contenders, c)
	}
	if node != "" {
		for _, g := range []guest{{"Node SIMD", simd}, {"Node scalar", scalar}} {
			c, stop, err := underNode(node, dir, g, j)
			if err != nil {
				return err
			}
			defer stop()
			contenders = append(contenders, c)
		}
	}
	times, err := turns(contenders, rounds, count)
	if err != nil {
		return err
	}
	print(j, contenders, times)
	if err := compare(contenders); err != nil {
		return err
	}
	return raceWhole(ctx, j, rounds, count)
}

// raceWhole races whole forecasts. The one in WebAssembly rounds otherwise.
func raceWhole(ctx context.Context, j job, rounds, count int) error {
	contenders, stop, err := whole(ctx, j)
	if err != nil {
		return err
	}
	defer stop()
	times, err := turns(contenders, rounds, count)
	if err != nil {
		return err
	}
	print(j, contenders, times)
	return compare(contenders)
}

// turns has each contender run its turn, after one to get warm. Those without
// SIMD take twenty times as long, and make a tenth of the forecasts.
func turns(contenders []contender, rounds, count int) ([][]float64, error) {
	times := make([][]float64, len(contenders))
	for round := range rounds + 1 {
		for i, c := range contenders {
			n := count
			if i > 0 && contenders[i].slow() {
				n = max(1, count/10)
			}
			t, err := c.run(n)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			if round > 0 {
				times[i] = append(times[i], t...)
			}
		}
	}
	return times, nil
}

func (c contender) slow() bool { return len(c.name) > 6 && c.name[len(c.name)-6:] == "scalar" }

func print(j job, contenders []contender, times [][]float64) {
	fmt.Printf("%s, %d cores, native kernels %s; hidden %d, window %d, batch %d\n",
		runtime.Version(), runtime.NumCPU(), kernel.Implementation(), j.hidden, j.steps, j.rows)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "who\tbest ms\tmedian ms\tbest ratio\tmedian ratio\t")
	for i, c := range contenders {
		best, median := summary(times[i])
		b0, m0 := summary(times[0])
		fmt.Fprintf(w, "%s\t%.2f\t%.2f\t%.2f\t%.2f\t\n", c.name, best, median, best/b0, median/m0)
	}
	w.Flush()
}

func summary(t []float64) (best, median float64) {
	s := slices.Sorted(slices.Values(t))
	return s[0], s[len(s)/2]
}

// compare prints how far outputs differ from the native ones, and reports an
// error where those in WebAssembly differ among each other.
func compare(contenders []contender) error {
	want, err := contenders[1].output()
	if err != nil {
		return err
	}
	for _, c := range contenders {
		got, err := c.output()
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		worst := 0.
		for i, x := range got {
			worst = max(worst, float64(max(x-want[i], want[i]-x)))
		}
		fmt.Printf("%s: outputs differ from %s's by %.3g at most\n", c.name, contenders[1].name, worst)
		if c.name != contenders[0].name && !slices.Equal(got, want) {
			return fmt.Errorf("%s and %s differ", c.name, contenders[1].name)
		}
	}
	return nil
}

func native(j job) contender {
	net, work := randomNetwork(j.hidden, j.steps, j.rows)
	return contender{
		name: "native " + kernel.Implementation(),
		run: func(count int) ([]float64, error) {
			return timed(count, func() error { net.Forward(work); return nil })
		},
		output: func() ([]float32, error) { return work.Out, nil },
	}
}

// timed returns the milliseconds of each of count calls.
func timed(count int, f func() error) ([]float64, error) {
	times := make([]float64, count)
	for i := range times {
		start := time.Now()
		if err := f(); err != nil {
			return nil, err
		}
		times[i] = float64(time.Since(start).Nanoseconds()) / 1e6
	}
	return times, nil
}
