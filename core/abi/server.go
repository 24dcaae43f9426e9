package abi

import (
	"strconv"

	"github.com/foretide/foretide/core/calibrate"
	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/models"
	"github.com/foretide/foretide/core/serve"
)

// A Server answers a guest's calls. Its zero value has no checkpoint loaded and
// is ready for use. It is for one goroutine. Every method leaves what there is
// to read in Result: what it was asked for, or the message of its failure.
type Server struct {
	models []*model // by handle (a map would bring 30 kB of the runtime)
	last   int32    // handle that was given last
	result []byte

	windows windowReader
	engine  serve.Engine
	cut     forecast.Window
}

// A model is a loaded checkpoint. It implements serve.Models for an engine that
// serves from it alone.
type model struct {
	handle           int32
	codec.Checkpoint // without its payload
	fitted           forecast.Fitted
	own              *forecast.Forecast // of a network, whose workspace is large
}

// Has implements serve.Models.
func (m *model) Has(_, container string) bool { return container == m.Container }

// Model implements serve.Models.
func (m *model) Model(_, _ string) (forecast.Fitted, error) { return m.fitted, nil }

// Result returns the bytes that the last call left. They are valid until the
// next.
func (s *Server) Result() []byte { return s.result }

// fail leaves the message of a failure.
func (s *Server) fail(status Status, message string) int32 {
	s.result = append(s.result[:0], message...)
	return int32(status)
}

func (s *Server) failed(err error, otherwise Status) int32 {
	return s.fail(StatusOf(err, otherwise), err.Error())
}

// Refuse leaves the message of a failure that the caller has found.
func (s *Server) Refuse(status Status, message string) int32 { return s.fail(status, message) }

// Load loads a checkpoint's bytes, as a file of it has them, and returns its
// handle, above zero. One that refers to another network in the box than this
// program's is served by the one that there is (models.Open).
func (s *Server) Load(b []byte) int32 {
	s.result = s.result[:0]
	if len(s.models) >= maxHandles || s.last == 1<<31-1 {
		return s.fail(TooLarge, "abi: "+strconv.Itoa(maxHandles)+" checkpoints are loaded; unload some")
	}
	f, err := codec.Parse(b)
	if err != nil {
		return s.failed(err, badModel)
	}
	if f.Size > maxPayload {
		return s.fail(TooLarge, "abi: a payload of "+strconv.FormatUint(f.Size, 10)+" bytes, at most "+strconv.Itoa(maxPayload))
	}
	payload, err := decompress(f)
	if err != nil {
		return s.failed(err, damaged)
	}
	fitted, err := models.Open(&f.Checkpoint, payload)
	if err != nil {
		return s.failed(err, badModel)
	}
	if greedy(fitted.Spec()) {
		return s.fail(badModel, "abi: the checkpoint's model asks for more than "+strconv.Itoa(maxNeeds)+" cells")
	}
	m := &model{Checkpoint: f.Checkpoint, fitted: fitted}
	if models.Of(fitted.Spec().Model).Workspace {
		m.own = new(forecast.Forecast)
	}
	s.last++
	m.handle = s.last
	s.models = append(s.models, m)
	return s.last
}

// greedy reports whether a model wants more of the past than it may.
func greedy(spec *forecast.Spec) bool { return max(spec.Needs.Recent, spec.Needs.Long) > maxNeeds }

// find returns a loaded checkpoint; what it left in Result where there is none
// is the failure's message.
func (s *Server) find(handle int32) (*model, int32) {
	s.result = s.result[:0]
	if i := s.index(handle); i >= 0 {
		return s.models[i], 0
	}
	return nil, s.fail(badHandle, "abi: no checkpoint is loaded under handle "+strconv.Itoa(int(handle)))
}

// Unload forgets a checkpoint.
func (s *Server) Unload(handle int32) int32 {
	_, status := s.find(handle)
	if i := s.index(handle); i >= 0 {
		copy(s.models[i:], s.models[i+1:])
		s.models[len(s.models)-1] = nil
		s.models = s.models[:len(s.models)-1]
	}
	return status
}

// index returns where a checkpoint is among those that are loaded, or -1.
func (s *Server) index(handle int32) int {
	i := 0
	for n := len(s.models); i < n; {
		if mid := int(uint(i+n) / 2); s.models[mid].handle < handle {
			i = mid + 1
		} else {
			n = mid
		}
	}
	if i == len(s.models) || s.models[i].handle != handle {
		return -1
	}
	return i
}

// Describe leaves the Description of a loaded checkpoint.
func (s *Server) Describe(handle int32) int32 {
	m, status := s.find(handle)
	if m == nil {
		return status
	}
	p := &m.Provenance
	d := Description{Spec: *m.fitted.Spec(), Kind: m.Kind, Container: m.Container,
		From: Provenance{p.Version, p.Status, p.Summary, p.DataStart, p.DataEnd, p.Points}}
	if shared, ok := m.fitted.(*calibrate.Shared); ok {
		d.Containers = shared.Containers()
	}
	_, d.Updatable = m.fitted.(forecast.Updater)
	s.result = d.append(s.result)
	return 0
}
