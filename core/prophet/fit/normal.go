package fit

import "github.com/foretide/foretide/core/prophet"

// normal are the normal equations at a point: the Gauss-Newton matrix J'J and
// J'r, where J is the derivative of the prediction by the parameters. The
// order of the parameters is k, m, β, δ: those with normal priors first.
type normal struct {
	n     int       // parameters
	plain int       // those without δ
	g     []float64 // n×n, symmetric
	b     []float64 // J'r
	f     []float64 // features as derivatives, 4 rows
	sums  []float64 // by segment: of trend and features
	ready bool      // the matrix does not depend on the point and is there
}

func (p *problem) newNormal() *normal {
	n := 2 + p.width + len(p.changes)
	return &normal{n: n, plain: 2 + p.width, g: make([]float64, n*n), b: make([]float64, n),
		f: make([]float64, p.width), sums: make([]float64, (len(p.changes)+1)*(5+2*p.width))}
}

// fixed reports whether J is the same at every point.
func (p *problem) fixed() bool { return p.growth != prophet.Logistic && !p.anyMult }

// fill computes the normal equations at a point whose state is s.
func (q *normal) fill(p *problem, a *theta, s *state) {
	matrix := !(q.ready && p.fixed())
	if matrix {
		clear(q.g)
	}
	clear(q.b)
	clear(q.sums)
	for seg := 0; seg+1 < len(p.from); seg++ {
		q.rows(p, s, p.from[seg], p.from[seg+1], q.segment(seg), matrix)
	}
	q.trend(p, matrix)
	q.logit(p, a, matrix)
	if matrix {
		for i := range q.n {
			for j := range i {
				q.g[i*q.n+j] = q.g[j*q.n+i]
			}
		}
	}
	q.ready = true
}

// segment returns the sums of a segment: w², w²t, w²t², wr, wtr, and for each
// feature wf and wtf, where w is the slope.
func (q *normal) segment(i int) []float64 {
	n := 5 + 2*(q.plain-2)
	return q.sums[i*n:][:n]
}

// rows adds rows to the segment's sums and to the features' own part.
func (q *normal) rows(p *problem, s *state, from, to int, sums []float64, matrix bool) {
	k := p.width
	trendF, timeF := sums[5:5+k], sums[5+k:]
	b := q.b[2:q.plain]
	for i := from; i < to; i++ {
		w, t, r := s.slope[i], p.t[i], s.resid[i]
		wt := w * t
		sums[3] += w * r
		sums[4] += wt * r
		row := p.x[i*k:][:k]
		f := row
		if p.anyMult {
			f = q.f
			for j, v := range row {
				if p.mult[j] {
					v *= s.trend[i]
				}
				f[j] = v
			}
		}
		for j, v := range f {
			b[j] += v * r
		}
		if !matrix {
			continue
		}
		sums[0] += w * w
		sums[1] += w * wt
		sums[2] += wt * wt
		for j, v := range f {
			trendF[j] += w * v
			timeF[j] += wt * v
			g := q.g[(2+j)*q.n+2:][:k]
			for l := j; l < k; l++ {
				g[l] += v * f[l]
			}
		}
	}
}

// trend turns the sums into the part of time, ones and hinges.
func (q *normal) trend(p *problem, matrix bool) {
	k, n := p.width, q.n
	segments := len(p.changes) + 1
	// From the last segment on: sums over all rows at or after each changepoint.
	for seg := segments - 2; seg >= 0; seg-- {
		a, b := q.segment(seg), q.segment(seg+1)
		for i := range a {
			a[i] += b[i]
		}
	}
	all := q.segment(0)
	q.b[0], q.b[1] = all[4], all[3]
	for j, s := range p.changes {
		a := q.segment(j + 1)
		q.b[q.plain+j] = a[4] - s*a[3]
	}
	if !matrix {
		return
	}
	q.g[0], q.g[1], q.g[n+1] = all[2], all[1], all[0]
	for l := range k {
		q.g[2+l], q.g[n+2+l] = all[5+k+l], all[5+l]
	}
	for j, s := range p.changes {
		a, at := q.segment(j+1), q.plain+j
		q.g[at] = a[2] - s*a[1]
		q.g[n+at] = a[1] - s*a[0]
		for l := range k {
			q.g[(2+l)*n+at] = a[5+k+l] - s*a[5+l]
		}
		for i, r := range p.changes[:j+1] {
			q.g[(q.plain+i)*n+at] = a[2] - (r+s)*a[1] + r*s*a[0]
		}
	}
}

// logit turns derivatives by rate and offset of the line into those by k and m:
// the line is k(t-m) for logistic growth, and has no rate for flat.
func (q *normal) logit(p *problem, a *theta, matrix bool) {
	n := q.n
	switch p.growth {
	case prophet.Flat:
		q.b[0] = 0
		clear(q.g[:n])
	case prophet.Logistic:
		q.b[0], q.b[1] = q.b[0]-a.m*q.b[1], -a.k*q.b[1]
		if !matrix {
			return
		}
		g00, g01, g11 := q.g[0], q.g[1], q.g[n+1]
		q.g[0] = g00 - 2*a.m*g01 + a.m*a.m*g11
		q.g[1] = -a.k * (g01 - a.m*g11)
		q.g[n+1] = a.k * a.k * g11
		for l := 2; l < n; l++ {
			q.g[l], q.g[n+l] = q.g[l]-a.m*q.g[n+l], -a.k*q.g[n+l]
		}
	}
}
