package lstm

import (
	"math"

	"github.com/foretide/foretide/core/feature"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/kernel"
	"github.com/foretide/foretide/core/lstm/network"
	"github.com/foretide/foretide/core/series"
)

// stepInputs is the number of features of a step beside those of other
// metrics: the value, whether it was observed, and the calendar: sine and cosine
// of the time of day and of the week.
const stepInputs = 6

// InputsOf returns the number of features of a step with so many other metrics,
// each of which adds its value and whether it was observed.
func InputsOf(others int) int { return stepInputs + 2*others }

// A Sample is one window as the network reads it, in rows of features padded to
// whole blocks, as a batch of one has them (package kernel).
type Sample struct {
	Input    []float32 // Steps rows
	Features []float32 // a row for each horizon
	Skip     []float32 // likewise
	Last     float64   // what forecasts are relative to; NaN where the window has no value
	Scale    float64   // and the unit that they are in
}

// An Encoder turns windows into samples, for training and for serving alike.
// It is not safe for concurrent use.
type Encoder struct {
	metric   string
	others   []string
	horizons []int64
	steps    int
	reader   feature.Reader
	columns  [][]float64 // of the others, in the window at hand
}

// NewEncoder returns an encoder for a model that reads so many steps of the
// task's metric and of others.
func NewEncoder(task *forecast.Task, others []string, steps int) *Encoder {
	return &Encoder{metric: task.Metric, others: others, horizons: task.Horizons, steps: steps,
		columns: make([][]float64, len(others))}
}

// NewSample returns a sample with room for what the encoder makes.
func (e *Encoder) NewSample() *Sample {
	in, f, s := kernel.Padded(InputsOf(len(e.others))), kernel.Padded(feature.Count), kernel.Padded(feature.SkipCount)
	n := len(e.horizons)
	return &Sample{Input: make([]float32, e.steps*in), Features: make([]float32, n*f), Skip: make([]float32, n*s)}
}

// Encode fills s from a window and the metric's series in it, as Window.Check
// returns them.
func (e *Encoder) Encode(s *Sample, w *forecast.Window, recent, long series.Series, scratch *forecast.Scratch) {
	r := &e.reader
	r.Reset(recent, long, scratch)
	s.Last, s.Scale = r.Last(), r.Scale()
	f, k := kernel.Padded(feature.Count), kernel.Padded(feature.SkipCount)
	for i, ahead := range e.horizons {
		r.Fill(s.Features[i*f:][:feature.Count], s.Skip[i*k:][:feature.SkipCount], ahead)
	}
	width := kernel.Padded(InputsOf(len(e.others)))
	e.fillSteps(s, recent, width)
	for i, other := range e.others {
		e.fillOther(s.Input[stepInputs+2*i:], w, other, width)
	}
}

// fillSteps fills the features of the metric itself and of the calendar. The
// steps before the window's first cell are missing.
func (e *Encoder) fillSteps(s *Sample, recent series.Series, width int) {
	skip := len(recent.Values) - e.steps
	for t := range e.steps {
		row := s.Input[t*width:][:stepInputs]
		x := math.NaN()
		if i := skip + t; i >= 0 {
			x = recent.Values[i]
		}
		row[0], row[1] = observed((x - s.Last) / s.Scale)
		fillCalendar(row[2:], recent.Time(skip+t))
	}
}

// observed returns a value as the network reads it, and whether there is one.
func observed(z float64) (value, mask float32) {
	if z != z {
		return 0, 0
	}
	return float32(feature.Squash(z)), 1
}

// fillOther fills the features of another metric, in its own units, into every
// width-th place of dst and the one beside it.
func (e *Encoder) fillOther(dst []float32, w *forecast.Window, metric string, width int) {
	recent, ok := w.Recent.Series(metric)
	last := -1
	if ok {
		last = recent.Last()
	}
	if last < 0 {
		for t := range e.steps {
			dst[t*width], dst[t*width+1] = 0, 0
		}
		return
	}
	base := recent.Values[last]
	scale := feature.ScaleOf(usualChange(recent.Values), base)
	skip := len(recent.Values) - e.steps
	for t := range e.steps {
		x := math.NaN()
		if i := skip + t; i >= 0 {
			x = recent.Values[i]
		}
		dst[t*width], dst[t*width+1] = observed((x - base) / scale)
	}
}

// usualChange returns the mean |change| from one observed cell to the next, 0
// of fewer than two.
func usualChange(values []float64) float64 {
	sum, n, before := 0.0, 0, math.NaN()
	for _, x := range values {
		if d := math.Abs(x - before); d == d {
			sum += d
			n++
		}
		before = x
	}
	if n == 0 {
		return 0
	}
	return sum / float64(n)
}

const (
	day  = 86400
	week = 7 * day
)

// fillCalendar sets dst to sine and cosine of the time of day and of the week,
// UTC.
func fillCalendar(dst []float32, t int64) {
	turn := func(k int, period int64) {
		a := 2 * math.Pi * float64(t%period) / float64(period)
		dst[k], dst[k+1] = float32(math.Sin(a)), float32(math.Cos(a))
	}
	turn(0, day)
	turn(2, week)
}

// Place copies the sample into a row of a workspace.
func (s *Sample) Place(w *network.Workspace, row int) {
	place(w.Input, s.Input, w.Rows(), row)
	place(w.Features, s.Features, w.Rows(), row)
	place(w.Skip, s.Skip, w.Rows(), row)
}

func place(dst, src []float32, rows, row int) {
	if rows == 1 {
		copy(dst, src)
		return
	}
	for b := 0; b < len(src); b += kernel.Block {
		copy(dst[b*rows+row*kernel.Block:][:kernel.Block], src[b:])
	}
}
