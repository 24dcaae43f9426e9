package boxcox

import "math"

// minimise returns the place of a minimum of f within [a, b] to the given
// absolute tolerance, by golden sections and parabolas through the three best
// points: Brent, "Algorithms for Minimization without Derivatives" (1973),
// chapter 5. A place where f is NaN counts as worse than any other.
func minimise(f func(float64) float64, a, b, tolerance float64) float64 {
	eval := func(x float64) point {
		if y := f(x); !math.IsNaN(y) {
			return point{x, y}
		}
		return point{x, math.MaxFloat64}
	}
	first := eval(a + golden*(b-a))
	s := bracket{a: a, b: b, best: first, second: first, third: first}
	for {
		mid := (s.a + s.b) / 2
		tol := math.Sqrt(0x1p-52)*math.Abs(s.best.x) + tolerance/3
		if math.Abs(s.best.x-mid) <= 2*tol-(s.b-s.a)/2 {
			return s.best.x
		}
		step := s.next(mid, tol)
		if math.Abs(step) < tol {
			step = math.Copysign(tol, step)
		}
		s.add(eval(s.best.x + step))
	}
}

// golden is the smaller part of the golden section of 1.
var golden = (3 - math.Sqrt(5)) / 2

type point struct{ x, y float64 }

// bracket is the interval that holds the minimum, the three best points, and
// the last two steps.
type bracket struct {
	a, b                float64
	best, second, third point
	step, before        float64
}

// next returns the next step from the best point: to the minimum of the
// parabola where that is inside and steps are getting smaller, else a golden
// section of the longer side.
func (s *bracket) next(mid, tol float64) float64 {
	x := s.best.x
	num, den := 0.0, 0.0
	limit := s.before
	if math.Abs(s.before) > tol {
		num, den = s.parabola()
		s.before = s.step
	}
	if math.Abs(num) >= math.Abs(den*limit/2) || num <= den*(s.a-x) || num >= den*(s.b-x) {
		s.before = s.a - x
		if x < mid {
			s.before = s.b - x
		}
		s.step = golden * s.before
		return s.step
	}
	s.step = num / den
	// Not too near the ends, where f is already known to be no better.
	if u := x + s.step; u-s.a < 2*tol || s.b-u < 2*tol {
		s.step = tol
		if x >= mid {
			s.step = -tol
		}
	}
	return s.step
}

// parabola returns the step to the minimum of the parabola through the three
// points, as a fraction with a denominator that is not negative.
func (s *bracket) parabola() (num, den float64) {
	x := s.best.x
	r := (x - s.second.x) * (s.best.y - s.third.y)
	q := (x - s.third.x) * (s.best.y - s.second.y)
	num = (x-s.third.x)*q - (x-s.second.x)*r
	if den = 2 * (q - r); den > 0 {
		return -num, den
	}
	return num, -den
}

// add takes a new point in.
func (s *bracket) add(u point) {
	end, inside := u, s.best // the new end, and on which side of it the rest lies
	if u.y <= s.best.y {
		end, inside = s.best, u
		s.third, s.second, s.best = s.second, s.best, u
	} else if u.y <= s.second.y || s.second.x == s.best.x {
		s.third, s.second = s.second, u
	} else if u.y <= s.third.y || s.third.x == s.best.x || s.third.x == s.second.x {
		s.third = u
	}
	if inside.x < end.x {
		s.b = end.x
	} else {
		s.a = end.x
	}
}
