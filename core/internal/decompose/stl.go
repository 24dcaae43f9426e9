// Package decompose splits a series into seasonal patterns, a trend and what
// remains: STL for one season, MSTL for several (a day and a week, say).
//
// The series is on a regular grid without gaps: a missing or infinite value is
// ErrMissing, and Fill replaces missing values by seasonal interpolation
// first. Components are in the unit of the series and add up to it.
package decompose

import (
	"errors"
	"math"
	"slices"
)

// The conditions under which a series cannot be decomposed.
var (
	// ErrShort: the series is not longer than two periods.
	ErrShort = errors.New("decompose: series is not longer than two periods")
	// ErrMissing: the series has a NaN or an infinity; see Fill.
	ErrMissing = errors.New("decompose: series has missing values")
	// ErrPeriod: a period is less than two, or periods are not ascending.
	ErrPeriod = errors.New("decompose: period is less than 2 or not above the one before")
	// ErrConfig: a window is even or less than 3, a degree is neither 0 nor 1,
	// a jump is less than 1, or a number of passes is impossible.
	ErrConfig = errors.New("decompose: impossible setting")
)

// A Config is the setting of STL. Start from Defaults or Periodic; every field
// is taken literally.
type Config struct {
	Seasonal Loess // of the values at one phase of the season, over the cycles
	Trend    Loess
	LowPass  Loess // of what is left of the level in the seasonal part
	// Cyclic makes the pattern the same in every cycle: the mean over the
	// cycles of a seasonal smoothing as wide as the series. Seasonal is then
	// not used.
	Cyclic bool
	Inner  int // passes that update the seasonal part and the trend, at least 1
	Outer  int // passes that update the robustness weights, at least 0
}

// Defaults returns the usual setting for a period in points and a seasonal
// window in cycles (odd, at least 7 is advised): the trend's window is the
// smallest odd one that keeps the season out of the trend (section 3.7 of the
// paper), jumps are a tenth of the windows, and outliers are not guarded
// against (see Config.Robust). R's stl has the same defaults.
func Defaults(period, window int) Config {
	trend := 1.5 * float64(period) / (1 - 1.5/float64(window))
	return config(period, window, int(math.Ceil(trend)))
}

// Periodic returns Defaults for a pattern that is the same in every cycle.
func Periodic(period int) Config {
	// The limit of Defaults for a seasonal window that grows without end,
	// reached from above.
	c := config(period, 3, 3*period/2+1)
	c.Cyclic = true
	return c
}

func config(period, window, trend int) Config {
	loess := func(window, degree int) Loess {
		return Loess{Window: window, Degree: degree, Jump: (window + 9) / 10}
	}
	return Config{
		Seasonal: loess(window, 0),
		Trend:    loess(trend|1, 1),
		LowPass:  loess(period|1, 1),
		Inner:    2,
	}
}

func (c *Config) valid() bool {
	return (c.Cyclic || c.Seasonal.valid()) && c.Trend.valid() && c.LowPass.valid() &&
		c.Inner >= 1 && c.Outer >= 0
}

// A Result is a decomposition: y = Seasonal + Trend + Remainder at each point.
// STL overwrites it and reuses its storage.
type Result struct {
	Seasonal  []float64
	Trend     []float64
	Remainder []float64
	// Weights are the robustness weights in [0,1] of the last pass, all 1
	// without outer passes.
	Weights []float64

	work []float64
}

// STL decomposes y, which has no missing value and is longer than two periods,
// into a season of the period in points, a trend and a remainder:
// Cleveland, Cleveland, McRae, Terpenning: "STL: A Seasonal-Trend
// Decomposition Procedure Based on Loess", J. Official Statistics 6 (1990).
// It gives what R's stl does with the same setting, except for a robust fit
// to an even number of points, where the order statistics that R takes for
// the median are not always the middle ones. dst grows where it is too
// small and is not to be read after an error: ErrPeriod, ErrShort, ErrConfig
// or ErrMissing.
func STL(dst *Result, y []float64, period int, c Config) error {
	n := len(y)
	switch {
	case period < 2:
		return ErrPeriod
	case n <= 2*period:
		return ErrShort
	case !c.valid():
		return ErrConfig
	case !finite(y):
		return ErrMissing
	}
	if c.Cyclic {
		// Every value of a phase gets nearly the same weight; as R has it.
		c.Seasonal = Loess{Window: 10*n + 1, Jump: n + 1}
	}
	p := dst.prepare(n, period)
	p.y, p.config = y, c
	p.inner()
	for range c.Outer {
		p.reweight()
		p.inner()
	}
	if c.Cyclic {
		average(dst.Seasonal, period)
	}
	for i, v := range y {
		dst.Remainder[i] = v - dst.Seasonal[i] - dst.Trend[i]
	}
	return nil
}

// procedure is the state of one run of STL.
type procedure struct {
	*Result
	y      []float64
	period int
	config Config
	robust []float64 // Weights once they are known, nil before

	a, b, c  []float64 // n + 2 periods each
	sub, out []float64 // one cycle-subseries and its smoothed values, extended by one at each end
	subRW, w []float64
}

// prepare sizes the result and its workspace for n points.
func (r *Result) prepare(n, period int) *procedure {
	long, sub := n+2*period, (n-1)/period+3
	size := 4*n + 4*long + 3*sub
	if cap(r.work) < size {
		r.work = make([]float64, size)
	}
	buf := r.work[:size]
	next := func(n int) []float64 {
		s := buf[:n:n]
		buf = buf[n:]
		return s
	}
	r.Seasonal, r.Trend, r.Remainder, r.Weights = next(n), next(n), next(n), next(n)
	clear(r.Trend)
	for i := range r.Weights {
		r.Weights[i] = 1
	}
	return &procedure{Result: r, period: period,
		a: next(long), b: next(long), c: next(long), w: next(long),
		sub: next(sub), out: next(sub), subRW: next(sub)}
}

// inner runs the inner loop (section 2.2 of the paper) on the seasonal part
// and the trend.
func (p *procedure) inner() {
	n := len(p.y)
	for range p.config.Inner {
		for i, v := range p.y {
			p.a[i] = v - p.Trend[i]
		}
		p.smoothPhases(p.b, p.a[:n])
		p.lowPass()
		p.config.LowPass.smooth(p.c[:n], p.a[:n], nil, p.w)
		for i := range p.Seasonal {
			p.Seasonal[i] = p.b[i+p.period] - p.c[i]
			p.a[i] = p.y[i] - p.Seasonal[i]
		}
		p.config.Trend.smooth(p.Trend, p.a[:n], p.robust, p.w)
	}
}

// smoothPhases smooths the values at each phase of the season over the cycles
// and extends them by a cycle at either end: dst has two periods more than x.
func (p *procedure) smoothPhases(dst, x []float64) {
	l := p.config.Seasonal
	for phase := range p.period {
		k := 0
		for i := phase; i < len(x); i += p.period {
			p.sub[k] = x[i]
			if p.robust != nil {
				p.subRW[k] = p.robust[i]
			}
			k++
		}
		sub, out := p.sub[:k], p.out[:k+2]
		var rw []float64
		if p.robust != nil {
			rw = p.subRW[:k]
		}
		l.smooth(out[1:k+1], sub, rw, p.w)
		var ok bool
		if out[0], ok = l.fit(sub, rw, p.w, -1, 0, min(l.Window, k)-1); !ok {
			out[0] = out[1]
		}
		if out[k+1], ok = l.fit(sub, rw, p.w, float64(k), max(0, k-l.Window), k-1); !ok {
			out[k+1] = out[k]
		}
		for j, v := range out {
			dst[phase+j*p.period] = v
		}
	}
}

// lowPass makes p.a moving averages of p.b: of a period, of a period, of three.
func (p *procedure) lowPass() {
	n := len(p.y)
	movingAverage(p.a, p.b, p.period)
	movingAverage(p.c, p.a[:n+p.period+1], p.period)
	movingAverage(p.a, p.c[:n+2], 3)
}

// movingAverage writes the means of each k consecutive values of x to dst.
func movingAverage(dst, x []float64, k int) {
	sum := 0.0
	for _, v := range x[:k] {
		sum += v
	}
	dst[0] = sum / float64(k)
	for i := k; i < len(x); i++ {
		sum += x[i] - x[i-k]
		dst[i-k+1] = sum / float64(k)
	}
}

// reweight sets the robustness weights by the present remainder: bisquare, to
// zero at six median absolute remainders (section 2.3 of the paper).
func (p *procedure) reweight() {
	n := len(p.y)
	r, sorted := p.a[:n], p.b[:n]
	for i, v := range p.y {
		r[i] = math.Abs(v - p.Seasonal[i] - p.Trend[i])
	}
	copy(sorted, r)
	slices.Sort(sorted)
	h := 3 * (sorted[n/2] + sorted[(n-1)/2])
	for i, v := range r {
		switch {
		case v <= 0.001*h:
			p.Weights[i] = 1
		case v <= 0.999*h:
			q := v / h
			q = 1 - q*q
			p.Weights[i] = q * q
		default:
			p.Weights[i] = 0
		}
	}
	p.robust = p.Weights
}

// average replaces the values at each phase by their mean.
func average(v []float64, period int) {
	for phase := range period {
		sum, count := 0.0, 0
		for i := phase; i < len(v); i += period {
			sum += v[i]
			count++
		}
		for i := phase; i < len(v); i += period {
			v[i] = sum / float64(count)
		}
	}
}

func finite(y []float64) bool {
	for _, v := range y {
		if math.IsNaN(v - v) {
			return false
		}
	}
	return true
}
