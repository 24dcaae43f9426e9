package fit

import (
	"math"

	"github.com/foretide/foretide/core/arima"
	"github.com/foretide/foretide/core/arima/internal/sarima"
	"github.com/foretide/foretide/core/internal/decompose"
	"github.com/foretide/foretide/core/internal/stat"
)

const (
	day  int64 = 86400
	week       = 7 * day
)

// A pattern is a way to describe what repeats with the calendar: harmonics of
// the period, or where their number is zero, the cyclic seasonal part of STL.
// The zero value is no pattern.
type pattern struct {
	period    int64 // seconds
	harmonics int
}

// patterns are what is tried where the history has enough periods. A day's
// load has a few harmonics; a week's needs seven for each of the day's.
var patterns = [...]pattern{{}, {day, 3}, {day, 8}, {day, 0}, {week, 28}, {week, 0}}

// patternOf returns the pattern that a season is of.
func patternOf(s *arima.Season) pattern {
	if s.None() {
		return pattern{}
	}
	return pattern{s.Period, len(s.Cos)}
}

// periods is how often a pattern must have been seen to be tried.
const periods = 3

// seen reports whether n blocks of span seconds show the pattern often enough.
func (p pattern) seen(n int, span int64) bool {
	if p.period == 0 {
		return true
	}
	return int64(n)*span >= periods*p.period && (p.harmonics > 0 || p.period%span == 0) &&
		int64(2*p.harmonics)*span < p.period
}

// fit returns the pattern in z, whose first block begins at the Unix second
// start; the zero Season where it cannot be found.
func (p pattern) fit(z []float64, start, span int64) arima.Season {
	switch {
	case p.period == 0:
		return arima.Season{}
	case p.harmonics > 0:
		return p.waves(z, start, span)
	}
	return p.profile(z, start, span)
}

// waves estimates harmonics by least squares beside a line. Least squares is
// asymptotically as efficient for them as generalised least squares with the
// ARMA errors' covariance (Grenander 1954), and a fraction of the work.
func (p pattern) waves(z []float64, start, span int64) arima.Season {
	s := arima.Season{Period: p.period, Cos: make([]float64, p.harmonics), Sin: make([]float64, p.harmonics)}
	k := 2*p.harmonics + 2
	// Rows of the regression: line, then cosine and sine of each harmonic.
	row, gram, right := make([]float64, k), make([]float64, k*k), make([]float64, k)
	row[0] = 1
	for i, v := range z {
		if math.IsNaN(v) {
			continue
		}
		row[1] = 2*float64(i)/float64(len(z)) - 1
		phase := float64((start+int64(i)*span)%p.period) / float64(p.period)
		for h := range p.harmonics {
			row[2+2*h+1], row[2+2*h] = math.Sincos(2 * math.Pi * float64(h+1) * phase)
		}
		for a, f := range row {
			right[a] += f * v
			g := gram[a*k : a*k+a+1]
			for b := range g {
				g[b] += f * row[b]
			}
		}
	}
	beta := make([]float64, k)
	if !cholesky(beta, gram, right, k) {
		return arima.Season{}
	}
	for h := range p.harmonics {
		s.Cos[h], s.Sin[h] = beta[2+2*h], beta[2+2*h+1]
	}
	return s
}

// robustPasses of STL's outer loop are enough for a profile that need not be
// more exact than what will follow.
const robustPasses = 3

// profile is the seasonal part of STL, the same in every period, guarded
// against outliers.
func (p pattern) profile(z []float64, start, span int64) arima.Season {
	n := int(p.period / span)
	filled := make([]float64, len(z))
	if !decompose.Fill(filled, z, n) {
		return arima.Season{}
	}
	// Over few periods STL takes many passes to tell a slope from a sawtooth.
	removeLine(filled)
	c := decompose.Periodic(n)
	c.Inner, c.Outer = 1, robustPasses
	var d decompose.Result
	if decompose.STL(&d, filled, n, c) != nil {
		return arima.Season{}
	}
	s := arima.Season{Period: p.period, Profile: make([]float64, n)}
	mean := 0.0
	for _, v := range d.Seasonal[:n] {
		mean += v / float64(n)
	}
	first := int(start % p.period / span)
	for i, v := range d.Seasonal[:n] {
		s.Profile[(first+i)%n] = v - mean
	}
	return s
}

// removeLine takes the least squares line out of z.
func removeLine(z []float64) {
	middle := float64(len(z)-1) / 2
	mean, cross, square := meanOf(z), 0.0, 0.0
	for i, v := range z {
		x := float64(i) - middle
		cross += x * v
		square += x * x
	}
	for i := range z {
		z[i] -= mean + cross/square*(float64(i)-middle)
	}
}

// rest writes z less the season to dst.
func rest(dst, z []float64, s *arima.Season, start, span int64) {
	copy(dst, z)
	if s.None() {
		return
	}
	for i := range dst {
		dst[i] -= s.At(start + int64(i)*span)
	}
}

// autoregression fits a long autoregression with a mean to z by least
// squares, its order by AICc: quick, and near enough to any ARIMA model to
// judge by what it is to be fitted to. nil where z is too short.
func autoregression(z []float64) *sarima.Process {
	w := append([]float64(nil), z...)
	interpolate(w)
	mean := meanOf(w)
	for t := range w {
		w[t] -= mean
	}
	const most = 24
	var best *sarima.Process
	score := math.Inf(1)
	for _, p := range [...]int{1, 2, 3, 4, 6, 9, 12, most} {
		n := float64(len(w) - most)
		if n < 4*float64(p)+8 {
			break
		}
		cols := make([]lagged, p)
		for i := range cols {
			cols[i] = lagged{w, i + 1}
		}
		phi := make([]float64, p)
		if !regress(phi, w, cols, most) {
			break
		}
		e := append([]float64(nil), w[most:]...)
		for i, f := range phi {
			for t := range e {
				e[t] -= f * w[most+t-i-1]
			}
		}
		s2 := stat.Dot(e, e) / n
		k := float64(p + 2)
		if v := n*math.Log(s2) + 2*k + 2*k*(k+1)/(n-k-1); v < score {
			score = v
			best = sarima.NewProcess(sarima.Order{P: p}, phi)
			best.Constant, best.Beta, best.Sigma2 = true, []float64{mean}, s2
		}
	}
	return best
}
