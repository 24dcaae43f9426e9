package fit

import (
	"math"

	"github.com/foretide/foretide/core/internal/stat"
)

// A problem is a linear quantile regression with a ridge towards a point. What
// is minimised over β is
//
//	Σ wᵢ ρ(yᵢ − xᵢ·β) + ½ Σ ridgeⱼ (βⱼ − towardsⱼ)²,  ρ(r) = (τ − [r<0]) r
//
// (Koenker and Bassett 1978, "Regression quantiles", eq. 3.1, and the ridge). At
// τ = ½ that is half the weighted sum of absolute deviations.
type problem struct {
	p       int       // columns
	x       []float64 // rows, one after the other
	y, w    []float64 // w ≥ 0
	tau     float64
	ridge   []float64 // ≥ 0
	towards []float64
}

// A solver solves problems by Newton steps on a smoothed loss: where |r| is
// below ε the absolute value is r²/2ε + ε/2, and ε goes towards 0 as the steps
// converge (Madsen and Nielsen 1993, "A finite smoothing algorithm for linear l1
// estimation", SIAM J. Optim. 3). Only rows within ε of their fit have a second
// derivative, so the steps become cheaper as they go on. Its storage is reused.
type solver struct {
	hessian, gradient, step []float64
	square                  []float64 // Σ wᵢ xᵢⱼ²
	residual, move          []float64
}

// maxSteps bounds the Newton steps of one solution; some 15 to 30 are usual.
const maxSteps = 200

// solve moves beta, where it starts, to the solution, and reports whether the
// steps converged. ε begins at the first share of the mean absolute residual
// (below 1 where beta is near the solution) and ends at the second.
func (s *solver) solve(beta []float64, q *problem, begin, smoothing float64) bool {
	s.resize(q)
	q.residuals(s.residual, beta)
	size := q.meanAbs(s.residual)
	if !(size > 0) {
		return size == 0 // every row is fitted as it is
	}
	epsilon := begin * size
	last := false
	for range maxSteps {

		s.newton(beta, q, epsilon, nearness*0.5/size)
		decrement := 0.0
		for j, d := range s.step {
			decrement -= d * s.gradient[j]
		}
		loss := q.loss(s.residual, beta)
		if !(decrement >= 0) || math.IsInf(decrement, 0) {
			return false
		}
		if decrement > 0.1*smoothing*loss {
			s.descend(beta, q, epsilon)
		}
		// The steps of a wide ε need not be followed to their end.
		converged := decrement <= 0.1*smoothing*loss
		if converged && last {
			return true
		}
		if rough := decrement <= 0.02*loss*epsilon/size; converged || rough && !last {
			size = q.meanAbs(s.residual)
			if size == 0 {
				return true
			}
			epsilon = max(0.2*min(epsilon, size), smoothing*size)
			last = epsilon <= smoothing*size
		}
	}
	return false
}

func (s *solver) resize(q *problem) {
	n, p := len(q.y), q.p
	if cap(s.residual) < n {
		s.residual, s.move = make([]float64, n), make([]float64, n)
	}
	s.residual, s.move = s.residual[:n], s.move[:n]
	if cap(s.gradient) < p {
		s.hessian, s.square = make([]float64, p*p), make([]float64, p)
		s.gradient, s.step = make([]float64, p), make([]float64, p)
	}
	s.hessian, s.gradient, s.step, s.square = s.hessian[:p*p], s.gradient[:p], s.step[:p], s.square[:p]
	clear(s.square)
	for i, w := range q.w {
		for j, x := range q.x[i*p : (i+1)*p] {
			s.square[j] += w * x * x
		}
	}
}

// residuals sets dst to y - xβ.
func (q *problem) residuals(dst, beta []float64) {
	for i := range dst {
		dst[i] = q.y[i] - stat.Dot(q.x[i*q.p:(i+1)*q.p], beta)
	}
}

// meanAbs returns the weighted mean of |r|.
func (q *problem) meanAbs(r []float64) float64 {
	sum, weight := 0.0, 0.0
	for i, x := range r {
		sum += q.w[i] * math.Abs(x)
		weight += q.w[i]
	}
	if weight == 0 {
		return 0
	}
	return sum / weight
}

// loss returns what is minimised, unsmoothed.
func (q *problem) loss(r, beta []float64) float64 {
	sum := 0.0
	for i, x := range r {
		sum += q.w[i] * (0.5*math.Abs(x) + (q.tau-0.5)*x)
	}
	for j, b := range beta {
		sum += 0.5 * q.ridge[j] * (b - q.towards[j]) * (b - q.towards[j])
	}
	return sum
}

// Rows within so many ε have a little of the curvature that iteratively
// reweighted least squares would give them, which keeps steps short where few rows
// are within one.
const (
	beyond   = 8
	damping  = 0.05
	nearness = 1e-3
)

// newton sets gradient, Hessian and step of the smoothed loss at beta.
func (s *solver) newton(beta []float64, q *problem, epsilon, proximal float64) {
	p := q.p
	clear(s.gradient)
	clear(s.hessian)
	for i, r := range s.residual {
		row := q.x[i*p : (i+1)*p]
		g := q.w[i] * (q.tau - 0.5 + 0.5*min(max(r/epsilon, -1), 1))
		for j, x := range row {
			s.gradient[j] -= g * x
		}
		if a := math.Abs(r); a < epsilon {
			addOuter(s.hessian, row, q.w[i]*0.5/epsilon)
		} else if a < beyond*epsilon {
			addOuter(s.hessian, row, q.w[i]*damping*0.5/a)
		}
	}
	for j, b := range beta {
		s.gradient[j] += q.ridge[j] * (b - q.towards[j])
		s.hessian[j*p+j] += q.ridge[j] + proximal*s.square[j]
	}
	for j := range s.step {
		s.step[j] = -s.gradient[j]
	}
	solveCholesky(s.hessian, s.step)
}

// addOuter adds h·row·rowᵀ to the lower triangle of a.
func addOuter(a, row []float64, h float64) {
	p := len(row)
	for j, x := range row {
		x *= h
		out := a[j*p : j*p+j+1]
		for k, z := range row[:len(out)] {
			out[k] += x * z
		}
	}
}

// solveCholesky solves a·x = b, which x holds at first, for a positive
// semidefinite a of which the lower triangle is given and overwritten. Pivots
// that rounding has left nothing of are raised.
func solveCholesky(a, x []float64) {
	p := len(x)
	for j := range p {
		row := a[j*p : j*p+j+1]
		diagonal := row[j]
		for k := range j {
			other := a[k*p : k*p+k+1]
			row[k] = (row[k] - stat.Dot(row[:k], other[:k])) / other[k]
		}
		d := diagonal - stat.Dot(row[:j], row[:j])
		if floor := 1e-12*diagonal + math.SmallestNonzeroFloat64; !(d > floor) {
			d = max(floor, 1e-280)
		}
		row[j] = math.Sqrt(d)
	}
	for j := range p {
		row := a[j*p : j*p+j+1]
		x[j] = (x[j] - stat.Dot(row[:j], x[:j])) / row[j]
	}
	for j := p - 1; j >= 0; j-- {
		x[j] /= a[j*p+j]
		for k := range j {
			x[k] -= a[j*p+k] * x[j]
		}
	}
}

// descend moves beta along the step to about where the smoothed loss is least.
func (s *solver) descend(beta []float64, q *problem, epsilon float64) {
	for i := range s.move {
		s.move[i] = stat.Dot(q.x[i*q.p:(i+1)*q.p], s.step)
	}
	at0 := s.slope(beta, q, epsilon, 0)
	lo, hi, t := 0.0, math.Inf(1), 1.0
	for i := range 30 {
		d := s.slope(beta, q, epsilon, t)
		if math.Abs(d) <= 0.2*math.Abs(at0) {
			break
		}
		if d > 0 {
			hi = t
		} else {
			lo = t
		}
		if math.IsInf(hi, 1) {
			t *= 2
		} else {
			t = 0.5 * (lo + hi)
		}
		if i == 29 {
			t = lo // where the loss is lower than at 0
		}
	}
	for j, d := range s.step {
		beta[j] += t * d
	}
	for i, d := range s.move {
		s.residual[i] -= t * d
	}
}

// slope returns the derivative of the smoothed loss along the step, t steps on.
func (s *solver) slope(beta []float64, q *problem, epsilon, t float64) float64 {
	sum, inverse := 0.0, 1/epsilon
	for i, r := range s.residual {
		d := s.move[i]
		sum -= q.w[i] * d * (q.tau - 0.5 + 0.5*min(max((r-t*d)*inverse, -1), 1))
	}
	for j, d := range s.step {
		sum += q.ridge[j] * d * (beta[j] + t*d - q.towards[j])
	}
	return sum
}
