package fit

import "math"

// A minimizer minimises a likelihood by BFGS with the inverse Hessian (Nocedal
// and Wright 2006, chapter 6) and a backtracking line search. Its storage is
// kept from one form to the next.
type minimizer struct {
	x, g, next, nextG, step, change []float64
	h                               []float64 // inverse Hessian, n×n
	value                           float64
}

const (
	// iterations are at most taken.
	iterations = 200
	// enough is the decrease of the likelihood below which two steps are the last.
	enough = 5e-4
)

func newMinimizer(most int) *minimizer {
	all := make([]float64, 6*most+most*most)
	take := func(n int) []float64 {
		out := all[:n:n]
		all = all[n:]
		return out
	}
	return &minimizer{x: take(most), g: take(most), next: take(most), nextG: take(most),
		step: take(most), change: take(most), h: take(most * most)}
}

// run minimises l from m.x[:n] and reports whether it converged.
func (m *minimizer) run(l *likelihood) bool {
	n := l.count()
	m.value = l.value(m.x[:n])
	if math.IsInf(m.value, 1) {
		return false
	}
	l.gradient(m.g[:n], m.x[:n])
	m.reset(l)
	small := 0
	for range iterations {
		slope := m.direction(n)
		if slope > -enough/10 {
			return true
		}
		value, found := m.search(l, n, slope)
		if !found {
			return false
		}
		l.gradient(m.nextG[:n], m.next[:n])
		m.update(n)
		if small++; m.value-value > enough {
			small = 0
		}
		copy(m.x[:n], m.next[:n])
		copy(m.g[:n], m.nextG[:n])
		m.value = value
		if small > 1 {
			return true
		}
	}
	return false
}

// direction sets the step to minus the inverse Hessian times the gradient and
// returns its slope, which is negative.
func (m *minimizer) direction(n int) float64 {
	slope := 0.0
	for i := range n {
		s := 0.0
		for j, v := range m.h[i*n : i*n+n] {
			s -= v * m.g[j]
		}
		m.step[i] = s
		slope += s * m.g[i]
	}
	return slope
}

// search sets next to a point along the step with a sufficiently lower value,
// which it returns, and reports whether there is one.
func (m *minimizer) search(l *likelihood, n int, slope float64) (value float64, found bool) {
	t := 1.0
	for range 30 {
		for i := range n {
			m.next[i] = m.x[i] + t*m.step[i]
		}
		value = l.value(m.next[:n])
		if value <= m.value+1e-4*t*slope {
			return value, true
		}
		// The minimum of the parabola through both ends, within limits.
		shrunk := t / 4
		if !math.IsInf(value, 1) {
			shrunk = min(max(-slope*t*t/(2*(value-m.value-slope*t)), t/10), t/2)
		}
		t = shrunk
	}
	return m.value, false
}

// update makes the inverse Hessian agree with the last change of the gradient.
func (m *minimizer) update(n int) {
	s, y, hy := m.step[:n], m.nextG[:n], m.change[:n]
	sy := 0.0
	for i := range n {
		s[i] = m.next[i] - m.x[i]
		sy += s[i] * (y[i] - m.g[i])
	}
	if !(sy > 1e-10) {
		return
	}
	yhy := 0.0
	for i := range n {
		v := 0.0
		for j, h := range m.h[i*n : i*n+n] {
			v += h * (y[j] - m.g[j])
		}
		hy[i] = v
		yhy += v * (y[i] - m.g[i])
	}
	a := (1 + yhy/sy) / sy
	for i := range n {
		row, si, hi := m.h[i*n:i*n+n], s[i], hy[i]/sy
		for j := range row {
			row[j] += (a*si-hi)*s[j] - si/sy*hy[j]
		}
	}
}

// reset sets the inverse Hessian to a guess.
func (m *minimizer) reset(l *likelihood) {
	n := l.count()
	h := m.h[:n*n]
	clear(h)
	alpha := least + share(m.x[0])
	for i := range l.smooth {
		h[i*n+i] = 0.5 / l.n
	}
	k := l.smooth
	h[k*n+k] = alpha
	if k++; l.slope {
		h[k*n+k] = 0.01 * alpha
		k++
	}
	for ; k < n; k++ {
		h[k*n+k] = float64(l.p.Period) / (2 * l.n)
	}
}
