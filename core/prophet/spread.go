package prophet

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/foretide/foretide/core/forecast"
)

// A spread is the distribution of the actual value about a forecast: noise, and
// beyond the history changes of the trend to come. These are Prophet's: changes
// at the mean rate of the changepoints, as many as they are to a Span, each
// from a Laplace distribution with the mean size of those in the history. The
// line of the trend is then off by a compound Poisson sum, whose cumulants over
// a time h are known:
//
//	κ₂ = 2 S λ² h³/3,  κ₄ = 24 S λ⁴ h⁵/5
type spread struct {
	sigma  float64 // of the noise, in units of Scale
	rate   float64 // S, changes to a Span
	size   float64 // λ
	h      float64 // Spans beyond the history
	slope  float64 // of the value, in units of Scale, by the line
	sd     float64 // of the value about the forecast, in units of Scale
	excess float64 // kurtosis
	normal bool    // nearly so: quantiles are those of a normal, corrected for excess
}

const (
	// fairExcess is up to where the Cornish-Fisher correction of normal
	// quantiles is good to about 2 % of their distance from the median.
	fairExcess = 0.5
	// fairShare is the share of the variance up to which the trend of
	// logistic growth moves in proportion to its line.
	fairShare = 0.02
	// manyChanges is from where on their sum is normal.
	manyChanges = 400
)

func (c *Curve) spreadAt(t int64, in []float64) spread {
	p := c.At(t, in)
	s := spread{sigma: c.Sigma, rate: float64(max(len(c.Changes), 1)), size: c.shake + 1e-8,
		h: max(c.x(t)-1, 0), slope: 1 + p.Multiplicative}
	switch c.Growth {
	case Flat:
		s.slope = 0
	case Logistic:
		_, capacity := c.bounds(in)
		share := 1 / (1 + math.Exp(-c.line(c.x(t))))
		s.slope *= capacity * share * (1 - share)
	}
	k2 := s.slope * s.slope * 2 * s.rate * s.size * s.size * s.h * s.h * s.h / 3
	k4 := s.slope * s.slope * s.size * s.size
	k4 *= k4 * 24 * s.rate * math.Pow(s.h, 5) / 5
	v := k2 + s.sigma*s.sigma
	s.sd = math.Sqrt(v)
	if v > 0 {
		s.excess = k4 / (v * v)
	}
	s.normal = s.excess <= fairExcess && (c.Growth != Logistic || k2 <= fairShare*v) || s.rate*s.h > manyChanges || v == 0
	return s
}

// quantiles sets dst to the quantiles of the actual value at t, less the
// forecast, in the metric's unit.
func (c *Curve) quantiles(dst, levels []float64, t int64, in []float64, scratch *forecast.Scratch) {
	s := c.spreadAt(t, in)
	if s.normal {
		for i, p := range levels {
			z := normalQuantile(p)
			z += s.excess * (z*z*z - 3*z) / 24 // Cornish and Fisher 1938
			dst[i] = z * s.sd * c.Scale
		}
		return
	}
	mark := scratch.Mark()
	defer scratch.Release(mark)
	draws := scratch.Floats(simulated)
	c.simulate(draws, &s, t, in)
	slices.Sort(draws)
	for i, p := range levels {
		at := p * float64(len(draws)-1)
		j := min(int(at), len(draws)-2)
		dst[i] = (draws[j] + (at-float64(j))*(draws[j+1]-draws[j])) * c.Scale
	}
}

// simulated is the number of paths, as many again as Prophet's: each is taken
// with both signs.
const simulated = 2000

// simulate draws values about the forecast, in units of Scale. The same model
// and time give the same draws.
func (c *Curve) simulate(draws []float64, s *spread, t int64, in []float64) {
	var source rand.PCG
	source.Seed(uint64(t), uint64(len(draws)))
	uniform := func() float64 { return (float64(source.Uint64()>>11) + 0.5) * 0x1p-53 }
	_, capacity := c.bounds(in)
	p := c.At(t, in)
	line := c.line(c.x(t))
	base := c.growth(line, capacity)
	for i := 0; i+1 < len(draws); i += 2 {
		off := 0.0
		for u := 0.0; ; {
			u -= math.Log(uniform()) / s.rate
			if !(u < s.h) {
				break
			}
			size := -s.size * math.Log(uniform())
			if source.Uint64()&1 == 0 {
				size = -size
			}
			off += size * (s.h - u)
		}
		noise := s.sigma * normalQuantile(uniform())
		draws[i] = (c.growth(line+off, capacity)-base)*(1+p.Multiplicative) + noise
		draws[i+1] = (c.growth(line-off, capacity)-base)*(1+p.Multiplicative) - noise
	}
}

// normalQuantile returns the p-quantile of the standard normal distribution,
// p in (0,1); at most 38 from zero.
func normalQuantile(p float64) float64 {
	return min(max(math.Sqrt2*math.Erfinv(2*p-1), -38), 38)
}

// Interval returns the central interval that the actual value at the Unix
// second t is in with the given probability, by the model: Prophet's
// yhat_lower and yhat_upper.
func (c *Curve) Interval(t int64, in []float64, coverage float64) (lo, hi float64) {
	var scratch forecast.Scratch
	var q [2]float64
	c.quantiles(q[:], []float64{(1 - coverage) / 2, (1 + coverage) / 2}, t, in, &scratch)
	v := c.At(t, in).Value()
	return v + q[0], v + q[1]
}
