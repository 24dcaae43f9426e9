package abi

import (
	"strconv"

	"github.com/foretide/foretide/core/forecast"
)

// updater returns a loaded checkpoint and its calibration; what it left in
// Result where there is none is the failure's message.
func (s *Server) updater(handle int32) (*model, forecast.Updater, int32) {
	m, status := s.find(handle)
	if m == nil {
		return nil, nil, status
	}
	u, ok := m.fitted.(forecast.Updater)
	if !ok {
		return nil, nil, s.fail(notUpdatable, "abi: a model of kind "+m.Kind+" cannot be updated")
	}
	return m, u, 0
}

// Update has a loaded checkpoint's calibration see what became of the forecasts
// from a window, as AppendUpdate wrote it. It returns how many of the values
// were used, and leaves the state for Restore.
func (s *Server) Update(handle int32, request []byte) int32 {
	m, u, status := s.updater(handle)
	if u == nil {
		return status
	}
	r := &reader{b: request}
	actuals := r.readActuals()
	if r.err != nil {
		return s.failed(r.err, badRequest)
	}
	err := s.windows.head(r)
	if err == nil && r.off != len(request) {
		err = &Error{badRequest, "abi: " + strconv.Itoa(len(request)-r.off) + " bytes follow the window"}
	}
	if err != nil {
		return s.failed(err, badRequest)
	}
	w, err := s.place(m.fitted.Spec())
	if err != nil {
		return s.failed(err, Internal)
	}
	updated, n, err := u.Update(w, actuals)
	if err != nil {
		return s.failed(err, Internal)
	}
	m.fitted = updated
	s.result = updated.(forecast.Updater).AppendState(s.result)
	return int32(n)
}

// Restore sets the state of a loaded checkpoint's calibration to what Update
// left of the same checkpoint.
func (s *Server) Restore(handle int32, state []byte) int32 {
	m, u, status := s.updater(handle)
	if u == nil {
		return status
	}
	restored, err := u.WithState(state)
	if err != nil {
		return s.failed(err, badModel)
	}
	m.fitted = restored
	return 0
}
