package main

import (
	"bufio"
	"context"
	"encoding/gob"
	"io"
	"os"

	"github.com/foretide/foretide/benchmarks/internal/trial"
	"github.com/foretide/foretide/core/backtest"
	"github.com/foretide/foretide/core/feature"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/linear"
	"github.com/foretide/foretide/core/linear/fit"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/infra/csvfile"
)

const inputs = feature.DirectCount

var horizons = []int64{300, 900, 1800}

// A Case is one series: rows of each horizon for every cell of the judged part and
// the hour before it, and the weights of each day's fit.
type Case struct {
	Name  string
	Step  int64
	First int // cell of the first row
	Begin int // first judged cell
	Days  []Day
	Rows  [3][]Row // of a cell each
	Unit  [3][inputs]float64
	Usual [3]float64 // mean |y|, weighted by scale, of the history
	Size  float64    // mean scale of the history
}

// A Day is a fit, and the cell from which on it serves.
type Day struct {
	From    int
	Weights [3][inputs]float64
}

// A Row is an origin.
type Row struct {
	X      [inputs]float32
	Y      float64 // the change in units of the scale; NaN where it is not known
	Scale  float64
	Actual bool
}

func create(path, data, list string) error {
	read, err := csvfile.Read(context.Background(), data, csvfile.Options{})
	if err != nil {
		return err
	}
	judged, err := trial.ReadList(list)
	if err != nil {
		return err
	}
	trial.Cut(read.Frames)
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	e := gob.NewEncoder(w)
	for i := range read.Frames {
		frame := &read.Frames[i]
		for k, metric := range frame.Metrics {
			if judged != nil && !judged[frame.Container+" "+metric] {
				continue
			}
			c, err := newCase(frame, k)
			if err != nil {
				return err
			}
			if c != nil {
				if err := e.Encode(c); err != nil {
					return err
				}
			}
		}
	}
	return w.Flush()
}

func newCase(f *series.Frame, k int) (*Case, error) {
	metric := f.Metrics[k]
	s := series.Series{Start: f.Start, Step: f.Step, Values: f.Columns[k]}
	t := s.Trim()
	if t.Len() == 0 {
		return nil, nil
	}
	lo := s.Index(t.Start)
	frame := f.Slice(lo, lo+t.Len())
	c := &Case{Name: frame.Container + " " + metric, Step: frame.Step, Begin: backtest.TestStart(t.Len(), trial.TestShare)}
	task, err := backtest.DefaultTask(metric, frame.Step)
	if err != nil {
		return nil, err
	}
	config := fit.Defaults()
	var fitted forecast.Fitted
	for from := c.Begin; from < frame.Len(); from += int(86400 / frame.Step) {
		history := []series.Frame{frame.Slice(0, from)}
		if fitted == nil {
			fitted, _, err = config.Fit(history, task, forecast.Options{})
		} else {
			fitted, _, err = config.Refit(fitted, history, task, forecast.Options{})
		}
		if err != nil {
			return nil, err
		}
		d := Day{From: from}
		for h, e := range fitted.(*linear.Fitted).Equations() {
			d.Weights[h] = e.Weights
		}
		c.Days = append(c.Days, d)
	}
	c.First = max(0, c.Begin-int(3*3600/frame.Step))
	c.fill(&frame, metric, t.Values)
	return c, nil
}

// fill makes the rows, and the inputs' usual sizes from a sample of the history.
func (c *Case) fill(frame *series.Frame, metric string, values []float64) {
	windows := forecast.NewWindows(frame, feature.DirectNeeds(frame.Step))
	var w forecast.Window
	var d feature.Direct
	var scratch forecast.Scratch
	var x [inputs]float64
	total := [3]float64{}
	n := 0.0
	for i := range values {
		history := i < c.First
		if history && i%17 != 0 {
			continue
		}
		known := values[i] == values[i]
		if known {
			windows.At(&w, i)
			recent, _ := w.Recent.Series(metric)
			long, _ := w.Long.Series(metric)
			d.Reset(recent, long, &scratch)
		}
		for h, ahead := range horizons {
			var r Row
			if j := i + int(ahead/frame.Step); known && j < len(values) && values[j] == values[j] {
				d.Fill(x[:], ahead)
				r.Scale, r.Actual = d.Scale(), true
				r.Y = (values[j] - d.Last()) / d.Scale()
				for p, v := range x {
					r.X[p] = float32(v)
				}
			}
			if !history {
				c.Rows[h] = append(c.Rows[h], r)
				continue
			}
			if r.Actual {
				total[h] += r.Scale
				c.Usual[h] += r.Scale * abs(r.Y)
				for p, v := range x {
					c.Unit[h][p] += r.Scale * abs(v)
				}
				if h == 0 {
					c.Size += r.Scale
					n++
				}
			}
		}
	}
	for h := range horizons {
		c.Usual[h] /= max(total[h], 1e-300)
		for p := range c.Unit[h] {
			c.Unit[h][p] /= max(total[h], 1e-300)
		}
	}
	c.Size /= max(n, 1)
}

func abs(x float64) float64 { return max(x, -x) }

// read calls do with each case of a file.
func read(path string, do func(*Case)) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	d := gob.NewDecoder(bufio.NewReader(f))
	for {
		c := new(Case)
		if err := d.Decode(c); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		do(c)
	}
}
