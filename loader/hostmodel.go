package loader

import (
	"context"
	"fmt"
	"slices"

	"github.com/foretide/foretide/core/abi"
	"github.com/foretide/foretide/core/forecast"
)

// A HostModel is a checkpoint that a Host serves. It is a forecast.Fitted, and
// like every other it is immutable and safe for concurrent use. Beside the
// errors of Fitted.Forecast it has those of the host: ErrTrap and
// ErrHostClosed.
type HostModel struct {
	host       *Host
	id         uint64
	root       uint64 // id of the model as the checkpoint has it, before any update
	checkpoint []byte // nil of a stand-in for none
	state      []byte // of the calibration, where it was updated since
	about      abi.Description
}

// describe asks the module what the checkpoint is.
func (m *HostModel) describe(ctx context.Context) error {
	return m.host.run(ctx, m.describeIn)
}

// describeIn is describe in an instance.
func (m *HostModel) describeIn(s *seat) error {
	handle, err := s.handle(m)
	if err != nil {
		return err
	}
	if _, err := s.call("foretide_describe", handle, true, nil, false); err != nil {
		return err
	}
	about, err := abi.ParseDescription(s.result)
	if err != nil {
		return s.nonsense(err)
	}
	m.about = *about
	return nil
}

// nonsense is the error of an answer that no module of ours gives.
func (s *seat) nonsense(err error) error {
	s.Close()
	return fmt.Errorf("%w: its answer is not one: %w", ErrTrap, err)
}

// hosted is Model as a predictor asks for it.
func (h *Host) hosted(ctx context.Context, checkpoint []byte) (forecast.Fitted, error) {
	m, err := h.Model(ctx, checkpoint)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// standIn returns the model that serves a metric without a checkpoint.
func (h *Host) standIn(native forecast.Fitted) forecast.Fitted {
	m := &HostModel{host: h}
	m.about.Spec = *native.Spec()
	return m
}

// Spec describes the model.
func (m *HostModel) Spec() *forecast.Spec { return &m.about.Spec }

// Kind names the decoder of the payload.
func (m *HostModel) Kind() string { return m.about.Kind }

// Knows reports whether a model that serves every container has been fitted to
// the one.
func (m *HostModel) Knows(container string) bool {
	_, known := slices.BinarySearch(m.about.Containers, container)
	return known
}

// Updatable reports whether the model has a calibration that learns.
func (m *HostModel) Updatable() bool { return m.about.Updatable }

// AppendPayload appends the checkpoint's payload, decompressed.
func (m *HostModel) AppendPayload(dst []byte) []byte {
	c, err := Decode(m.checkpoint, 0)
	if err != nil {
		return dst // a stand-in's, or one that the module was wrong to accept
	}
	return append(dst, c.Payload...)
}

// Forecast implements forecast.Fitted. Its reasons have SharedModel among them
// where a model serves a container that it was not fitted to.
func (m *HostModel) Forecast(dst *forecast.Forecast, w *forecast.Window) error {
	return m.host.run(context.Background(), func(s *seat) error {
		result, err := m.ask(s, m.window(w))
		if err != nil {
			return err
		}
		return m.fill(s, dst, w, result, 0)
	})
}

// maxBatch is how many windows go into one call.
const maxBatch = 256

// ForecastAll forecasts from many windows with few calls; dst[i] is windows[i]'s.
// It panics where they are not as many. The error is that of the first window
// that has one, with its number.
func (m *HostModel) ForecastAll(ctx context.Context, dst []forecast.Forecast, windows []forecast.Window) error {
	if len(dst) != len(windows) {
		panic("loader: not a forecast for each window")
	}
	for from := 0; from < len(windows); from += maxBatch {
		part := windows[from:min(from+maxBatch, len(windows))]
		batch := make([]abi.Window, len(part))
		for i := range part {
			batch[i] = m.window(&part[i])
		}
		err := m.host.run(ctx, func(s *seat) error {
			result, err := m.ask(s, batch...)
			if err != nil {
				return err
			}
			for i := range part {
				if err := m.fill(s, &dst[from+i], &part[i], result, i); err != nil {
					return fmt.Errorf("window %d: %w", from+i, err)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Update implements forecast.Updater: the model that it returns has intervals
// that know what became of the forecasts from a window.
func (m *HostModel) Update(w *forecast.Window, actuals []forecast.Actual) (forecast.Fitted, int, error) {
	out := m.sibling()
	used := int32(0)
	err := m.host.run(context.Background(), func(s *seat) error {
		handle, err := s.handle(m)
		if err != nil {
			return err
		}
		window := m.window(w)
		s.request = abi.AppendUpdate(s.request[:0], actuals, &window)
		if used, err = s.call("foretide_update", handle, true, s.request, true); err != nil {
			return err
		}
		out.state = slices.Clone(s.result)
		s.handles[m.root] = loaded{handle, out.id} // what is loaded there is the new model now
		return out.describeIn(s)                   // it may know a container more
	})
	if err != nil {
		return nil, 0, err
	}
	return out, int(used), nil
}

// AppendState implements forecast.Updater. Before the first update there is
// none.
func (m *HostModel) AppendState(dst []byte) []byte { return append(dst, m.state...) }

// WithState implements forecast.Updater.
func (m *HostModel) WithState(state []byte) (forecast.Fitted, error) {
	out := m.sibling()
	out.state = slices.Clone(state)
	return out, out.describe(context.Background())
}

// sibling returns a model of the same checkpoint.
func (m *HostModel) sibling() *HostModel {
	return &HostModel{host: m.host, id: m.host.ids.Add(1), root: m.root, checkpoint: m.checkpoint, about: m.about}
}

// window returns what the model makes use of in a window, which is all that the
// module is handed, and would read.
func (m *HostModel) window(w *forecast.Window) abi.Window {
	var out abi.Window
	needs, recent, long := &m.about.Needs, w.Recent.Len(), w.Long.Len()
	w.Recent.SliceInto(&out.Recent, max(0, recent-needs.Recent), recent)
	if needs.Long > 0 {
		w.Long.SliceInto(&out.Long, max(0, long-needs.Long), long)
	}
	return out
}

// ask has the module forecast from windows.
func (m *HostModel) ask(s *seat, windows ...abi.Window) (*abi.Result, error) {
	handle, err := s.handle(m)
	if err != nil {
		return nil, err
	}
	q := abi.Request{Windows: windows}
	if handle == 0 {
		q.Metric, q.Ahead = m.about.Metric, m.about.Horizons
	}
	s.request = q.Append(s.request[:0])
	if _, err := s.call("foretide_forecast", handle, true, s.request, true); err != nil {
		return nil, err
	}
	result, err := abi.ParseResult(s.result)
	if err == nil && len(result.Windows) != len(windows) {
		err = fmt.Errorf("%d forecasts of %d windows", len(result.Windows), len(windows))
	}
	if err != nil {
		return nil, s.nonsense(err)
	}
	return result, nil
}

// fill makes dst the i-th forecast of a result, which must be one that a model
// of the spec could make.
func (m *HostModel) fill(s *seat, dst *forecast.Forecast, w *forecast.Window, r *abi.Result, i int) error {
	from := &r.Windows[i]
	if from.Err != nil {
		return from.Err
	}
	spec := &m.about.Spec
	dst.Reset(spec, w)
	ok := len(from.At) == len(dst.At) && len(r.Levels) == len(spec.Levels)
	for k := 0; ok && k < len(dst.At); k++ {
		h, g := &dst.At[k], &from.At[k]
		ok = g.Ahead == h.Ahead && sound(g, spec)
		h.Mean, h.Model, h.Detail, h.Reasons = g.Mean, g.Model, g.Detail, g.Reasons
		copy(h.Quantiles, g.Quantiles)
	}
	if !ok {
		return s.nonsense(fmt.Errorf("a forecast that is not of the model's horizons, finite, ascending and within its bounds"))
	}
	return nil
}

// sound reports whether a horizon's numbers are what the contract says.
func sound(h *forecast.Horizon, spec *forecast.Spec) bool {
	b := &spec.Bounds
	last := b.Lower
	for _, q := range h.Quantiles {
		if !(q >= last && q <= b.Upper && q-q == 0) {
			return false
		}
		last = q
	}
	return h.Mean >= b.Lower && h.Mean <= b.Upper && h.Mean-h.Mean == 0
}

var _ forecast.Fitted = (*HostModel)(nil)
var _ forecast.Updater = (*HostModel)(nil)
