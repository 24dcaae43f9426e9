// Command prophet fits the same series with Foretide's Prophet, Prophet and
// augurs' Prophet in Node, in turn in the same minute, and compares the
// processor time of the fits.
//
//	go run ./benchmarks/prophet -python benchmarks/.venv/bin/python -node benchmarks
//	go run ./benchmarks/prophet -fleet 1000
//	go run ./benchmarks/prophet -plain "$FORETIDE_DATA" -list "$FORETIDE_EVAL/subset.txt"
//
// -python is a Python with prophet, -node a folder whose node_modules has
// @bsull/augurs and @bsull/augurs-prophet-wasmstan; what is "" is left out.
package main

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"

	"github.com/foretide/foretide/core/prophet"
	"github.com/foretide/foretide/core/prophet/fit"
)

func main() {
	python := flag.String("python", "benchmarks/.venv/bin/python", "Python with prophet; \"\" for none")
	node := flag.String("node", "benchmarks", "folder whose node_modules has augurs; \"\" for none")
	dir := flag.String("dir", "benchmarks/prophet", "folder of the rivals' programs")
	rounds := flag.Int("rounds", 5, "fits of each length")
	containers := flag.Int("fleet", 0, "fit two metrics of so many `containers` instead, on two cores")
	whole := flag.Bool("train", false, "with -fleet: judge and calibrate them, too")
	data := flag.String("plain", "", "forecast the metrics in this `folder` with plain Prophet instead, into -out")
	list := flag.String("list", "", "with -plain: `file` with the series, CONTAINER METRIC on a line")
	out := flag.String("out", "plain.csv.gz", "with -plain: forecast `file`")
	flag.Parse()
	runtime.GOMAXPROCS(1)
	work := func() error { return run(*python, *node, *dir, *rounds) }
	if *containers > 0 {
		work = func() error { return fleet(*containers, *whole) }
	}
	if *data != "" {
		work = func() error { return plain(*data, *list, *out) }
	}
	if err := work(); err != nil {
		fmt.Fprintln(os.Stderr, "prophet:", err)
		os.Exit(1)
	}
}

// A question is a series to fit, and the time of one forecast.
type question struct {
	DS    []int64   `json:"ds"`
	Y     []float64 `json:"y"`
	Ahead int64     `json:"ahead"`
}

// An answer is a fit.
type answer struct {
	Seconds float64 `json:"seconds"` // of processor time
	Yhat    float64 `json:"yhat"`
}

// week is seven days of a container: a trend that turns, a day, a week, noise.
func week(n int, seed uint64) question {
	r := rand.New(rand.NewPCG(seed, 1))
	var q question
	step := int64(7 * 86400 / n)
	for i := range n {
		x := float64(i) / float64(n)
		at := 1_700_438_400 + int64(i)*step // a Monday
		day := 2 * math.Pi * float64(at%86400) / 86400
		y := 60 + 10*x - 20*math.Max(0, x-0.4) + 9*math.Sin(day) + 4*math.Cos(2*day) + 6*math.Sin(2*math.Pi*x) + 3*r.NormFloat64()
		q.DS, q.Y = append(q.DS, at), append(q.Y, y)
	}
	q.Ahead = q.DS[n-1] + 1800
	return q
}

// ours fits and forecasts. A fit is shorter than the clock of the processor can
// tell: it is repeated.
func ours(q *question) (answer, error) {
	c := fit.Defaults()
	c.YearlySeasonality, c.WeeklySeasonality, c.DailySeasonality = 0, 3, 4
	const times = 20
	var e *fit.Estimate
	var err error
	began := processorTime()
	for range times {
		if e, err = c.Estimate(fit.Data{T: q.DS, Y: q.Y}, nil); err != nil {
			return answer{}, err
		}
	}
	a := answer{Seconds: (processorTime() - began) / times}
	curve, err := prophet.NewCurve(e.Params)
	if err != nil {
		return a, err
	}
	a.Yhat = curve.At(q.Ahead, nil).Value()
	return a, nil
}

func processorTime() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return math.NaN()
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

func run(python, node, dir string, rounds int) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	var rivals []*rival
	for _, s := range []struct {
		name, program, folder string
		args                  []string
	}{{"prophet", python, ".", []string{filepath.Join(dir, "rival_prophet.py")}}, {"augurs", "node", node, []string{filepath.Join(dir, "rival_augurs.mjs")}}} {
		if s.program == "" || s.folder == "" {
			continue
		}
		r, err := start(s.name, s.program, s.folder, s.args...)
		if err != nil {
			return err
		}
		defer r.stop()
		rivals = append(rivals, r)
	}
	for _, n := range []int{2016, 20160} {
		mine := []float64{}
		theirs := make([][]float64, len(rivals))
		worst := 0.0
		for k := range rounds {
			q := week(n, uint64(k))
			a, err := ours(&q)
			if err != nil {
				return err
			}
			mine = append(mine, a.Seconds)
			for i, r := range rivals {
				b, err := r.ask(&q)
				if err != nil {
					return err
				}
				theirs[i] = append(theirs[i], b.Seconds)
				worst = max(worst, math.Abs(a.Yhat-b.Yhat)/(slices.Max(q.Y)-slices.Min(q.Y)))
			}
		}
		fmt.Printf("%5d points: Foretide %.2f ms", n, 1e3*median(mine))
		for i, r := range rivals {
			fmt.Printf(", %s %.0f ms (%.0f times)", r.name, 1e3*median(theirs[i]), median(theirs[i])/median(mine))
		}
		fmt.Printf("; forecasts differ by %.2f %% of the range at most\n", 100*worst)
	}
	return nil
}

func median(x []float64) float64 {
	x = slices.Sorted(slices.Values(x))
	return (x[(len(x)-1)/2] + x[len(x)/2]) / 2
}
