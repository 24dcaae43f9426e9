// Command follow tells how auto does as it follows what comes true: not at all,
// at each origin that it is judged by, or at every cell, as a program that serves
// it does. It looks at no test part: each series is cut before it, and the last
// days of the rest are judged.
//
//	go run ./benchmarks/follow -list $FORETIDE_EVAL/subset.txt -source crane
//
// With -linear it tries rules by which the weights of linear models follow between
// one renewal and the next. What is slow, the inputs and the daily fits, is made
// once and kept in a file.
//
//	go run ./benchmarks/follow -linear /tmp/rows -make -list $FORETIDE_EVAL/subset.txt
//	go run ./benchmarks/follow -linear /tmp/rows
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"strings"

	"github.com/foretide/foretide/benchmarks/internal/trial"
	"github.com/foretide/foretide/core/backtest"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/models/fit"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/infra/csvfile"
)

// apart is the time between two judged origins, in seconds.
const apart = 35 * 60

func main() {
	data := flag.String("data", os.Getenv("FORETIDE_DATA"), "folder of metrics files")
	list := flag.String("list", "", "file that lists the series that are judged (default: all)")
	source := flag.String("source", "", "only containers whose names begin with this")
	days := flag.Int("days", 3, "how many days, after the fit, are judged")
	file := flag.String("linear", "", "try rules for linear models, with the inputs and fits in this `file`")
	making := flag.Bool("make", false, "with -linear: make the file")
	fixed := flag.Bool("fixed", false, "with -linear: serve with the first fit alone")
	flag.Parse()
	var err error
	switch {
	case *file == "":
		err = run(*data, *list, *source, *days)
	case *making:
		err = create(*file, *data, *list)
	default:
		err = tryRules(*file, *fixed)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "follow:", err)
		os.Exit(1)
	}
}

func run(data, list, source string, days int) error {
	read, err := csvfile.Read(context.Background(), data, csvfile.Options{})
	if err != nil {
		return err
	}
	judged, err := trial.ReadList(list)
	if err != nil {
		return err
	}
	trial.Cut(read.Frames)
	modes := []mode{{name: "not at all"}, {name: "each 35 min", every: apart}, {name: "each cell", every: 1}}
	n := 0
	for i := range read.Frames {
		f := &read.Frames[i]
		for _, metric := range f.Metrics {
			if judged != nil && !judged[f.Container+" "+metric] || !strings.HasPrefix(f.Container, source) {
				continue
			}
			if err := try(f, metric, days, modes); err != nil {
				return fmt.Errorf("%s of %s: %w", metric, f.Container, err)
			}
			n++
		}
	}
	if n == 0 {
		return errors.New("no series to judge")
	}
	fmt.Printf("%d series, %d days\n%-12s %-24s %-24s %s\n", n, days, "told", "80 % covers (5/15/30 min)", "ratio", "Winkler score")
	for _, m := range modes {
		fmt.Printf("%-12s %s %s %s\n", m.name, m.show(m.inside), m.show(m.ratio), m.show(m.winkler))
	}
	return nil
}

// A mode is how often a model is told what came true. Sums are by horizon of the
// series' means.
type mode struct {
	name                   string
	every                  int64 // seconds; 0 is never
	n                      float64
	inside, ratio, winkler [3]float64
}

func (m *mode) show(sum [3]float64) string {
	text := ""
	for _, x := range sum {
		text += fmt.Sprintf("%.3f  ", x/m.n)
	}
	return fmt.Sprintf("%-24s", text)
}

// try fits auto to the history before the last days and walks through them.
func try(f *series.Frame, metric string, days int, modes []mode) error {
	first := f.Len() - days*86400/int(f.Step)
	if first < days*86400/int(f.Step) {
		return nil
	}
	task, err := backtest.DefaultTask(metric, f.Step)
	if err != nil {
		return err
	}
	trainer, err := fit.Trainer("auto", fit.Defaults())
	if err != nil {
		return err
	}
	fitted, _, err := trainer.Config.Fit(trainer.Model, []series.Frame{f.Slice(0, first)}, task, forecast.Options{})
	if err != nil {
		return err
	}
	for k := range modes {
		if err := modes[k].walk(fitted, f, metric, first); err != nil {
			return err
		}
	}
	return nil
}

// walk judges a model at origins apart, and tells it of what has come true since.
func (m *mode) walk(model forecast.Fitted, f *series.Frame, metric string, first int) error {
	values := f.Columns[f.Column(metric)]
	spec := model.Spec()
	windows := forecast.NewWindows(f, spec.Needs)
	var w forecast.Window
	var dst forecast.Forecast
	var s score
	for i := first; i < f.Len(); i++ {
		at := int64(i-first) * f.Step
		if m.every > 0 && (m.every < f.Step || at%m.every < f.Step) {
			for _, ahead := range spec.Horizons {
				from := i - int(ahead/f.Step)
				if math.IsNaN(values[i]) || math.IsNaN(values[from]) {
					continue
				}
				windows.At(&w, from)
				next, _, err := model.(forecast.Updater).Update(&w, []forecast.Actual{{Ahead: ahead, Value: values[i]}})
				if err != nil {
					return err
				}
				model = next
			}
		}
		if at%apart >= f.Step || math.IsNaN(values[i]) {
			continue
		}
		windows.At(&w, i)
		if err := model.Forecast(&dst, &w); err != nil {
			return err
		}
		s.add(&dst, values, i, f.Step)
	}
	m.take(&s)
	return nil
}

// A score is the sums of one series.
type score struct{ n, inside, error, last, winkler [3]float64 }

func (s *score) add(f *forecast.Forecast, values []float64, i int, step int64) {
	for k := range f.At {
		h := &f.At[k]
		j := i + int(h.Ahead/step)
		if j >= len(values) || math.IsNaN(values[j]) {
			continue
		}
		y := values[j]
		lo, hi := f.Interval(h, 0.8)
		s.n[k]++
		s.error[k] += math.Abs(y - f.Median(h))
		s.last[k] += math.Abs(y - values[i])
		s.winkler[k] += hi - lo + 10*max(lo-y, 0) + 10*max(y-hi, 0)
		if y >= lo && y <= hi {
			s.inside[k]++
		}
	}
}

// take adds a series; errors are in units of the last value's.
func (m *mode) take(s *score) {
	for k := range s.n {
		if s.last[k] == 0 {
			return
		}
	}
	m.n++
	for k := range s.n {
		m.inside[k] += s.inside[k] / s.n[k]
		m.ratio[k] += s.error[k] / s.last[k]
		m.winkler[k] += s.winkler[k] / s.last[k]
	}
}
