// Command autoarima chooses ARIMA or ETS models side by side with statsforecast's
// AutoARIMA and AutoETS or R's forecast::auto.arima and ets: the same series one
// after the other in the same minute, one thread each, processor time of the
// choice alone.
//
//	go run ./benchmarks/autoarima -rival statsforecast -data m4 -every 20
//	go run ./benchmarks/autoarima -rival r -data cpu -every 4
//	go run ./benchmarks/autoarima -model ets -data m4 -every 20
//	go run ./benchmarks/autoarima -rival statsforecast -data m4 -answers benchmarks/autoarima/m4_statsforecast.csv
//
// With -answers the rival's choices are read from the file where it has them,
// and added to it where it has not: a comparison of quality over all series
// can then be interrupted, and repeated after a change of ours.
package main

import (
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"
	"syscall"

	"github.com/foretide/foretide/core/arima/fit"
	etsfit "github.com/foretide/foretide/core/ets/fit"
)

func main() {
	rivalName := flag.String("rival", "statsforecast", "statsforecast, r or none")
	model := flag.String("model", "arima", "arima or ets")
	set := flag.String("data", "m4", "m4: hourly series of the M4 competition; cpu: 2,000 points of 5 minutes")
	every := flag.Int("every", 1, "take one series of every so many")
	first := flag.Int("first", -1, "the `number` of the first series taken, from 0 (default half of -every)")
	stored := flag.String("answers", "", "CSV `file` with the rival's choices, continued where it ends")
	only := flag.Bool("only-stored", false, "leave series out that the file of answers does not have")
	dir := flag.String("dir", "benchmarks/autoarima", "folder of the rivals' programs")
	verbose := flag.Bool("v", false, "print a line for each series")
	flag.Parse()
	runtime.GOMAXPROCS(1)
	err := run(*model, *rivalName, *dir, *set, *every, *first, *stored, *only, *verbose)
	if err != nil {
		fmt.Fprintln(os.Stderr, "autoarima:", err)
		os.Exit(1)
	}
}

func run(model, name, dir, set string, every, first int, stored string, only, verbose bool) error {
	qs, err := read(set, max(1, every), first)
	if err != nil {
		return err
	}
	ours := map[string]func(*question) (*choice, error){"arima": chooseARIMA, "ets": chooseETS}[model]
	switch {
	case ours == nil:
		return fmt.Errorf("-model is %q: arima or ets", model)
	case model != "arima" && stored != "":
		return errors.New("-answers keeps answers of arima only")
	case model == "ets":
		// The rivals' ETS does not take missing values.
		qs = slices.DeleteFunc(qs, func(q question) bool { return slices.ContainsFunc(q.y, math.IsNaN) })
	}
	a, err := openAnswers(stored)
	if err != nil {
		return err
	}
	defer a.close()
	var r *rival
	sum := summary{fresh: name != "none"}
	for i := range qs {
		q := &qs[i]
		theirs := a.known[q.id]
		if name == "none" {
			theirs = &choice{AICc: math.NaN(), Seconds: math.NaN()}
			a.mase[q.id] = math.NaN()
		}
		if theirs == nil && only {
			continue
		}
		if theirs != nil {
			sum.fresh = false
		} else {
			if r == nil {
				if r, err = start(name, dir); err != nil {
					return err
				}
				defer r.stop()
			}
			if theirs, err = r.ask(model, q); err != nil {
				return err
			}
			if err := a.add(q.id, theirs, q.mase(theirs.Mean)); err != nil {
				return err
			}
		}
		chosen, err := ours(q)
		if err != nil {
			return fmt.Errorf("%s: %w", q.id, err)
		}
		p := pair{ours: chosen, theirs: theirs, ourMASE: q.mase(chosen.Mean), theirMASE: a.mase[q.id]}
		sum.add(p)
		if verbose {
			fmt.Printf("%-24s ours %v AICc %.2f %.3f s   %s %v AICc %.2f %.3f s\n", q.id,
				chosen, chosen.AICc, chosen.Seconds, name, theirs, theirs.AICc, theirs.Seconds)
		}
	}
	sum.print(os.Stdout, name)
	return nil
}

// chooseARIMA is our ARIMA model.
func chooseARIMA(q *question) (*choice, error) {
	began := processorTime()
	r, _, err := fit.Auto(q.y, nil, fit.DefaultSearch(len(q.y), q.period))
	if err != nil {
		return nil, err
	}
	c := &choice{AICc: r.AICc, Seconds: processorTime() - began}
	o := r.Order
	c.Order = [6]int{o.P, o.D, o.Q, o.SP, o.SD, o.SQ}
	if len(q.test) > 0 {
		f, err := r.Predict(q.y, nil, len(q.test))
		if err != nil {
			return nil, err
		}
		c.Mean = f.Mean
	}
	return c, nil
}

// chooseETS is our ETS model. Its order stays zero: AICc of all forms compare.
func chooseETS(q *question) (*choice, error) {
	began := processorTime()
	r, err := etsfit.Auto(q.y, q.period)
	if err != nil {
		return nil, err
	}
	c := &choice{Form: r.Form.Label(), AICc: r.AICc, Seconds: processorTime() - began}
	n := len(q.test)
	c.Mean = make([]float64, n)
	r.Moments(c.Mean, make([]float64, n), make([]float64, n), &r.End)
	return c, nil
}

// processorTime returns the seconds that this process has computed for.
func processorTime() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return math.NaN()
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}
