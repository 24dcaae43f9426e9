package fit

import (
	"math"

	"github.com/foretide/foretide/core/internal/decompose"
)

// Forms have seasons of at most 24 blocks, as in R. A day of more is a profile:
// the cyclic seasonal part of STL, subtracted before estimation and added to
// the forecasts, as R's stlf does.

const (
	// days is how often a day must have been seen to be looked for.
	days = 3
	// judgedShare of the blocks, at the end, judge whether a profile pays.
	judgedShare = 0.25
	// margin is by how much the error must be lower.
	margin = 0.01
	// robustPasses of STL's outer loop guard the profile against outliers.
	robustPasses = 3
)

// day returns the profile of the first n blocks by the time of day; nil where
// there are too few.
func (h *past) day(n int) []float64 {
	m := int(day / h.span)
	if day%h.span != 0 || n < days*m {
		return nil
	}
	filled := make([]float64, n)
	if !decompose.Fill(filled, h.y[:n], m) {
		return nil
	}
	c := decompose.Periodic(m)
	c.Inner, c.Outer = 1, robustPasses
	var d decompose.Result
	if decompose.STL(&d, filled, m, c) != nil {
		return nil
	}
	mean := 0.0
	for _, v := range d.Seasonal[:m] {
		mean += v / float64(m)
	}
	profile := make([]float64, m)
	for i, v := range d.Seasonal[:m] {
		profile[h.phase(i)] = v - mean
	}
	return profile
}

// repeats reports whether forecasts of the last part of the history, by the
// models that the part before it gives, are better with a profile.
func (h *past) repeats(c Config) bool {
	cut := len(h.y) - int(judgedShare*float64(len(h.y)))
	defer func() { h.profile = nil }()
	profile := h.day(cut)
	if profile == nil {
		return false
	}
	without, ok := h.error(c, cut)
	h.profile = profile
	with, ok2 := h.error(c, cut)
	return ok && ok2 && with < without*(1-margin)
}

// error returns the absolute errors from the block cut on, those of each horizon
// divided by the last value's; false where nothing can be judged.
func (h *past) error(c Config, cut int) (sum float64, ok bool) {
	r, err := Auto(h.rest(c, cut), 1)
	if err != nil {
		return 0, false
	}
	longest := h.ahead[len(h.ahead)-1]
	mean, variance, work := make([]float64, longest), make([]float64, longest), make([]float64, longest)
	errors, last := make([]float64, len(h.ahead)), make([]float64, len(h.ahead))
	season := func(i int) float64 {
		if h.profile == nil {
			return 0
		}
		return h.profile[h.phase(i)]
	}
	s := r.End
	for t := cut; t < len(h.y); t++ {
		r.Step(&s, h.y[t]-season(t))
		if math.IsNaN(h.y[t]) {
			continue
		}
		r.Moments(mean, variance, work, &s)
		for i, ahead := range h.ahead {
			if t+ahead >= len(h.y) || math.IsNaN(h.y[t+ahead]) {
				continue
			}
			errors[i] += math.Abs(mean[ahead-1] + season(t+ahead) - h.y[t+ahead])
			last[i] += math.Abs(h.y[t] - h.y[t+ahead])
		}
	}
	for i, e := range errors {
		if last[i] > 0 {
			sum += e / last[i]
			ok = true
		}
	}
	return sum, ok
}
