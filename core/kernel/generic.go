package kernel

import "math"

// The functions of this file are the plain Go implementation: what the
// assembly is compared with, and what machines without it run.

// mulAddGeneric is MulAdd.
func mulAddGeneric(dst, src, w []float32, rows, in, out int) {
	for o := range out {
		wo := w[o*in*Block:][:in*Block]
		for r := range rows {
			d := (*[Block]float32)(dst[(o*rows+r)*Block:])
			sum := *d
			for k := range in {
				x := src[(k/Block*rows+r)*Block+k%Block]
				wk := (*[Block]float32)(wo[k*Block:])
				for j := range sum {
					sum[j] += float32(x * wk[j])
				}
			}
			*d = sum
		}
	}
}

// outerAddGeneric is OuterAdd.
func outerAddGeneric(dw, src, g []float32, rows, in, out, steps, srcAt, srcStep, gAt, gStep int) {
	for o := range out {
		for k := range in {
			d := (*[Block]float32)(dw[(o*in+k)*Block:])
			sum := *d
			for t := range steps {
				xs := src[srcAt+t*srcStep+k/Block*rows*Block+k%Block:]
				gs := g[gAt+t*gStep+o*rows*Block:]
				for r := range rows {
					x := xs[r*Block]
					gr := (*[Block]float32)(gs[r*Block:])
					for j := range sum {
						sum[j] += float32(x * gr[j])
					}
				}
			}
			*d = sum
		}
	}
}

// gatesForwardGeneric is GatesForward.
func gatesForwardGeneric(h, c, tanhC, gates, before []float32, rows, units int) {
	n := rows * Block
	for u := range units {
		q := gates[4*u*n:][:4*n]
		i, f, g, o := q[:n], q[n:2*n], q[2*n:3*n], q[3*n:]
		at := u * n
		for j := range n {
			ij, fj, gj, oj := sigmoid(i[j]), sigmoid(f[j]), tanh(g[j]), sigmoid(o[j])
			cj := float32(fj*before[at+j]) + float32(ij*gj)
			tj := tanh(cj)
			i[j], f[j], g[j], o[j] = ij, fj, gj, oj
			c[at+j], tanhC[at+j], h[at+j] = cj, tj, oj*tj
		}
	}
}

// gatesBackwardGeneric is GatesBackward.
func gatesBackwardGeneric(gates, dc, dh, tanhC, before []float32, rows, units int) {
	n := rows * Block
	for u := range units {
		q := gates[4*u*n:][:4*n]
		i, f, g, o := q[:n], q[n:2*n], q[2*n:3*n], q[3*n:]
		at := u * n
		for j := range n {
			ij, fj, gj, oj := i[j], f[j], g[j], o[j]
			tj, d := tanhC[at+j], dh[at+j]
			e := dc[at+j] + float32(float32(d*oj)*(1-float32(tj*tj)))
			i[j] = float32(e*gj) * float32(ij*(1-ij))
			f[j] = float32(e*before[at+j]) * float32(fj*(1-fj))
			g[j] = float32(e*ij) * (1 - float32(gj*gj))
			o[j] = float32(d*tj) * float32(oj*(1-oj))
			dc[at+j] = e * fj
		}
	}
}

// adamGeneric is Adam.
func adamGeneric(w, m, v, grad []float32, s *AdamStep) {
	k := s.constants()
	scale, beta1, new1, beta2, new2, correct, epsilon, rate, keep := k[0], k[1], k[2], k[3], k[4], k[5], k[6], k[7], k[8]
	m, v, grad = m[:len(w)], v[:len(w)], grad[:len(w)]
	for j := range w {
		g := scale * grad[j]
		mj := float32(beta1*m[j]) + float32(new1*g)
		vj := float32(beta2*v[j]) + float32(float32(new2*g)*g)
		m[j], v[j] = mj, vj
		root := float32(math.Sqrt(float64(vj)))
		w[j] = float32(w[j]*keep) - float32(rate*mj)/(float32(root*correct)+epsilon)
	}
}

// constants returns what a step multiplies by, as adamGeneric and the assembly
// take it.
func (s *AdamStep) constants() [9]float32 {
	return [9]float32{
		s.Scale, s.Beta1, 1 - s.Beta1, s.Beta2, 1 - s.Beta2, s.Correct2, s.Epsilon,
		s.Rate * s.Correct1, 1 - float32(s.Rate*s.Decay),
	}
}

func sigmoidsGeneric(dst, src []float32) {
	for j, x := range src {
		dst[j] = sigmoid(x)
	}
}

func tanhsGeneric(dst, src []float32) {
	for j, x := range src {
		dst[j] = tanh(x)
	}
}

// sigmoid is 1/(1+e^-x).
func sigmoid(x float32) float32 {
	p, s := exp(-x)
	return 1 / (float32(s*p) + s + 1)
}

// tanh is (e^2x-1)/(e^2x+1). The numerator is s·p + (s-1), which is p near
// zero: nothing cancels.
func tanh(x float32) float32 {
	p, s := exp(2 * x)
	p = float32(s*p) + (s - 1)
	return p / (p + 2)
}

// exp returns p = e^r-1 and s = 2^n with e^x = s·p + s and |r| ≤ ln 2 / 2, after
// Cephes' expf: x = n·ln 2 + r, and a polynomial for e^r. x is held within the
// range where neither e^x nor its reciprocal is infinite or denormal. Adding
// magic rounds to whole numbers and leaves n in the lowest bits.
func exp(x float32) (p, s float32) {
	const magic = 3 << 22
	x = min(max(x, -87), 87)
	t := float32(x*math.Log2E) + magic
	n := t - magic
	r := x - float32(n*0.693359375)
	r -= float32(n * -2.12194440e-4)
	p = float32(r*1.9875691500e-4) + 1.3981999507e-3
	p = float32(r*p) + 8.3334519073e-3
	p = float32(r*p) + 4.1665795894e-2
	p = float32(r*p) + 1.6666665459e-1
	p = float32(r*p) + 5.0000001201e-1
	p = float32(float32(r*r)*p) + r
	return p, math.Float32frombits(math.Float32bits(t)<<23 + 0x3f800000)
}
