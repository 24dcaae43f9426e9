package network

import (
	"math"
	"slices"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/feature"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/internal/mlp"
	"github.com/foretide/foretide/core/internal/quantile"
)

// Name is the family of these models, Kind the decoder of their payload.
const (
	Name = "network"
	Kind = "network.1"
)

// MaxHorizons bounds the horizons of a task.
const MaxHorizons = 64

// Fitted is a network that serves a task. It is immutable and safe for
// concurrent use.
type Fitted struct {
	spec  forecast.Spec
	net   *Net
	remap *quantile.Map // from the network's levels to the task's; nil where they are the same
}

// Bind returns the model of a task. The error is that of Task.Check, or
// forecast.ErrHorizon where there are more than MaxHorizons.
func (n *Net) Bind(task forecast.Task) (*Fitted, error) {
	if err := task.Check(); err != nil {
		return nil, err
	}
	if len(task.Horizons) > MaxHorizons {
		return nil, forecast.ErrHorizon
	}
	f := &Fitted{net: n}
	task.Horizons, task.Levels = slices.Clone(task.Horizons), slices.Clone(task.Levels)
	f.spec = forecast.Spec{Task: task, Model: Name, Needs: needsOf(task.Step)}
	if !slices.Equal(task.Levels, n.levels) {
		f.remap = quantile.NewMap(n.levels, task.Levels)
	}
	return f, nil
}

// needsOf returns what the model needs of the past at a full step.
func needsOf(step int64) forecast.Needs { return feature.DirectNeeds(step) }

// Spec describes the model.
func (f *Fitted) Spec() *forecast.Spec { return &f.spec }

// Net returns the network.
func (f *Fitted) Net() *Net { return f.net }

// Summary describes the model for people.
func (f *Fitted) Summary() string { return f.net.detail }

// A server is what a goroutine keeps from forecast to forecast.
type server struct {
	shape mlp.Shape
	wide  feature.Wide
	work  *mlp.Workspace
	dst   [feature.WideCount]float32
	skip  [feature.WideSkip]float32
	q     []float64
}

// server returns what dst keeps for f.
func (f *Fitted) server(dst *forecast.Forecast) *server {
	place := dst.Workspace()
	s, ok := (*place).(*server)
	shape := f.net.net.Shape()
	if ok && s.shape == shape && s.work.Rows() == len(f.spec.Horizons) {
		return s
	}
	s = &server{shape: shape, work: mlp.NewWorkspace(shape, len(f.spec.Horizons), false), q: make([]float64, shape.Levels)}
	*place = s
	return s
}

// Forecast implements forecast.Fitted. Where the window has no value at all the
// forecast is zero, within the bounds, and says AllMissing; where it has a single
// one that is the forecast, and says Constant. Where the network's
// numbers are not finite it is the last value, and says NotFinite.
func (f *Fitted) Forecast(dst *forecast.Forecast, w *forecast.Window) error {
	recent, long, err := w.Check(&f.spec)
	if err != nil {
		return err
	}
	dst.Reset(&f.spec, w)
	reasons := w.Reasons(&f.spec, recent, long)
	s := f.server(dst)
	s.wide.Reset(recent, long, dst.Scratch())
	for k, ahead := range f.spec.Horizons {
		s.wide.Fill(s.dst[:], s.skip[:], ahead)
		s.work.Set(s.work.Input, k, s.dst[:])
		s.work.Set(s.work.Skip, k, s.skip[:])
	}
	f.net.net.Forward(s.work)
	last, scale := s.wide.Last(), s.wide.Scale()
	if math.IsNaN(last) {
		last = 0
	}
	for k := range dst.At {
		h := &dst.At[k]
		h.Detail, h.Reasons = f.net.detail, reasons|forecast.Lacks(recent, long, h.Ahead)
		s.work.Quantiles(s.q, k)
		if reasons.Has(forecast.AllMissing) || reasons.Has(forecast.Constant) {
			clear(s.q) // and not what rounding makes of them
		}
		f.scaleBack(h, s.q, last, scale)
	}
	return nil
}

// scaleBack turns a horizon's quantiles into the task's levels and unit.
func (f *Fitted) scaleBack(h *forecast.Horizon, q []float64, last, scale float64) {
	if f.remap == nil {
		copy(h.Quantiles, q)
	} else {
		f.remap.Apply(h.Quantiles, q)
	}
	for j, z := range h.Quantiles {
		x := last + z*scale
		if x-x != 0 {
			h.Reasons |= forecast.NotFinite
			x = last
		}
		h.Quantiles[j] = f.spec.Bounds.Clamp(x)
	}
	// The median is what was trained for.
	h.Mean = h.Quantiles[slices.Index(f.spec.Levels, 0.5)]
	slices.Sort(h.Quantiles)
}

// Kind returns "network.1".
func (f *Fitted) Kind() string { return Kind }

// AppendPayload appends the model's bytes: 1 the task (forecast.Task.Write), 2
// the network (Net.Write).
func (f *Fitted) AppendPayload(dst []byte) []byte {
	w := codec.NewWriter(dst)
	w.Message(1, f.spec.Task.Write)
	w.Message(2, f.net.Write)
	return w.Bytes()
}

// Decode returns the model whose payload AppendPayload wrote. An error is one of
// core/codec's, or forecast.ErrPayload and its kin where the bytes are no
// model.
func Decode(payload []byte) (*Fitted, error) {
	var task forecast.Task
	var net *Net
	err := error(forecast.ErrPayload)
	r := codec.NewReader(payload)
	for r.Next() {
		switch r.Field() {
		case 1:
			r.Message(func(r *codec.Reader) { task = forecast.ReadTask(r) })
		case 2:
			r.Message(func(r *codec.Reader) { net, err = ReadNet(r) })
		}
	}
	if e := r.Err(); e != nil {
		return nil, e
	}
	if err != nil {
		return nil, err
	}
	return net.Bind(task)
}
