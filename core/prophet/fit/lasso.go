package fit

import "math"

// A lasso minimises ½ v'Hv - c'v + λ Σ|v_j| over the last variables of v, the
// others being free: H is factored over the free ones once, and the signs of
// the rest are found by an active set (feature-sign search, Lee, Battle, Raina
// and Ng 2007), which ends at the exact minimum.
type lasso struct {
	n, plain int
	chol     []float64 // of the free block, lower
	w        []float64 // chol⁻¹ H_free,rest: a column of it after the other
	u        []float64 // chol⁻¹ c_free
	h        []float64 // Schur complement of the rest
	c        []float64
	v, next  []float64 // of the rest
	active   []int
	sign     []float64
	work     []float64
	solution []float64
}

func newLasso(n, plain int) *lasso {
	s := n - plain
	return &lasso{n: n, plain: plain, chol: make([]float64, plain*plain), w: make([]float64, plain*s), u: make([]float64, plain),
		h: make([]float64, s*s), c: make([]float64, s), v: make([]float64, s), next: make([]float64, s),
		sign: make([]float64, s), work: make([]float64, s*s+s), solution: make([]float64, n)}
}

// factor writes the lower Cholesky factor of the n×n matrix a, whose rows are
// stride apart, to l. A pivot that rounding left without a positive value
// takes its variable out.
func factor(l, a []float64, n, stride int) {
	for j := range n {
		d := a[j*stride+j]
		for k := range j {
			d -= l[j*n+k] * l[j*n+k]
		}
		if !(d > 1e-14*a[j*stride+j]) {
			d = math.Inf(1)
		}
		d = math.Sqrt(d)
		l[j*n+j] = d
		for i := j + 1; i < n; i++ {
			v := a[i*stride+j]
			for k := range j {
				v -= l[i*n+k] * l[j*n+k]
			}
			l[i*n+j] = v / d
		}
	}
}

// forward solves l x = x.
func forward(l, x []float64, n int) {
	for i := range n {
		v := x[i]
		for k := range i {
			v -= l[i*n+k] * x[k]
		}
		x[i] = v / l[i*n+i]
	}
}

// backward solves l' x = x.
func backward(l, x []float64, n int) {
	for i := n - 1; i >= 0; i-- {
		v := x[i]
		for k := i + 1; k < n; k++ {
			v -= l[k*n+i] * x[k]
		}
		x[i] = v / l[i*n+i]
	}
}

// solve returns the minimum for the symmetric matrix h (n×n) and the vector c,
// from the rest's values in start. The result is valid until the next call.
func (s *lasso) solve(h, c, start []float64, lambda float64) []float64 {
	rest := s.n - s.plain
	factor(s.chol, h, s.plain, s.n)
	copy(s.u, c[:s.plain])
	forward(s.chol, s.u, s.plain)
	for j := range rest {
		col := s.w[j*s.plain:][:s.plain]
		for i := range col {
			col[i] = h[i*s.n+s.plain+j]
		}
		forward(s.chol, col, s.plain)
		s.c[j] = c[s.plain+j] - dot(col, s.u)
		for i := range j + 1 {
			v := h[(s.plain+i)*s.n+s.plain+j] - dot(col, s.w[i*s.plain:][:s.plain])
			s.h[i*rest+j], s.h[j*rest+i] = v, v
		}
	}
	s.signs(start, lambda)
	free := s.solution[:s.plain]
	copy(free, s.u)
	for j, v := range s.v {
		if v != 0 {
			for i, w := range s.w[j*s.plain:][:s.plain] {
				free[i] -= w * v
			}
		}
	}
	backward(s.chol, free, s.plain)
	copy(s.solution[s.plain:], s.v)
	return s.solution
}

func dot(a, b []float64) float64 {
	v := 0.0
	for i, x := range a {
		v += x * b[i]
	}
	return v
}

// signs finds the minimum over the rest.
func (s *lasso) signs(start []float64, lambda float64) {
	s.active = s.active[:0]
	for j, v := range start {
		s.v[j], s.sign[j] = v, 0
		if v != 0 {
			s.sign[j] = math.Copysign(1, v)
			s.active = append(s.active, j)
		}
	}
	// Each round takes a variable in or out; twenty for each is never needed
	// but for rounding, which could go round in circles.
	for range 20 * (len(start) + 1) {
		if s.step(lambda) {
			continue // a variable became zero and went out
		}
		if !s.enter(lambda) {
			return
		}
	}
}

// step moves the active variables to the minimum for their signs, or to where
// the first of them becomes zero, which it takes out and reports.
func (s *lasso) step(lambda float64) bool {
	n, rest := len(s.active), len(s.v)
	if n == 0 {
		return false
	}
	a, x := s.work[:n*n], s.work[rest*rest:][:n]
	for i, p := range s.active {
		x[i] = s.c[p] - lambda*s.sign[p]
		for j, q := range s.active {
			a[i*n+j] = s.h[p*rest+q]
		}
	}
	factor(a, a, n, n) // in place: reads each column before it writes it
	forward(a, x, n)
	backward(a, x, n)
	share, out := 1.0, -1
	for i, p := range s.active {
		if x[i]*s.sign[p] >= 0 {
			continue
		}
		if at := s.v[p] / (s.v[p] - x[i]); at < share {
			share, out = at, i
		}
	}
	for i, p := range s.active {
		s.v[p] += share * (x[i] - s.v[p])
	}
	if out < 0 {
		return false
	}
	p := s.active[out]
	s.v[p], s.sign[p] = 0, 0
	s.active = append(s.active[:out], s.active[out+1:]...)
	return true
}

// enter takes the variable in whose derivative exceeds λ the most, and reports
// whether there is one.
func (s *lasso) enter(lambda float64) bool {
	rest := len(s.v)
	best, worst := -1, lambda*(1+1e-9)
	var sign float64
	for j := range s.v {
		if s.sign[j] != 0 {
			continue
		}
		g := s.c[j]
		for _, p := range s.active {
			g -= s.h[j*rest+p] * s.v[p]
		}
		if math.Abs(g) > worst && s.h[j*rest+j] > 0 {
			best, worst, sign = j, math.Abs(g), math.Copysign(1, g)
		}
	}
	if best < 0 {
		return false
	}
	s.sign[best] = sign
	s.active = append(s.active, best)
	return true
}
