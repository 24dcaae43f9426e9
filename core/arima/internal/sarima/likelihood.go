package sarima

import (
	"errors"
	"math"

	"github.com/foretide/foretide/core/internal/stat"
)

// Errors of likelihoods and predictions.
var (
	// ErrShort: fewer observed values than differencing uses up, or fewer than
	// the parameters.
	ErrShort = errors.New("arima: too few observed values for the order")
	// ErrRegressors: a regressor has another length than the series, a value
	// that is not finite, or is a combination of the others.
	ErrRegressors = errors.New("arima: regressors are not finite, of another length, or collinear")
	// ErrNotStationary: the AR coefficients are not those of a stationary
	// process.
	ErrNotStationary = errors.New("arima: autoregressive part is not stationary")
)

// A Likelihood is the exact Gaussian likelihood of one series under the
// processes of one order, with regression. It holds all workspace: evaluating
// it allocates nothing. It is not safe for concurrent use.
//
// The series and its regressors are differenced and the stationary rest
// filtered (innovations). A few missing values (NaN) are filled and then
// integrated out, each by a pulse (pulses.go); with many, or some among the
// first DiffLags values, the process is filtered in levels with a diffuse
// start (kalman). All give the likelihood of the differenced values. The
// regression coefficients are profiled out by generalised least squares, σ²
// by its closed form.
type Likelihood struct {
	order   Order
	n       int         // observed values that count: R's nobs
	columns [][]float64 // the series, the pulses, the regressors
	data    [][]float64 // of these, the series and the regressors
	pulses  int
	out     [][]float64
	full    *innovations
	holes   *kalman

	center   []float64 // coefficients of the columns taken out of the series beforehand
	ySD      float64   // the series is divided by it
	xSD      []float64 // each column after the first is divided by it
	phi      []float64
	theta    []float64
	gram     []float64 // (k+1)², of the standardised innovations
	chol     []float64
	beta     []float64 // of the last evaluation, pulses and regressors, in the series' units
	resid    []float64
	logScale float64
}

// A Value is a likelihood at one point.
type Value struct {
	LogLik float64 // with σ² at its maximum
	Sigma2 float64 // the maximum likelihood estimate: SSQ / N
	SSQ    float64 // Σ v_t²/F_t
	SumLog float64 // Σ log F_t, of the observed values
	N      int     // values that count
}

// NewLikelihood prepares the likelihood of y, NaN for missing, with the
// regressors x, each of y's length. The inputs are copied.
func NewLikelihood(y []float64, x [][]float64, o Order) (*Likelihood, error) {
	return newLikelihood(y, x, o, false)
}

// NewLevelsLikelihood prepares the likelihood as R's arima computes it: always
// in levels, with the non-stationary part started at zero with a variance of
// 1e6 relative to the innovations'. Where the level of the series is not near
// zero that start leaves a trace of some 1e-2 in the log-likelihood which the
// likelihood of the differences does not have. It is much slower and meant
// for comparisons.
func NewLevelsLikelihood(y []float64, x [][]float64, o Order) (*Likelihood, error) {
	return newLikelihood(y, x, o, true)
}

func newLikelihood(y []float64, x [][]float64, o Order, levels bool) (*Likelihood, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	observed, first := 0, math.NaN()
	for _, v := range y {
		if !math.IsNaN(v) {
			if observed == 0 {
				first = v
			}
			observed++
		}
	}
	n := observed - o.DiffLags()
	if n <= len(x) {
		return nil, ErrShort
	}
	l := &Likelihood{order: o, n: n, ySD: 1}
	shift := 0.0
	if o.D+o.SD > 0 && !levels {
		shift = first // differencing removes it; the diffuse start prefers it gone
	}
	z := make([]float64, len(y))
	for t, v := range y {
		z[t] = v - shift
	}
	holes := missing(z)
	l.columns = [][]float64{z}
	if levels || !pulsed(holes, o) {
		if err := l.addRegressors(x, len(y)); err != nil {
			return nil, err
		}
		if levels || len(holes) > 0 {
			l.holes = newKalman(len(l.columns), o.ARLags(), o.MALags(), DiffPoly(o))
		}
	} else {
		l.addPulses(holes)
		if err := l.addRegressors(x, len(y)); err != nil {
			return nil, err
		}
	}
	if l.holes == nil {
		for i, c := range l.columns {
			l.columns[i] = Difference(c, c, o)
		}
		l.full = newInnovations(l.columns, l.pulses, o.ARLags(), o.MALags())
	}
	l.allocate()
	return l, l.standardize()
}

// addRegressors appends copies of x, each of n values.
func (l *Likelihood) addRegressors(x [][]float64, n int) error {
	for _, c := range x {
		if len(c) != n || !finite(c) {
			return ErrRegressors
		}
		l.columns = append(l.columns, append([]float64(nil), c...))
	}
	return nil
}

func finite(c []float64) bool {
	for _, v := range c {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	return true
}

func (l *Likelihood) allocate() {
	k := len(l.columns) - 1
	for range l.columns {
		l.out = append(l.out, make([]float64, len(l.columns[0])))
	}
	l.data = append(append(l.data, l.columns[0]), l.columns[1+l.pulses:]...)
	l.center, l.beta = make([]float64, k), make([]float64, k)
	l.xSD = make([]float64, k)
	for i := range l.pulses {
		l.xSD[i] = 1
	}
	l.phi, l.theta = make([]float64, l.order.ARLags()), make([]float64, l.order.MALags())
	l.gram, l.chol = make([]float64, (k+1)*(k+1)), make([]float64, k*k)
	l.resid = make([]float64, len(l.columns[0]))
}

// standardize brings all columns to a common size and takes the least squares
// regression out of the series, so that large levels and units far from one
// cost no digits.
func (l *Likelihood) standardize() error {
	y, first := l.columns[0], l.pulses
	for i, c := range l.data[1:] {
		sd := rms(c, y)
		if sd == 0 {
			return ErrRegressors
		}
		scale(c, 1/sd)
		l.xSD[first+i] = sd
	}
	l.copyColumns()
	l.products()
	if !l.solve(first, len(l.beta)) {
		return ErrRegressors
	}
	copy(l.center, l.beta)
	for i, c := range l.data[1:] {
		for t := range y {
			y[t] -= l.center[first+i] * c[t]
		}
	}
	if s := rms(y, y); s > 0 {
		l.ySD = s
		scale(y, 1/s)
	}
	l.logScale = float64(l.n) * math.Log(l.ySD)
	return nil
}

// copyColumns makes out the columns as they are, rows with a missing value
// zero.
func (l *Likelihood) copyColumns() {
	for t, v := range l.columns[0] {
		for i, c := range l.columns {
			l.out[i][t] = c[t]
			if math.IsNaN(v) {
				l.out[i][t] = 0
			}
		}
	}
}

// rms is the root mean square of c where mask is observed.
func rms(c, mask []float64) float64 {
	big, n := 0.0, 0
	for t, v := range c {
		if !math.IsNaN(mask[t]) {
			big = max(big, math.Abs(v))
			n++
		}
	}
	if big == 0 {
		return 0
	}
	s := 0.0
	for t, v := range c {
		if !math.IsNaN(mask[t]) {
			s += (v / big) * (v / big)
		}
	}
	return big * math.Sqrt(s/float64(n))
}

func scale(c []float64, f float64) {
	for i := range c {
		c[i] *= f
	}
}

// Order returns the order that the likelihood is of.
func (l *Likelihood) Order() Order { return l.order }

// Regressors returns the number of regression coefficients.
func (l *Likelihood) Regressors() int { return len(l.beta) - l.pulses }

// N returns the number of values that count in the likelihood: the observed
// ones less those that differencing uses up.
func (l *Likelihood) N() int { return l.n }

// Len returns the number of residuals: the length of the series, less
// DiffLags unless Levels.
func (l *Likelihood) Len() int { return len(l.resid) }

// Levels reports whether the series is filtered in levels, not differenced.
func (l *Likelihood) Levels() bool { return l.holes != nil }

// Profile returns the likelihood at the ARMA coefficients (AR, MA, SAR, SMA)
// with the regression coefficients at their maximum, which Beta then returns.
// ok is false where the process is not stationary.
func (l *Likelihood) Profile(coefs []float64) (v Value, ok bool) {
	sumLog, ok := l.filter(coefs)
	if !ok || !l.solve(0, len(l.beta)) {
		return v, false
	}
	return l.value(sumLog), true
}

// At returns the likelihood at the ARMA coefficients and the regression
// coefficients beta.
func (l *Likelihood) At(coefs, beta []float64) (v Value, ok bool) {
	sumLog, ok := l.filter(coefs)
	if !ok {
		return v, false
	}
	for i, b := range beta {
		i += l.pulses
		l.beta[i] = (b*l.xSD[i] - l.center[i]) / l.ySD
	}
	if !l.solve(0, l.pulses) {
		return v, false
	}
	return l.value(sumLog), true
}

// filter runs the filter over all columns.
func (l *Likelihood) filter(coefs []float64) (sumLog float64, ok bool) {
	ar, ma, sar, sma := split(coefs, l.order)
	expandAR(l.phi, ar, sar, l.order.Period)
	expandMA(l.theta, ma, sma, l.order.Period)
	if l.full != nil {
		sumLog, ok = l.full.run(l.out, l.columns, l.phi, l.theta)
	} else {
		sumLog, _, ok = l.holes.run(l.out, l.columns, l.phi, l.theta)
		for _, c := range l.out {
			for t, v := range c {
				if math.IsNaN(v) {
					c[t] = 0
				}
			}
		}
	}
	if ok && len(l.beta) > 0 {
		l.products()
	}
	return sumLog, ok
}

// value computes the residuals at beta and the likelihood from them.
func (l *Likelihood) value(sumLog float64) Value {
	copy(l.resid, l.out[0])
	for i, b := range l.beta {
		for t, x := range l.out[i+1] {
			l.resid[t] -= b * x
		}
	}
	ssq := stat.Dot(l.resid, l.resid)
	sumLog += l.logPulses()
	n := float64(l.n)
	s2 := ssq / n
	return Value{
		LogLik: -0.5*(n*math.Log(2*math.Pi*s2)+sumLog+n) - l.logScale,
		Sigma2: s2 * l.ySD * l.ySD,
		SSQ:    ssq * l.ySD * l.ySD,
		SumLog: sumLog,
		N:      l.n,
	}
}

// Residuals returns the standardised innovations v_t/√F_t of the last
// evaluation divided by the scale that it also returns; zero where a value
// is missing or served to start the filter. They are overwritten by the next.
func (l *Likelihood) Residuals() (e []float64, unit float64) { return l.resid, l.ySD }

// Columns returns the differenced series, with the least squares regression
// taken out and divided by its root mean square, and its regressors, likewise
// scaled: the data that the likelihood is of. Missing values have been filled
// by interpolation; where Levels, they have not, and nothing is differenced.
// Do not modify them.
func (l *Likelihood) Columns() [][]float64 { return l.data }

// Beta writes the regression coefficients of the last evaluation to dst.
func (l *Likelihood) Beta(dst []float64) {
	for i := l.pulses; i < len(l.beta); i++ {
		dst[i-l.pulses] = (l.beta[i]*l.ySD + l.center[i]) / l.xSD[i]
	}
}

// products computes the lower triangle of the Gram matrix of out.
func (l *Likelihood) products() {
	k := len(l.out)
	for i, a := range l.out {
		from := 0
		if l.full != nil && i > 0 {
			from = min(l.full.from[i], len(a)) // zeros before
		}
		for j, b := range l.out[:i+1] {
			l.gram[i*k+j] = stat.Dot(a[from:], b[from:])
		}
	}
}

// solve finds the coefficients of the columns from to to, the others being
// what beta has, from the Gram matrix by Cholesky decomposition; false where
// the columns are collinear.
func (l *Likelihood) solve(from, to int) bool {
	k := len(l.beta)
	g := func(i, j int) float64 { return l.gram[(i+1)*(k+1)+j+1] }
	for i := from; i < to; i++ {
		s := l.gram[(i+1)*(k+1)]
		for j := range k {
			if j < from || j >= to {
				s -= l.beta[j] * g(max(i, j), min(i, j))
			}
		}
		for j := from; j <= i; j++ {
			v := g(i, j)
			for m := from; m < j; m++ {
				v -= l.chol[i*k+m] * l.chol[j*k+m]
			}
			if i > j {
				l.chol[i*k+j] = v / l.chol[j*k+j]
				s -= l.chol[i*k+j] * l.beta[j]
				continue
			}
			if !(v > 1e-12*g(i, i)) {
				return false
			}
			l.chol[i*k+i] = math.Sqrt(v)
		}
		l.beta[i] = s / l.chol[i*k+i]
	}
	for i := to - 1; i >= from; i-- {
		s := l.beta[i]
		for m := i + 1; m < to; m++ {
			s -= l.chol[m*k+i] * l.beta[m]
		}
		l.beta[i] = s / l.chol[i*k+i]
	}
	return true
}
