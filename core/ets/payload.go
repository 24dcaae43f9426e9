package ets

import (
	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/forecast"
)

// Kind names the decoder of the payload.
const Kind = "ets.1"

// Bounds of what a payload may ask for: far above any fit's, and small enough
// that no payload makes forecasts slow or large.
const (
	maxSeasons = 1 << 13
	maxBlock   = 1 << 16
	maxAhead   = 1 << 11 // blocks
	leastGain  = 1e-4
)

// Kind returns "ets.1".
func (f *Fitted) Kind() string { return Kind }

// AppendPayload appends the model's bytes (fields of core/codec):
//
//	1  task (forecast.Task.Write)
//	2  cells to a block, cells of the recent part that are asked for, whether
//	   errors are multiplicative (1 or 0), trend and season
//	3  typical value, slope when a window begins, α, β, γ, φ and the variance of
//	   the errors
//	4  seasons when a window begins
func (f *Fitted) AppendPayload(dst []byte) []byte {
	w := codec.NewWriter(dst)
	s := &f.s
	relative := int64(0)
	if s.Relative {
		relative = 1
	}
	w.Message(1, f.spec.Task.Write)
	w.Ints(2, []int64{int64(s.Block), int64(s.Recent), relative, int64(s.Trend), int64(s.Season)})
	w.Floats(3, []float64{s.Level, s.Slope, s.Alpha, s.Beta, s.Gamma, s.Phi, s.Sigma2})
	w.Floats(4, s.Seasons)
	return w.Bytes()
}

// Decode returns the model whose payload it is given. Bytes that no model
// could have written are an error: codec's, or forecast.ErrPayload.
func Decode(payload []byte) (*Fitted, error) {
	r := codec.NewReader(payload)
	var task forecast.Task
	var s Settings
	var n []int64
	var v []float64
	for r.Next() {
		switch r.Field() {
		case 1:
			r.Message(func(r *codec.Reader) { task = forecast.ReadTask(r) })
		case 2:
			n = r.Ints()
		case 3:
			v = r.Floats()
		case 4:
			s.Seasons = r.Floats()
		}
	}
	if len(n) == 5 && len(v) == 7 && n[3]|n[4] < 4 && n[3]|n[4] >= 0 {
		s.Block, s.Recent = int(n[0]), int(n[1])
		s.Form = Form{Relative: n[2] == 1, Trend: Trend(n[3]), Season: Season(n[4])}
		s.Level, s.Slope, s.Alpha, s.Beta, s.Gamma, s.Phi, s.Sigma2 = v[0], v[1], v[2], v[3], v[4], v[5], v[6]
		s.Period = max(len(s.Seasons), 1)
	} else {
		s.Block = 0 // which no model has
	}
	if r.Err() == nil && !s.servable(&task) {
		r.Fail(forecast.ErrPayload)
	}
	if r.Err() != nil {
		return nil, r.Err()
	}
	return New(task, s), nil
}

// servable reports whether the settings are those of a model that a fit could
// have made.
func (s *Settings) servable(t *forecast.Task) bool {
	if !s.Valid() || (len(s.Seasons) == 0) != (s.Season == NoSeason) || len(s.Seasons) > maxSeasons {
		return false
	}
	for _, v := range s.Seasons {
		if v-v != 0 || s.Season == Multiplies && v < leastSeason {
			return false
		}
	}
	if !(s.Alpha >= leastGain && max(s.Alpha, s.Beta, s.Gamma, s.Phi) <= 1 && min(s.Beta, s.Gamma, s.Phi, s.Sigma2) >= 0) ||
		(s.Sigma2+s.Level+s.Slope)*0 != 0 {
		return false
	}
	return s.Block >= 1 && s.Block <= maxBlock && s.Recent >= 1 && s.Recent <= 1<<24 && len(t.Horizons) > 0 &&
		t.Step < 1<<31 && t.Horizons[len(t.Horizons)-1] <= maxAhead*int64(s.Block)*t.Step
}
