package boxcox

import "math"

// minimise returns the place of a minimum of f within [a, b] to the given
// absolute tolerance, by golden sections and parabolas through the three best
// points: Brent, "Algorithms for Minimization without Derivatives" (1973),
// chapter 5. A place where f is NaN counts as worse than any other.
func minimise(f func(float64) float64, a, b, tolerance float64) float64 {
	golden := (3 - math.Sqrt(5)) / 2
	eps := math.Sqrt(0x1p-52)
	eval := func(x float64) float64 {
		if v := f(x); !math.IsNaN(v) {
			return v
		}
		return math.MaxFloat64
	}
	// x is the best place, w the second best, v the one w was before; step is
	// the last step and last the one before it.
	x := a + golden*(b-a)
	w, v := x, x
	fx := eval(x)
	fw, fv := fx, fx
	step, last := 0.0, 0.0
	for {
		mid := (a + b) / 2
		tol := eps*math.Abs(x) + tolerance/3
		if math.Abs(x-mid) <= 2*tol-(b-a)/2 {
			return x
		}
		p, q, r := 0.0, 0.0, 0.0
		if math.Abs(last) > tol {
			r = (x - w) * (fx - fv)
			q = (x - v) * (fx - fw)
			p = (x-v)*q - (x-w)*r
			q = 2 * (q - r)
			if q > 0 {
				p = -p
			} else {
				q = -q
			}
			r, last = last, step
		}
		if math.Abs(p) >= math.Abs(q*r/2) || p <= q*(a-x) || p >= q*(b-x) {
			last = a - x
			if x < mid {
				last = b - x
			}
			step = golden * last
		} else {
			step = p / q
			if u := x + step; u-a < 2*tol || b-u < 2*tol {
				step = tol
				if x >= mid {
					step = -tol
				}
			}
		}
		u := x + step
		if math.Abs(step) < tol {
			u = x + math.Copysign(tol, step)
		}
		fu := eval(u)
		if fu <= fx {
			if u < x {
				b = x
			} else {
				a = x
			}
			v, w, x = w, x, u
			fv, fw, fx = fw, fx, fu
			continue
		}
		if u < x {
			a = u
		} else {
			b = u
		}
		if fu <= fw || w == x {
			v, fv, w, fw = w, fw, u, fu
		} else if fu <= fv || v == x || v == w {
			v, fv = u, fu
		}
	}
}
