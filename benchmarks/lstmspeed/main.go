// Lstmspeed races Foretide's LSTM with PyTorch's on the same machine in the same
// minutes: the time of a training step and of forecasts, in turn, so that other
// programs on the machine slow both.
//
//	go run ./benchmarks/lstmspeed [flags]
//
// benchmarks/install installs PyTorch.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"runtime"
	"slices"
	"text/tabwriter"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/kernel"
	"github.com/foretide/foretide/core/lstm/network"
	"github.com/foretide/foretide/internal/peak"
)

// A job is what both do.
type job struct {
	name    string // train or infer
	threads int
	batch   int
	count   int // runs of a round
}

var jobs = []job{
	{"train", 1, 32, 3}, {"train", 2, 32, 3},
	{"infer", 1, 1, 20}, {"infer", 1, 256, 1}, {"infer", 2, 256, 1},
}

// A contender runs a job and returns its runs' seconds.
type contender struct {
	name string
	run  func(j job) ([]float64, error)
}

func main() {
	log.SetFlags(0)
	rounds := flag.Int("rounds", 10, "times that all take their turn, after one to get warm")
	hidden := flag.Int("hidden", 128, "units of a layer and direction")
	steps := flag.Int("steps", 240, "steps of a window")
	python := flag.String("python", "benchmarks/.venv/bin/python", "a Python that has torch; empty: run ours alone")
	flag.Parse()
	shape := network.Shape{Inputs: 8, Steps: *steps, Hidden: *hidden, Layers: 2, Bidirectional: true,
		Horizons: 3, Levels: len(forecast.DefaultLevels())}
	shape.Median = slices.Index(forecast.DefaultLevels(), 0.5)
	if err := race(shape, *rounds, *python); err != nil {
		log.Fatal("lstmspeed: ", err)
	}
}

func race(shape network.Shape, rounds int, python string) error {
	contenders := []contender{{"foretide", newOurs(shape).run}}
	if python != "" {
		r, err := start(python, shape)
		if err != nil {
			return err
		}
		defer r.stop()
		for _, v := range []string{"eager", "compiled", "hand", "hand+compiled"} {
			contenders = append(contenders, contender{"torch " + v, func(j job) ([]float64, error) { return r.ask(v, j) }})
		}
	}
	fmt.Printf("%s on %d cores, kernels %s\n", runtime.Version(), runtime.NumCPU(), kernel.Implementation())
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "job\tbatch\tthreads\twho\tbest ms\tmedian ms\tmedian ratio\tof peak\t")
	for _, j := range jobs {
		if j.threads > runtime.NumCPU() {
			continue
		}
		if err := raceJob(w, shape, j, contenders, rounds); err != nil {
			return err
		}
	}
	return w.Flush()
}

// raceJob runs a job's rounds and prints a line for each contender. With two
// threads PyTorch may use one if that is faster.
func raceJob(w *tabwriter.Writer, shape network.Shape, j job, contenders []contender, rounds int) error {
	times := make([][]float64, len(contenders)) // of each run
	medians := make([][]float64, len(contenders))
	top := 0.0
	for round := range rounds + 1 {
		for i, c := range contenders {
			t, err := c.run(j)
			if err == nil && i > 0 && j.threads > 1 {
				one := j
				one.threads = 1
				var other []float64
				if other, err = c.run(one); err == nil && median(other) < median(t) {
					t = other
				}
			}
			if err != nil {
				return err
			}
			if round > 0 { // the first gets warm
				times[i] = append(times[i], t...)
				medians[i] = append(medians[i], median(t))
			}
		}
		top = max(top, peak.GFLOPS(kernel.Implementation()))
	}
	for i, c := range contenders {
		var ratios []float64
		for r := range medians[i] {
			ratios = append(ratios, medians[i][r]/medians[0][r])
		}
		best := slices.Min(times[i])
		share := ""
		if i == 0 && top > 0 {
			share = fmt.Sprintf("%.0f %%", 100*work(&shape, j)/best/1e9/top/float64(j.threads))
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%s\t%.2f\t%.2f\t%.2f\t%s\t\n", j.name, j.batch, j.threads, c.name,
			1e3*best, 1e3*median(times[i]), median(ratios), share)
	}
	return nil
}

func median(x []float64) float64 {
	x = slices.Sorted(slices.Values(x))
	return (x[(len(x)-1)/2] + x[len(x)/2]) / 2
}

// work returns the floating-point operations of the products of a job, those
// that Foretide makes: of the top layer's reverse direction a single step.
func work(s *network.Shape, j job) float64 {
	sum := 0.0
	for layer := range s.Layers {
		in := float64(s.Inputs)
		if layer > 0 {
			in = float64(s.Directions() * s.Hidden)
		}
		for d := range s.Directions() {
			steps, before := float64(s.Steps), float64(s.Steps-1)
			if layer == s.Layers-1 && d == 1 {
				steps, before = 1, 0
			}
			gates := 2 * float64(4*s.Hidden)
			forward := gates * (in*steps + float64(s.Hidden)*before)
			sum += forward
			if j.name == "train" {
				sum += forward + gates*float64(s.Hidden)*before // of weights, of the state
				if layer > 0 {
					sum += gates * in * steps // of what the layer reads
				}
			}
		}
	}
	return sum * float64(j.batch)
}
