package lstm

import (
	"math"
	"slices"
	"strconv"

	"github.com/foretide/foretide/core/feature"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/lstm/network"
)

// Name is the family of these models.
const Name = "lstm"

// Fitted is a trained network that serves windows. It is immutable and safe
// for concurrent use.
type Fitted struct {
	spec   forecast.Spec
	others []string
	net    *network.Network
	detail string
	epochs int
}

// New returns the model of a task around a network, which it keeps. others are
// the metrics that it reads beside the task's own. It panics where the shape is
// not one of such a model.
func New(task forecast.Task, others []string, net *network.Network) *Fitted {
	shape := net.Shape()
	if want := Complete(shape, &task, others); shape != want {
		panic("lstm: network is not of the task's shape")
	}
	f := &Fitted{others: slices.Clone(others), net: net, detail: describe(&shape)}
	task.Horizons, task.Levels = slices.Clone(task.Horizons), slices.Clone(task.Levels)
	f.spec = forecast.Spec{Task: task, Model: Name, Needs: NeedsOf(task.Step, shape.Steps)}
	return f
}

// After returns f with the number of epochs after which training found it best.
func (f *Fitted) After(epochs int) *Fitted {
	out := *f
	out.epochs = epochs
	return &out
}

// Epochs returns the number of epochs after which training found the model
// best; 0 where that is not known.
func (f *Fitted) Epochs() int { return f.epochs }

// Complete returns the shape with what follows from the task.
func Complete(s network.Shape, task *forecast.Task, others []string) network.Shape {
	s.Inputs = InputsOf(len(others))
	s.Horizons, s.Levels = len(task.Horizons), len(task.Levels)
	s.Features, s.Skip = feature.Count, feature.SkipCount
	s.Median = slices.Index(task.Levels, 0.5)
	return s
}

// NeedsOf returns what a model that reads so many steps needs of the past.
func NeedsOf(step int64, steps int) forecast.Needs {
	n := feature.NeedsOf(step)
	n.Recent = max(n.Recent, steps)
	return n
}

// describe names a network for people: "LSTM 2×128, both ways, over 240 steps".
func describe(s *network.Shape) string {
	d := "LSTM " + strconv.Itoa(s.Layers) + "×" + strconv.Itoa(s.Hidden)
	if s.Bidirectional {
		d += ", both ways"
	}
	return d + ", over " + strconv.Itoa(s.Steps) + " steps"
}

// Spec describes the model.
func (f *Fitted) Spec() *forecast.Spec { return &f.spec }

// Others returns the metrics that the model reads beside its own; do not modify
// it.
func (f *Fitted) Others() []string { return f.others }

// Network returns the model's network; its weights must not be changed.
func (f *Fitted) Network() *network.Network { return f.net }

// Summary describes the model for people.
func (f *Fitted) Summary() string { return f.detail }

// A server is what a goroutine keeps from forecast to forecast.
type server struct {
	model   *Fitted
	encoder *Encoder
	sample  Sample // views of the workspace's only row
	work    *network.Workspace
}

// server returns what dst keeps for f.
func (f *Fitted) server(dst *forecast.Forecast) *server {
	place := dst.Workspace()
	s, ok := (*place).(*server)
	if ok && s.model == f {
		return s
	}
	shape := f.net.Shape()
	s = &server{model: f, encoder: NewEncoder(&f.spec.Task, f.others, shape.Steps),
		work: network.NewWorkspace(shape, 1, false)}
	s.sample.Input, s.sample.Features, s.sample.Skip = s.work.Input, s.work.Features, s.work.Skip
	*place = s
	return s
}

// Forecast implements forecast.Fitted. Where the window has no value at all the
// forecast is zero, within the bounds, and says AllMissing. Where the network's
// numbers are not finite it is the last value, and says NotFinite.
func (f *Fitted) Forecast(dst *forecast.Forecast, w *forecast.Window) error {
	recent, long, err := w.Check(&f.spec)
	if err != nil {
		return err
	}
	dst.Reset(&f.spec, w)
	reasons := w.Reasons(&f.spec, recent, long)
	s := f.server(dst)
	s.encoder.Encode(&s.sample, w, recent, long, dst.Scratch())
	f.net.Forward(s.work)
	last := s.sample.Last
	if math.IsNaN(last) {
		last = 0
	}
	for k := range dst.At {
		h := &dst.At[k]
		h.Detail, h.Reasons = f.detail, reasons|forecast.Lacks(recent, long, h.Ahead)
		s.work.Quantiles(h.Quantiles, k, 0)
		if reasons.Has(forecast.AllMissing) {
			clear(h.Quantiles)
		}
		f.scaleBack(h, last, s.sample.Scale)
	}
	return nil
}

// scaleBack turns a horizon's quantiles into the metric's unit.
func (f *Fitted) scaleBack(h *forecast.Horizon, last, scale float64) {
	for j, q := range h.Quantiles {
		x := last + q*scale
		if x-x != 0 {
			h.Reasons |= forecast.NotFinite
			x = last
		}
		h.Quantiles[j] = f.spec.Bounds.Clamp(x)
	}
	// Between the levels the distribution is uniform: its mean lies between the
	// median and that of the quantiles. The median is what was trained for.
	h.Mean = h.Quantiles[f.net.Shape().Median]
	slices.Sort(h.Quantiles)
}
