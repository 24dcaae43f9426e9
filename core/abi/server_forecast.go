package abi

import (
	"strconv"

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
	n := r.count(maxWindows, "windows")
	ahead := r.ints(r.count(maxHorizons, "horizons"), "horizons")
	metric := r.string(maxName, "a metric's name")
	r.pad("padding")
	if err := s.check(r, n, ahead, metric, m); err != nil {
		return s.failed(err, badRequest)
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
			return s.failed(r.err, badRequest)
		}
		var a *serve.Answer
		if err == nil {
			a, err = s.one(m, metric, ahead)
		}
		if err != nil {
			failures++
			out = appendFailure(out, StatusOf(err, Internal), err.Error())
			continue
		}
		out = appendForecast(out, a.Origin, a.At)
	}
	if r.off != len(request) {
		return s.fail(badRequest, "abi: "+strconv.Itoa(len(request)-r.off)+" bytes follow the last window")
	}
	s.result = out
	return failures
}

// check returns what is wrong with the head of a request.
func (s *Server) check(r *reader, n int, ahead []int64, metric string, m *model) error {
	if r.err == nil && n == 0 {
		r.fail(badRequest, "no window")
	}
	for i, a := range ahead {
		if a <= 0 || i > 0 && a <= ahead[i-1] {
			r.fail(badHorizon, "horizons are not positive and ascending")
		}
	}
	if m == nil && metric == "" {
		r.fail(noMetric, "handle 0 needs a metric's name")
	}
	if m != nil && metric != "" && metric != m.Metric {
		r.fail(noMetric, "the checkpoint is of "+plain.Quote(m.Metric)+", not of "+plain.Quote(metric))
	}
	return r.err
}

// one makes the forecast from the window that was read, by m or, where that is
// nil, by the fallback.
func (s *Server) one(m *model, metric string, ahead []int64) (*serve.Answer, error) {
	w := &s.windows.window
	if s.windows.recent == 0 {
		return nil, forecast.ErrEmpty
	}
	e, container := &s.engine, w.Recent.Container
	e.Models, e.Dst = nil, nil
	if m != nil {
		e.Models, e.Dst, metric = m, m.own, m.Metric
		if m.Container != "" {
			container = m.Container // the host chose the checkpoint by its handle
		}
	}
	serving, err := e.Serve(metric, container, w.Recent.Step, ahead)
	if err != nil {
		return nil, err
	}
	window, err := s.place(serving.Model.Spec())
	if err != nil {
		return nil, err
	}
	return e.From(serving, window, ahead)
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
