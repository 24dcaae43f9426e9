package fit

import (
	"math"
	"slices"

	"github.com/foretide/foretide/core/arima"
	"github.com/foretide/foretide/core/arima/internal/sarima"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

// A choice is what one horizon is forecast by, apart from the ARIMA process.
type choice struct {
	pattern pattern
	clip    float64 // bound of the innovations, in their robust scale; +Inf: none
}

// clips are the bounds that are tried, in units of the innovations' median
// absolute value (0.6745 standard deviations where they are normal).
var clips = [...]float64{math.Inf(1), 6, 3}

// chooser chooses by absolute error on the last part of a history.
type chooser struct {
	z     []float64 // transformed blocks
	y     []float64 // blocks
	link  series.Link
	start int64 // Unix seconds of the first block
	span  int64
	ahead []int // blocks, of each horizon
}

const (
	// judgedShare of the blocks, at the end, judge patterns and bounds.
	judgedShare = 0.25
	// fewest blocks to judge on; with fewer there is no pattern and no bound.
	fewest = 60
	// margin is by how much an error must be lower for a pattern or a bound to
	// be taken.
	margin = 0.01
	// judgedOrigins is about how many origins are enough to judge by.
	judgedOrigins = 1500
)

// choose returns the choice for each horizon.
func (c *chooser) choose(opts *forecast.Options) []choice {
	best := make([]choice, len(c.ahead))
	for i := range best {
		best[i] = choice{clip: math.Inf(1)}
	}
	var plain, least []score
	cut := len(c.z) - int(judgedShare*float64(len(c.z)))
	if len(c.z)-cut < fewest {
		return best
	}
	w := make([]float64, len(c.z))
	for i, p := range patterns {
		opts.Emit(forecast.Event{Stage: "fit", Done: i, Total: len(patterns) + 1, Loss: math.NaN()})
		if !p.seen(cut, c.span) || opts.Interrupted() && p != (pattern{}) {
			continue
		}
		part := arima.Part{Link: c.link, Season: p.fit(c.z[:cut], c.start, c.span)}
		if p.period > 0 && part.Season.None() {
			continue
		}
		rest(w, c.z, &part.Season, c.start, c.span)
		process := autoregression(w[:cut])
		if process == nil {
			return best
		}
		part.Process = *process
		unit := scaleOf(process, w[:cut])
		for _, clip := range clips {
			part.Clip = clip * unit
			scores := c.scores(&part, w, cut)
			if plain == nil {
				plain, least = scores, slices.Clone(scores)
			}
			for i, e := range scores {
				if e.below(&plain[i]) && e.mean() < least[i].mean()*(1-margin) {
					best[i], least[i] = choice{p, clip}, e
				}
			}
		}
	}
	return best
}

// A score is the absolute errors of one horizon in equal parts of time.
type score struct {
	sum, count [judgedParts]float64
}

// judgedParts must each be forecast better with a pattern or a bound than
// without: what pays only at one time is chance.
const judgedParts = 3

func (s *score) mean() float64 {
	sum, count := 0.0, 0.0
	for i := range s.sum {
		sum += s.sum[i]
		count += s.count[i]
	}
	return sum / count // NaN, which is never less, where nothing is observed
}

// below reports whether no part has a larger error than the other's.
func (s *score) below(o *score) bool {
	for i := range s.sum {
		if s.sum[i] > o.sum[i] {
			return false
		}
	}
	return true
}

// scores returns the errors at each horizon of the forecasts from origins
// from cut on. w is the series less the part's season.
func (c *chooser) scores(part *arima.Part, w []float64, cut int) []score {
	k := sarima.NewTracker(&part.Process, part.Clip)
	lags := max(1, k.Lags())
	s, f := sarima.NewState(lags), sarima.NewState(lags)
	longest := c.ahead[len(c.ahead)-1]
	path := make([]float64, longest)
	all := make([]score, len(c.ahead))
	stride := max(1, (len(w)-cut)/judgedOrigins)
	started := false
	for t, v := range w {
		if !started {
			if math.IsNaN(v) {
				continue
			}
			s.Reset(v)
			started = true
		}
		k.Step(&s, v)
		if t < cut || (t-cut)%stride != 0 || math.IsNaN(v) {
			continue
		}
		f.Copy(&s)
		k.Forecast(path, &f)
		for i, h := range c.ahead {
			if t+h >= len(w) || math.IsNaN(c.y[t+h]) {
				continue
			}
			z := path[h-1] + part.Season.At(c.start+int64(t+h)*c.span)
			part := (t - cut) * judgedParts / (len(w) - cut)
			all[i].sum[part] += min(math.Abs(c.link.Invert(z)-c.y[t+h]), math.MaxFloat64/1e6)
			all[i].count[part]++
		}
	}
	return all
}

// scaleOf returns the median absolute innovation of the process over w; +Inf
// where it is zero, so that nothing is cut.
func scaleOf(p *sarima.Process, w []float64) float64 {
	k := sarima.NewTracker(p, math.Inf(1))
	s := sarima.NewState(max(1, k.Lags()))
	var e []float64
	started := false
	for _, v := range w {
		if started {
			e = append(e, math.Abs(k.Step(&s, v)))
		} else if !math.IsNaN(v) {
			s.Reset(v)
			started = true
		}
	}
	if m := median(e); m > 0 {
		return m
	}
	return math.Inf(1)
}
