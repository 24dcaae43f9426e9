package kernel

import "math"

// The functions of this file are the kernels that go element by element, in
// plain Go.

// gatesForwardGeneric is GatesForward.
func gatesForwardGeneric(h, c, tanhC, gates, before []float32, rows, units int) {
	n := rows * Block
	for u := range units {
		q := gates[4*u*n:]
		i, f, g, o := q[:n], q[n:][:n], q[2*n:][:n], q[3*n:][:n]
		h, c, tanhC, before := h[u*n:][:n], c[u*n:][:n], tanhC[u*n:][:n], before[u*n:][:n]
		for j := range n {
			ij, fj, gj, oj := sigmoid(i[j]), sigmoid(f[j]), tanh(g[j]), sigmoid(o[j])
			cj := float32(fj*before[j]) + float32(ij*gj)
			tj := tanh(cj)
			i[j], f[j], g[j], o[j] = ij, fj, gj, oj
			c[j], tanhC[j], h[j] = cj, tj, oj*tj
		}
	}
}

// gatesBackwardGeneric is GatesBackward.
func gatesBackwardGeneric(gates, dc, dh, tanhC, before []float32, rows, units int) {
	n := rows * Block
	for u := range units {
		q := gates[4*u*n:]
		i, f, g, o := q[:n], q[n:][:n], q[2*n:][:n], q[3*n:][:n]
		dc, dh, tanhC, before := dc[u*n:][:n], dh[u*n:][:n], tanhC[u*n:][:n], before[u*n:][:n]
		for j := range n {
			ij, fj, gj, oj := i[j], f[j], g[j], o[j]
			tj, d := tanhC[j], dh[j]
			e := dc[j] + float32(float32(d*oj)*(1-float32(tj*tj)))
			i[j] = float32(e*gj) * float32(ij*(1-ij))
			f[j] = float32(e*before[j]) * float32(fj*(1-fj))
			g[j] = float32(e*ij) * (1 - float32(gj*gj))
			o[j] = float32(d*tj) * float32(oj*(1-oj))
			dc[j] = e * fj
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

// sumRowsGeneric is SumRows.
func sumRowsGeneric(dst, src []float32, rows, out int) {
	for o := range out {
		d := (*[Block]float32)(dst[o*Block:])
		for r := range rows {
			s := (*[Block]float32)(src[(o*rows+r)*Block:])
			for j := range d {
				d[j] += s[j]
			}
		}
	}
}

// copyGeneric is Copy.
func copyGeneric(dst, src []float32, n, size, dstStep, srcStep int) {
	for i := range n {
		copy(dst[i*dstStep:][:size], src[i*srcStep:])
	}
}

func sigmoidsGeneric(dst, src []float32) {
	dst = dst[:len(src)]
	for j, x := range src {
		dst[j] = sigmoid(x)
	}
}

func tanhsGeneric(dst, src []float32) {
	dst = dst[:len(src)]
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
