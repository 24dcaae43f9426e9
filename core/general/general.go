// Package general is the network in the box: trained on public series of
// containers and machines, for containers that nothing is known of yet. It needs
// no training of its own, forecasts from ten minutes of history, and gets
// better as the window grows to eight days.
//
//go:generate go run ../../benchmarks/network -out net.go
package general

import (
	"errors"
	"hash/fnv"
	"sync"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/network"
	"github.com/foretide/foretide/core/series"
)

// Name is the family of these models, Kind the decoder of their payload.
const (
	Name = "general"
	Kind = "general.1"
)

// ErrVersion reports that a checkpoint was made with another general network
// than this program has.
var ErrVersion = errors.New("general: the checkpoint refers to the network in the box of another foretide, and this one has another network; train it again with this foretide, or use the one that made it")

// load decodes the network once, when it is first asked for.
var load = sync.OnceValues(func() (*network.Net, uint64) {
	net, err := network.ReadNet(codec.NewReader([]byte(data)))
	if err != nil {
		panic("general: the embedded network is damaged: " + err.Error())
	}
	h := fnv.New64a()
	h.Write([]byte(data))
	return net, h.Sum64()
})

// net returns the network.
func net() *network.Net {
	n, _ := load()
	return n
}

// fitted is the general network bound to a task. It is immutable and safe for
// concurrent use.
type fitted struct {
	*network.Fitted
	spec forecast.Spec
	why  forecast.Reasons
}

// LongestHorizon is how far ahead it was trained to forecast, in seconds.
const LongestHorizon = 2 * 3600

// Bind returns the model of a task. All its forecasts carry why, which its payload
// does not keep. The errors are those of network.Net.Bind.
func Bind(task forecast.Task, why forecast.Reasons) (forecast.Fitted, error) {
	f, err := net().Bind(task)
	if err != nil {
		return nil, err
	}
	g := &fitted{Fitted: f, spec: *f.Spec(), why: why}
	g.spec.Model, g.spec.Pretrained = Name, true
	return g, nil
}

// Spec describes the model.
func (f *fitted) Spec() *forecast.Spec { return &f.spec }

// Forecast implements forecast.Fitted.
func (f *fitted) Forecast(dst *forecast.Forecast, w *forecast.Window) error {
	if err := f.Fitted.Forecast(dst, w); err != nil {
		return err
	}
	for k := range dst.At {
		h := &dst.At[k]
		h.Model, h.Detail = Name, detail
		h.Reasons |= f.why
	}
	return nil
}

// detail describes the model for people.
const detail = "network trained on public series"

// Kind returns "general.1".
func (f *fitted) Kind() string { return Kind }

// AppendPayload appends the model's bytes: 1 the task, 2 a hash of the network,
// which is not in them.
func (f *fitted) AppendPayload(dst []byte) []byte {
	_, version := load()
	w := codec.NewWriter(dst)
	w.Message(1, f.spec.Task.Write)
	w.Uint(2, version)
	return w.Bytes()
}

// Decode returns the model whose payload AppendPayload wrote. An error is
// ErrVersion, one of core/codec's, or one of network.Net.Bind's.
func Decode(payload []byte) (forecast.Fitted, error) {
	var task forecast.Task
	var version uint64
	r := codec.NewReader(payload)
	for r.Next() {
		switch r.Field() {
		case 1:
			r.Message(func(r *codec.Reader) { task = forecast.ReadTask(r) })
		case 2:
			version = r.Uint()
		}
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	if _, have := load(); version != have {
		return nil, ErrVersion
	}
	return Bind(task, 0)
}

// ErrFar reports that a task has a horizon further ahead than the network was
// trained for.
var ErrFar = errors.New("general: the network in the box knows horizons of two hours at most")

// Model is the family as a forecast.Model: there is nothing to fit.
type Model struct{}

// Name returns "general".
func (Model) Name() string { return Name }

// Global reports false: a checkpoint serves the container that it is calibrated
// for.
func (Model) Global() bool { return false }

// Fit returns the network, bound to the task. The errors are ErrFar and those of
// Task.Only and Bind.
func (Model) Fit(history []series.Frame, task forecast.Task, _ forecast.Options) (forecast.Fitted, forecast.Report, error) {
	s, err := task.Only(history)
	if err != nil {
		return nil, forecast.Report{}, err
	}
	if task.Horizons[len(task.Horizons)-1] > LongestHorizon {
		return nil, forecast.Report{}, ErrFar
	}
	f, err := Bind(task, 0)
	if err != nil {
		return nil, forecast.Report{}, err
	}
	return f, forecast.Report{Status: forecast.NothingToFit, Summary: detail, Points: s.Count()}, nil
}
