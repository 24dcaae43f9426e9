package abi

import (
	"slices"
	"strconv"

	"github.com/foretide/foretide/core/calibrate"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/internal/plain"
	"github.com/foretide/foretide/core/kernel"
	"github.com/foretide/foretide/core/serve"
)

// Forecast answers a Request by a loaded checkpoint or, handle 0, without one.
// It returns how many windows have no forecast; the Result says why.
func (s *Server) Forecast(handle int32, request []byte) int32 {
	var m *model
	s.result = s.result[:0]
	if handle != 0 {
		var status int32
		if m, status = s.find(handle); m == nil {
			return status
		}
	}
	r := &reader{b: request}
	n := r.count(MaxWindows, "windows")
	ahead := r.ints(r.count(MaxHorizons, "horizons"), "horizons")
	metric := r.string(MaxName, "a metric's name")
	r.pad("padding")
	if err := s.check(r, n, ahead, metric, m); err != nil {
		return s.failed(err, BadRequest)
	}
	levels := forecast.DefaultLevels()
	if m != nil {
		levels = m.Levels
	}
	failures := int32(0)
	out := appendResultHeader(s.result, n, levels)
	for i := range n {
		if i > 0 {
			kernel.Yield()
		}
		err := s.windows.head(r)
		if r.err != nil {
			return s.failed(r.err, BadRequest)
		}
		var origin int64
		if err == nil {
			origin, err = s.one(m, metric, ahead)
		}
		if err != nil {
			failures++
			out = appendFailure(out, StatusOf(err, Internal), err.Error())
			continue
		}
		out = appendForecast(out, origin, s.at)
	}
	if r.off != len(request) {
		return s.fail(BadRequest, "abi: "+strconv.Itoa(len(request)-r.off)+" bytes follow the last window")
	}
	s.result = out
	return failures
}

// check returns what is wrong with the head of a request.
func (s *Server) check(r *reader, n int, ahead []int64, metric string, m *model) error {
	if r.err == nil && n == 0 {
		r.fail(BadRequest, "no window")
	}
	for i, a := range ahead {
		if a <= 0 || i > 0 && a <= ahead[i-1] {
			r.fail(BadHorizon, "horizons are not positive and ascending")
		}
	}
	if m == nil && metric == "" {
		r.fail(NoMetric, "handle 0 needs a metric's name")
	}
	if m != nil && metric != "" && metric != m.Metric {
		r.fail(NoMetric, "the checkpoint is of "+plain.Quote(m.Metric)+", not of "+plain.Quote(metric))
	}
	return r.err
}

// one makes the forecast from the window that was read, in s.at, by m or, where
// that is nil, by the stand-in. It returns the origin.
func (s *Server) one(m *model, metric string, ahead []int64) (origin int64, err error) {
	w := &s.windows.window
	fitted, dst := forecast.Fitted(nil), &s.dst
	var why forecast.Reasons
	if m != nil {
		fitted, why = m.fitted, m.why(w.Recent.Container)
		if m.own != nil {
			dst = m.own
		}
	} else if fitted, err = s.standIn(metric, w.Recent.Step, s.windows.recent, ahead); err != nil {
		return 0, err
	}
	spec := fitted.Spec()
	window, err := s.place(spec)
	if err != nil {
		return 0, err
	}
	if err := fitted.Forecast(dst, window); err != nil {
		return 0, err
	}
	s.at = s.at[:0]
	if len(ahead) == 0 {
		s.at = append(s.at, dst.At...)
	} else if s.at, err = serve.Pick(s.at, dst, spec, ahead); err != nil {
		return 0, err
	}
	for i := range s.at {
		s.at[i].Reasons |= why
	}
	return dst.Origin, nil
}

// place reads the values of the window that was read, and returns the one that a
// model of the spec forecasts from.
func (s *Server) place(spec *forecast.Spec) (*forecast.Window, error) {
	s.windows.tail(spec)
	w := &s.windows.window
	if !w.Frame {
		return &w.Window, nil
	}
	err := serve.Cut(&s.cut, &w.Recent, spec)
	return &s.cut, err
}

// why returns the reasons that the model's forecasts of a container have beside
// their own.
func (m *model) why(container string) forecast.Reasons {
	if m.Container != "" {
		return 0
	}
	if shared, ok := m.fitted.(*calibrate.Shared); ok {
		if _, known := shared.Of(container); known {
			return 0
		}
	}
	return forecast.SharedModel
}

// standIn returns what serves where there is no checkpoint.
func (s *Server) standIn(metric string, step int64, cells int, ahead []int64) (forecast.Fitted, error) {
	if cells == 0 {
		return nil, forecast.ErrEmpty
	}
	c := &s.stand
	if c.fitted != nil && c.metric == metric && c.step == step && slices.Equal(c.ahead, ahead) {
		return c.fitted, nil
	}
	f, err := serve.StandIn(metric, step, ahead, serve.DefaultHorizons, forecast.NoCheckpoint)
	if err == nil {
		*c = standIn{metric, step, slices.Clone(ahead), f}
	}
	return f, err
}
