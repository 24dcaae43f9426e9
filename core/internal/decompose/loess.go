package decompose

import "math"

// A Loess is the setting of one local regression on an evenly spaced series:
// at each point a polynomial is fitted to the nearest neighbours by weighted
// least squares, with tricube weights that fall to zero at the farthest.
type Loess struct {
	Window int // points in a neighbourhood, odd, at least 3
	Degree int // of the polynomial: 0 or 1
	Jump   int // the fit is made at every Jump-th point and is linear between; at least 1
}

// valid reports whether the setting can be used.
func (l Loess) valid() bool {
	return l.Window >= 3 && l.Window%2 == 1 && (l.Degree == 0 || l.Degree == 1) && l.Jump >= 1
}

// smooth writes the smoothed y to dst. rw are robustness weights of the
// points, or nil; w is workspace. All have the length of y.
func (l Loess) smooth(dst, y, rw, w []float64) {
	n := len(y)
	if n < 2 {
		copy(dst, y)
		return
	}
	jump := min(l.Jump, n-1)
	lo, hi := 0, 0
	i := 0
	for ; i < n; i += jump {
		lo, hi = l.neighbours(i, n)
		dst[i] = l.fitOr(y, rw, w, i, lo, hi)
	}
	last := i - jump
	if jump == 1 {
		return
	}
	for i := 0; i < last; i += jump {
		interpolate(dst, i, i+jump)
	}
	if last < n-1 {
		// The end has the neighbours of the last point that was fitted, as in
		// the authors' program.
		dst[n-1] = l.fitOr(y, rw, w, n-1, lo, hi)
		interpolate(dst, last, n-1)
	}
}

// neighbours returns the first and last index of the window of point i.
func (l Loess) neighbours(i, n int) (lo, hi int) {
	if l.Window >= n {
		return 0, n - 1
	}
	lo = min(max(i-l.Window/2, 0), n-l.Window)
	return lo, lo + l.Window - 1
}

// fitOr is fit at point i, or y[i] where all its neighbours have no weight.
func (l Loess) fitOr(y, rw, w []float64, i, lo, hi int) float64 {
	v, ok := l.fit(y, rw, w, float64(i), lo, hi)
	if !ok {
		return y[i]
	}
	return v
}

// fit returns the local regression at x, which may lie one step outside of y,
// on the points lo to hi; ok is false where none of them has weight.
func (l Loess) fit(y, rw, w []float64, x float64, lo, hi int) (v float64, ok bool) {
	n := len(y)
	h := max(x-float64(lo), float64(hi)-x)
	if l.Window > n {
		h += float64((l.Window - n) / 2)
	}
	total := tricube(w, rw, x, h, lo, hi)
	if total <= 0 {
		return 0, false
	}
	scale, slope, centre := 1/total, 0.0, 0.0
	if h > 0 && l.Degree > 0 {
		for j := lo; j <= hi; j++ {
			centre += w[j] * scale * float64(j)
		}
		spread := 0.0
		for j := lo; j <= hi; j++ {
			d := float64(j) - centre
			spread += w[j] * scale * d * d
		}
		if math.Sqrt(spread) > 0.001*float64(n-1) {
			slope = (x - centre) / spread
		}
	}
	for j := lo; j <= hi; j++ {
		v += w[j] * scale * (slope*(float64(j)-centre) + 1) * y[j]
	}
	return v, true
}

// tricube writes the weights of the points lo to hi in a fit at x to w and
// returns their sum.
func tricube(w, rw []float64, x, h float64, lo, hi int) float64 {
	near, far := 0.001*h, 0.999*h
	total := 0.0
	for j := lo; j <= hi; j++ {
		r := math.Abs(float64(j) - x)
		v := 0.0
		switch {
		case r > far:
		case r <= near:
			v = 1
		default:
			q := r / h
			q = 1 - q*q*q
			v = q * q * q
		}
		if rw != nil {
			v *= rw[j]
		}
		w[j] = v
		total += v
	}
	return total
}

// interpolate makes v linear between the indexes from and to.
func interpolate(v []float64, from, to int) {
	step := (v[to] - v[from]) / float64(to-from)
	for i := from + 1; i < to; i++ {
		v[i] = v[from] + step*float64(i-from)
	}
}
