package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"strings"

	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/infra/csvfile"
	"github.com/foretide/foretide/internal/testkit"
)

// A question is a series to choose a model for.
type question struct {
	id     string
	y      []float64
	period int
	test   []float64 // what follows; may be empty
	mase   func(forecasts []float64) float64
}

// read returns the questions of a data set: one of every so many from the
// given first one on, which is half of every where it is negative.
func read(set string, every, first int) ([]question, error) {
	var all []question
	var err error
	switch set {
	case "m4":
		all, err = hourly()
	case "cpu":
		all, err = cpu()
	default:
		err = fmt.Errorf("-data is %q: m4 or cpu", set)
	}
	if err != nil {
		return nil, err
	}
	var some []question
	if first < 0 {
		first = every / 2
	}
	for i := first; i < len(all); i += every {
		some = append(some, all[i])
	}
	return some, nil
}

// folder returns the folder that the variable names.
func folder(name, what string) (string, error) {
	if dir := os.Getenv(name); dir != "" {
		return dir, nil
	}
	return "", fmt.Errorf("%s is not set: it names the folder of %s", name, what)
}

// hourly are the hourly series of the M4 competition. The archive lists them
// by kind and length, so that every k-th is a stratified sample.
func hourly() ([]question, error) {
	dir, err := folder("FORETIDE_BENCH", "m4_hourly_train.csv.gz")
	if err != nil {
		return nil, err
	}
	all, err := testkit.M4Hourly(dir)
	if err != nil {
		return nil, err
	}
	var qs []question
	for i := range all {
		s := &all[i]
		qs = append(qs, question{s.ID, s.Train, testkit.M4Period, s.Test, s.MASE})
	}
	return qs, nil
}

// cpu are the last 2,000 five-minute means of the CPU of every container in a
// folder of metrics that has as many.
func cpu() ([]question, error) {
	const points, step = 2000, 300
	dir, err := folder("FORETIDE_DATA", "CSV files with metrics")
	if err != nil {
		return nil, err
	}
	d, err := csvfile.Read(context.Background(), dir, csvfile.Options{Metrics: []string{"cpu"}})
	if err != nil {
		return nil, err
	}
	var qs []question
	for i := range d.Frames {
		s, ok := d.Frames[i].Series("cpu")
		if !ok || step%s.Step != 0 {
			continue
		}
		s = series.Coarsen(s.Trim(), step)
		if n := len(s.Values); n < points {
			continue
		} else {
			s.Values = s.Values[n-points:]
		}
		id := strings.ReplaceAll(d.Frames[i].Container, ",", ";")
		qs = append(qs, question{id, s.Values, 1, nil, func([]float64) float64 { return math.NaN() }})
	}
	return qs, nil
}
