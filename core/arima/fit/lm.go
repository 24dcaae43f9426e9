package fit

import "math"

// A problem is a nonlinear least squares problem in n parameters.
type problem interface {
	// eval returns the sum of squares at u; false outside the domain.
	eval(u []float64) (ssq float64, ok bool)
	// normal writes JᵀJ (n×n, lower triangle) and Jᵀr at u, which eval was
	// given last.
	normal(u, jtj, jtr []float64)
}

// A solver minimises sums of squares by Levenberg and Marquardt's method
// with Marquardt's scaling. Both the conditional and, after division by the
// geometric mean of its variances, the exact likelihood are sums of squares,
// for which it needs far fewer evaluations than a quasi-Newton method that
// has to learn the curvature. It reuses its workspace.
type solver struct {
	jtj, chol, jtr, step, trial []float64
	evals                       int
}

// Limits of one minimisation.
type limits struct {
	iterations int
	// tol ends it where a step is predicted to lower the sum of squares by
	// less than this, relative to the sum.
	tol float64
}

// minimize moves u to a local minimum and returns the sum of squares there
// and whether the tolerance was reached. ok is false where u is outside the
// domain.
func (s *solver) minimize(p problem, u []float64, lim limits) (ssq float64, converged, ok bool) {
	n := len(u)
	s.resize(n)
	ssq, ok = p.eval(u)
	s.evals++
	if !ok || n == 0 {
		return ssq, ok, ok
	}
	lambda, slow := 1e-4, false
	for range lim.iterations {
		p.normal(u, s.jtj, s.jtr)
		improved := false
		for range 12 {
			predicted, fine := s.solve(n, lambda)
			if fine && predicted <= lim.tol*ssq {
				return ssq, true, true
			}
			if fine {
				if trial, inside := s.try(p, u); inside && trial < ssq {
					copy(u, s.trial)
					improved = true
					gained := ssq - trial
					ssq = trial
					if slow = gained <= 10*lim.tol*ssq && slow; slow {
						return ssq, true, true
					}
					slow = gained <= 10*lim.tol*ssq
					if gained > 0.25*predicted {
						lambda = max(lambda*0.1, 1e-12)
					}
					break
				}
			}
			lambda = max(lambda*8, 1e-8)
		}
		if !improved {
			// No step of any length lowers the sum: a minimum to rounding.
			return ssq, true, true
		}
	}
	return ssq, false, true
}

func (s *solver) try(p problem, u []float64) (float64, bool) {
	for i := range u {
		// A parameter is an inverse hyperbolic tangent or a scaled regression
		// coefficient: larger moves leave the region the model is good in.
		s.trial[i] = u[i] + min(max(s.step[i], -2), 2)
	}
	s.evals++
	return p.eval(s.trial)
}

// solve computes the step -(JᵀJ + λ diag)⁻¹ Jᵀr and the decrease it predicts.
func (s *solver) solve(n int, lambda float64) (predicted float64, ok bool) {
	floor := 0.0
	for i := range n {
		floor = max(floor, s.jtj[i*n+i])
	}
	floor *= 1e-10
	for i := range n {
		for j := 0; j <= i; j++ {
			v := s.jtj[i*n+j]
			if i == j {
				v += lambda * max(v, floor)
			}
			for k := range j {
				v -= s.chol[i*n+k] * s.chol[j*n+k]
			}
			if i > j {
				s.chol[i*n+j] = v / s.chol[j*n+j]
				continue
			}
			if !(v > 0) {
				return 0, false
			}
			s.chol[i*n+i] = math.Sqrt(v)
		}
	}
	for i := range n {
		v := -s.jtr[i]
		for k := range i {
			v -= s.chol[i*n+k] * s.step[k]
		}
		s.step[i] = v / s.chol[i*n+i]
		predicted += s.step[i] * s.step[i]
	}
	for i := n - 1; i >= 0; i-- {
		v := s.step[i]
		for k := i + 1; k < n; k++ {
			v -= s.chol[k*n+i] * s.step[k]
		}
		s.step[i] = v / s.chol[i*n+i]
	}
	return predicted, !math.IsNaN(predicted)
}

func (s *solver) resize(n int) {
	if cap(s.jtr) < n {
		s.jtj, s.chol = make([]float64, n*n), make([]float64, n*n)
		s.jtr, s.step, s.trial = make([]float64, n), make([]float64, n), make([]float64, n)
	}
	s.jtj, s.chol = s.jtj[:n*n], s.chol[:n*n]
	s.jtr, s.step, s.trial = s.jtr[:n], s.step[:n], s.trial[:n]
}
