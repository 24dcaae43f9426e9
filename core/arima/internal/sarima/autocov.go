package sarima

// initialCovariance computes, for the stationary process φ(B) x = θ(B) e with
// unit innovations, the first column of the covariance of the state of
// Harvey's representation (Gardner, Harvey and Phillips 1980):
//
//	state_0 = x_t,  state_i = Σ_{j>i} φ_j x_{t+i-j} + Σ_{j>=i} θ_j e_{t+i-j}
//
// It is all of the initial covariance that the Chandrasekhar recursions need.
// The autocovariances of 1/φ(B) come from its partial autocorrelations
// (Durbin), those of θ(B)/φ(B) by convolution: O(p²+q²) instead of the
// O(p³) to O(p⁴) of a linear system.
type initialCovariance struct {
	pacf, poly []float64 // p
	gu         []float64 // r+q: autocovariances of 1/φ(B)
	gx         []float64 // r: of the process
	psi        []float64 // q+1
}

func newInitialCovariance(p, q int) *initialCovariance {
	r := max(p, q+1)
	return &initialCovariance{
		pacf: make([]float64, p), poly: make([]float64, p),
		gu: make([]float64, r+q+1), gx: make([]float64, r+1), psi: make([]float64, q+1),
	}
}

// column fills dst, of length r; false where φ is not stationary.
func (c *initialCovariance) column(dst, phi, theta []float64) bool {
	if !c.autoregressive(phi) {
		return false
	}
	c.convolve(theta)
	PsiWeights(c.psi, phi, theta)
	q := len(theta)
	clear(dst)
	dst[0] = c.gx[0]
	for j, f := range phi { // lag j+1
		if f == 0 {
			continue
		}
		for i := 1; i <= j; i++ {
			dst[i] += f * c.gx[j+1-i]
		}
	}
	for j := 1; j <= q; j++ {
		t := theta[j-1]
		if t == 0 {
			continue
		}
		for i := 1; i <= j; i++ {
			dst[i] += t * c.psi[j-i]
		}
	}
	return true
}

// autoregressive fills gu with the autocovariances of 1/φ(B).
func (c *initialCovariance) autoregressive(phi []float64) bool {
	p := len(phi)
	copy(c.pacf, phi)
	if !stepDown(c.pacf) {
		return false
	}
	v := 1.0
	for _, r := range c.pacf {
		v /= 1 - r*r
	}
	gu, a := c.gu, c.poly
	gu[0] = v
	for k := 1; k <= p; k++ { // a holds the predictor of order k-1
		r := c.pacf[k-1]
		s := r * v
		for j := 0; j < k-1; j++ {
			s += a[j] * gu[k-1-j]
		}
		gu[k] = s
		v *= 1 - r*r
		for i, j := 0, k-2; i <= j; i, j = i+1, j-1 {
			ai, aj := a[i], a[j]
			a[i] = ai - r*aj
			a[j] = aj - r*ai
		}
		a[k-1] = r
	}
	for k := p + 1; k < len(gu); k++ {
		s := 0.0
		for j, f := range phi {
			s += f * gu[k-1-j]
		}
		gu[k] = s
	}
	return true
}

// convolve fills gx from gu and the autocorrelation of θ.
func (c *initialCovariance) convolve(theta []float64) {
	q := len(theta)
	th := func(j int) float64 {
		if j == 0 {
			return 1
		}
		return theta[j-1]
	}
	clear(c.gx)
	for l := 0; l <= q; l++ {
		cl := 0.0
		for j := 0; j+l <= q; j++ {
			cl += th(j) * th(j+l)
		}
		if cl == 0 {
			continue
		}
		for k := range c.gx {
			if l == 0 {
				c.gx[k] += cl * c.gu[k]
				continue
			}
			d := k - l
			if d < 0 {
				d = -d
			}
			c.gx[k] += cl * (c.gu[k+l] + c.gu[d])
		}
	}
}
