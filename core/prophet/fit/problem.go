package fit

import (
	"math"

	"github.com/foretide/foretide/core/prophet"
)

// A problem is a posterior to maximise: Prophet's Stan program on scaled data.
//
//	y ~ N(g(t)·(1 + X_m β_m) + X_a β_a, σ)
//	k, m ~ N(0, 5)   δ ~ Laplace(0, τ)   β_j ~ N(0, s_j)   σ ~ N⁺(0, 0.5)
//
// The linear trend, and the logit of the logistic one, is linear in its
// parameters: columns of time, of ones, and of hinges (t-s_j)₊.
type problem struct {
	growth   prophet.Growth
	t, y     []float64 // scaled; t ascending in [0, 1]
	capacity []float64 // scaled; nil without logistic growth
	x        []float64 // features, a row of width after the other
	width    int
	mult     []bool // of each feature
	anyMult  bool
	prior    []float64 // standard deviation of each feature's coefficient
	changes  []float64
	tau      float64
	from     []int // first row of each segment between changepoints, and the end
}

// The scales of the priors that Prophet does not let one choose.
const (
	trendPrior = 5
	noisePrior = 0.5
	// leastNoise is a floor of σ: two points, or values without noise, have a
	// posterior without a bound.
	leastNoise = 1e-9
)

// theta is a point in the space of parameters.
type theta struct {
	k, m  float64
	delta []float64
	beta  []float64
	sigma float64
}

func (p *problem) newTheta() *theta {
	return &theta{delta: make([]float64, len(p.changes)), beta: make([]float64, p.width)}
}

// segments sets from: row i is in segment j where from[j] ≤ i < from[j+1], and
// is at or after j changepoints.
func (p *problem) segments() {
	p.from = make([]int, 0, len(p.changes)+2)
	p.from = append(p.from, 0)
	i := 0
	for _, s := range p.changes {
		for i < len(p.t) && p.t[i] < s {
			i++
		}
		p.from = append(p.from, i)
	}
	p.from = append(p.from, len(p.t))
}

// A state is what a point predicts, row by row.
type state struct {
	resid []float64 // y less the prediction
	slope []float64 // derivative of the prediction by the line of the trend
	trend []float64
	rss   float64
}

func (p *problem) newState() *state {
	n := len(p.y)
	return &state{resid: make([]float64, n), slope: make([]float64, n), trend: make([]float64, n)}
}

// predict fills s with what the point predicts.
func (p *problem) predict(s *state, a *theta) {
	rate, offset := a.k, a.m
	if p.growth == prophet.Logistic {
		offset = -a.k * a.m
	}
	s.rss = 0
	for j := 0; j+1 < len(p.from); j++ {
		if j > 0 {
			rate += a.delta[j-1]
			offset -= a.delta[j-1] * p.changes[j-1]
		}
		for i := p.from[j]; i < p.from[j+1]; i++ {
			g, slope := rate*p.t[i]+offset, 1.0
			if p.growth == prophet.Logistic {
				share := 1 / (1 + math.Exp(-g))
				g = p.capacity[i] * share
				slope = g * (1 - share)
			}
			s.trend[i], s.slope[i] = g, slope
		}
	}
	w := p.width
	for i, y := range p.y {
		row := p.x[i*w:][:w]
		add, mul := 0.0, 1.0
		if !p.anyMult {
			for j, b := range a.beta {
				add += b * row[j]
			}
		} else {
			for j, b := range a.beta {
				if p.mult[j] {
					mul += b * row[j]
				} else {
					add += b * row[j]
				}
			}
		}
		r := y - (s.trend[i]*mul + add)
		s.slope[i] *= mul
		s.resid[i] = r
		s.rss += r * r
	}
}

// penalty is minus the logarithm of the priors but σ's, up to a constant.
func (p *problem) penalty(a *theta) float64 {
	v := (a.k*a.k + a.m*a.m) / (2 * trendPrior * trendPrior)
	for _, d := range a.delta {
		v += math.Abs(d) / p.tau
	}
	for j, b := range a.beta {
		z := b / p.prior[j]
		v += z * z / 2
	}
	return v
}

// noise returns the σ that is best for a residual sum of squares: the root of
// 4σ⁴ + nσ² - rss.
func (p *problem) noise(rss float64) float64 {
	n := float64(len(p.y))
	const prior = 1 / (noisePrior * noisePrior)
	// The usual formula of the root cancels; this one does not.
	s2 := 2 * rss / (n + math.Sqrt(n*n+4*prior*rss))
	return max(math.Sqrt(s2), leastNoise)
}

// logPosterior returns the logarithm of the posterior density, with the
// constants that Stan leaves out left out.
func (p *problem) logPosterior(a *theta, rss float64) float64 {
	n, s := float64(len(p.y)), a.sigma
	return -n*math.Log(s) - rss/(2*s*s) - s*s/(2*noisePrior*noisePrior) - p.penalty(a)
}
