// Command m4 judges models on the hourly series of the M4 competition: 48 hours
// ahead, from the end of each series' training part, by OWA.
//
//	go run ./benchmarks/m4 -model naive,linear,network
package main

import (
	"flag"
	"fmt"
	"math"
	"os"
	"strings"
	"time"

	"github.com/foretide/foretide/core/calibrate"
	"github.com/foretide/foretide/core/forecast"
	modelfit "github.com/foretide/foretide/core/models/fit"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/core/train"
	"github.com/foretide/foretide/internal/testkit"
)

const (
	metric = "value"
	step   = 3600
	begin  = 1700000000 / 604800 * 604800 // all series begin at the same time of some week
)

// Of Naive 2 on the hourly series, as the competition published it.
const (
	naive2SMAPE = 18.383
	naive2MASE  = 2.395
)

func main() {
	models := flag.String("model", "naive,linear,auto", "models, with commas between")
	data := flag.String("data", os.Getenv("FORETIDE_BENCH"), "folder with m4_hourly_train.csv.gz and m4_hourly_test.csv.gz")
	every := flag.Int("every", 1, "take every so many-th series")
	flag.Parse()
	if err := run(*data, strings.Split(*models, ","), *every); err != nil {
		fmt.Fprintln(os.Stderr, "m4:", err)
		os.Exit(1)
	}
}

func run(data string, models []string, every int) error {
	all, err := testkit.M4Hourly(data)
	if err != nil {
		return err
	}
	var some []testkit.M4Series
	for i := 0; i < len(all); i += every {
		some = append(some, all[i])
	}
	fmt.Printf("%-10s %7s %7s %7s %9s   of %d series\n", "model", "sMAPE", "MASE", "OWA", "seconds", len(some))
	for _, name := range models {
		began := time.Now()
		smape, mase, err := judge(name, some)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		fmt.Printf("%-10s %7.3f %7.3f %7.3f %9.1f\n", name, smape, mase, (smape/naive2SMAPE+mase/naive2MASE)/2, time.Since(began).Seconds())
	}
	return nil
}

func judge(name string, all []testkit.M4Series) (smape, mase float64, err error) {
	t, err := modelfit.Trainer(name, modelfit.Defaults())
	if err != nil {
		return 0, 0, err
	}
	task := forecast.Task{Metric: metric, Step: step, Levels: forecast.DefaultLevels(), Bounds: series.Bounds{Lower: math.Inf(-1), Upper: math.Inf(1)}}
	for h := int64(1); h <= 48; h++ {
		task.Horizons = append(task.Horizons, h*step)
	}
	frames := make([]series.Frame, len(all))
	histories := make([]forecast.History, len(all))
	for i, s := range all {
		frames[i] = series.FrameOf(s.ID, metric, series.Series{Start: begin, Step: step, Values: s.Train})
		histories[i] = forecast.History{Frame: frames[i], Metric: metric}
	}
	if t, err = t.Pool(histories, task.Horizons, forecast.Options{Seed: 1}); err != nil {
		return 0, 0, err
	}
	models, err := fit(t, frames, task)
	if err != nil {
		return 0, 0, err
	}
	var dst forecast.Forecast
	for i, s := range all {
		w := forecast.WindowOf(&frames[i], models[i].Spec().Needs)
		if err := models[i].Forecast(&dst, &w); err != nil {
			return 0, 0, err
		}
		scale, n := 0.0, 0.0
		for j := testkit.M4Period; j < len(s.Train); j++ {
			scale += math.Abs(s.Train[j] - s.Train[j-testkit.M4Period])
			n++
		}
		for k, y := range s.Test {
			x := dst.Median(&dst.At[k])
			smape += 200 * math.Abs(y-x) / (math.Abs(y) + math.Abs(x)) / float64(len(s.Test)*len(all))
			mase += math.Abs(y-x) / (scale / n) / float64(len(s.Test)*len(all))
		}
	}
	return smape, mase, nil
}

// fit returns the model of each series.
func fit(t train.Trainer, frames []series.Frame, task forecast.Task) ([]forecast.Fitted, error) {
	out := make([]forecast.Fitted, len(frames))
	if !t.Global() {
		for i := range frames {
			m, _, err := t.Train(frames[i:i+1], task, forecast.Options{Seed: 1})
			if err != nil {
				return nil, err
			}
			out[i] = m
		}
		return out, nil
	}
	m, _, err := t.Train(frames, task, forecast.Options{Seed: 1})
	if err != nil {
		return nil, err
	}
	for i := range frames {
		out[i], _ = m.(*calibrate.Shared).Of(frames[i].Container)
	}
	return out, nil
}
