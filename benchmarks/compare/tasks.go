package main

import (
	"bufio"
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"

	"github.com/foretide/foretide/core/backtest"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/infra/csvfile"
)

const (
	five   = 300   // seconds of a cell for tools with a season of a day
	day    = 86400 // seconds
	every  = 2100  // seconds from one origin to the next, as evaluate.py has it
	longer = 3600  // seconds: a longer gap is filled from the day before
)

var horizons = []int64{300, 900, 1800}

// A share says which origins a slow tool forecasts from: of every days days of
// a test part one, the middle one, and of its origins each nth.
type share struct{ days, nth int }

// A task is one series that is forecast, from its first to its last observed
// cell.
type task struct {
	container, metric string
	series.Series               // NaN where nothing was observed
	filled            []float64 // without NaN
	fives             []float64 // means of five minutes; cell i ends with cell offset+(i+1)k-1
	k, offset         int
	test              int // the first cell of the test part
	origins           []origin
}

// An origin is a cell that forecasts are made from.
type origin struct {
	index, index5 int // of the origin's cell, and of the five minutes that end with it
	day           int // of the test part
	shared        int // 1: of the share for slow tools, 2: for the slowest too
}

// read returns the tasks of a folder of metrics, by evaluate.py's rules.
func read(data, list string, s share) ([]task, error) {
	listed, err := csvfile.ReadList(list)
	if err != nil {
		return nil, err
	}
	got, err := csvfile.Read(context.Background(), data, csvfile.Options{})
	if err != nil {
		return nil, err
	}
	var out []task
	for i := range got.Frames {
		f := &got.Frames[i]
		for m, metric := range f.Metrics {
			if listed != nil && !listed[[2]string{f.Container, metric}] {
				continue
			}
			t := newTask(f, m, s)
			if len(t.origins) > 0 {
				out = append(out, t)
			}
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s has no series with an origin in its test part (list %q)", data, list)
	}
	return out, nil
}

func newTask(f *series.Frame, metric int, s share) task {
	whole := series.Series{Start: f.Start, Step: f.Step, Values: f.Columns[metric]}
	t := task{container: f.Container, metric: f.Metrics[metric], Series: whole.Trim()}
	t.test = backtest.TestStart(t.Len(), backtest.Defaults().TestShare)
	t.filled = fill(t.Values, int(day/t.Step), int(longer/t.Step))
	t.k = int(five / t.Step)
	// Origins are whole five minutes apart: each ends a cell of them.
	t.offset = (t.test + 1) % t.k
	for i := t.offset; i+t.k <= len(t.filled); i += t.k {
		sum := 0.0
		for _, v := range t.filled[i : i+t.k] {
			sum += v
		}
		t.fives = append(t.fives, sum/float64(t.k))
	}
	for i := t.test; i < t.Len(); i += int(every / t.Step) {
		if math.IsNaN(t.Values[i]) || !t.hasTarget(i) {
			continue
		}
		o := origin{index: i, index5: (i+1-t.offset)/t.k - 1, day: int(int64(i-t.test) * t.Step / day)}
		number := int(int64(i-t.test) * t.Step / every)
		if s.has(o.day, number) {
			o.shared = 1
		}
		if s.slowest().has(o.day, number) {
			o.shared = 2
		}
		t.origins = append(t.origins, o)
	}
	return t
}

// has reports whether an origin is of the share, by its day and its number in
// the test part.
func (s share) has(day, number int) bool { return day%s.days == s.days/2 && number%s.nth == 0 }

// slowest is the share for tools that take a second and more for a forecast or
// a fit at each origin: a quarter of it.
func (s share) slowest() share { return share{s.days, 4 * s.nth} }

func (t *task) hasTarget(i int) bool {
	for _, h := range horizons {
		if j := i + int(h/t.Step); j < t.Len() && !math.IsNaN(t.Values[j]) {
			return true
		}
	}
	return false
}

// fill returns the values without holes, for tools that take none: a gap of at
// most short cells is bridged by a straight line, a longer one has the values
// of the day before. An origin stands at an observed cell: no gap before it is
// filled by what comes after it.
func fill(values []float64, day, short int) []float64 {
	out := append([]float64(nil), values...)
	for i := 1; i < len(out); i++ {
		if !math.IsNaN(out[i]) {
			continue
		}
		end := i
		for math.IsNaN(out[end]) { // the last cell is observed
			end++
		}
		before := out[i-1]
		for j := i; j < end; j++ {
			if end-i > short && j >= day {
				out[j] = out[j-day]
			} else {
				out[j] = before + (out[end]-before)*float64(j-i+1)/float64(end-i+1)
			}
		}
		i = end
	}
	return out
}

// write writes the tasks for programs in other languages: index.csv, a line for
// each series; origins.csv; and by the series' number their values, in cells of
// their own (values/N.csv) and of five minutes (fives/N.csv).
func write(dir string, tasks []task) error {
	for _, d := range []string{"values", "fives"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			return err
		}
	}
	index := [][]string{{"id", "container", "metric", "step", "start", "test"}}
	origins := [][]string{{"id", "day", "index", "index5", "time", "shared"}}
	for id := range tasks {
		t := &tasks[id]
		index = append(index, []string{strconv.Itoa(id), t.container, t.metric, integer(t.Step), integer(t.Start), strconv.Itoa(t.test)})
		for _, o := range t.origins {
			origins = append(origins, []string{strconv.Itoa(id), strconv.Itoa(o.day), strconv.Itoa(o.index), strconv.Itoa(o.index5),
				integer(t.Start + int64(o.index)*t.Step), strconv.Itoa(o.shared)})
		}
		name := strconv.Itoa(id) + ".csv"
		native := [][]string{{"value", "filled"}}
		for i, v := range t.Values {
			native = append(native, []string{number(v), number(t.filled[i])})
		}
		fives := [][]string{{"filled"}}
		for _, v := range t.fives {
			fives = append(fives, []string{number(v)})
		}
		if err := writeCSV(filepath.Join(dir, "values", name), native); err != nil {
			return err
		}
		if err := writeCSV(filepath.Join(dir, "fives", name), fives); err != nil {
			return err
		}
	}
	if err := writeCSV(filepath.Join(dir, "origins.csv"), origins); err != nil {
		return err
	}
	return writeCSV(filepath.Join(dir, "index.csv"), index)
}

func integer(v int64) string { return strconv.FormatInt(v, 10) }

func number(v float64) string {
	if math.IsNaN(v) {
		return ""
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// writeCSV writes rows without a comma or quote in a field.
func writeCSV(path string, rows [][]string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	for _, row := range rows {
		for i, field := range row {
			if i > 0 {
				w.WriteByte(',')
			}
			w.WriteString(field)
		}
		w.WriteByte('\n')
	}
	if err := w.Flush(); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
