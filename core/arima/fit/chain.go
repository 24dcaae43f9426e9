package fit

import "github.com/foretide/foretide/core/arima/internal/sarima"

// chain is the Jacobian of the map from unconstrained parameters to ARMA
// coefficients, by central differences of the closed form.
type chain struct {
	k        int
	d        []float64 // k×k, d[i*k+j] = ∂coef_i/∂u_j
	bump     []float64
	up, down []float64
	tmp      []float64
}

func newChain(k, n int) *chain {
	return &chain{
		k: k, d: make([]float64, k*k), bump: make([]float64, k),
		up: make([]float64, k), down: make([]float64, k), tmp: make([]float64, n*n+n),
	}
}

// at evaluates the Jacobian.
func (c *chain) at(u []float64, o sarima.Order, radius float64) {
	const h = 1e-5
	k := c.k
	for j := range k {
		copy(c.bump, u[:k])
		c.bump[j] = u[j] + h
		sarima.Constrain(c.up, c.bump, o, radius)
		c.bump[j] = u[j] - h
		sarima.Constrain(c.down, c.bump, o, radius)
		for i := range k {
			c.d[i*k+j] = (c.up[i] - c.down[i]) / (2 * h)
		}
	}
}

// apply turns JᵀJ (n×n, lower triangle) and Jᵀr by the coefficients into
// those by the unconstrained parameters; only the first k of n change.
func (c *chain) apply(jtj, jtr []float64, n int) {
	k := c.k
	full, r := c.tmp[:n*n], c.tmp[n*n:n*n+n]
	// full = JᵀJ·D
	sym := func(i, j int) float64 {
		if i >= j {
			return jtj[i*n+j]
		}
		return jtj[j*n+i]
	}
	for i := range n {
		for j := range n {
			if j >= k {
				full[i*n+j] = sym(i, j)
				continue
			}
			s := 0.0
			for l := range k {
				s += sym(i, l) * c.d[l*k+j]
			}
			full[i*n+j] = s
		}
	}
	for i := range n {
		if i >= k {
			copy(jtj[i*n:i*n+i+1], full[i*n:i*n+i+1])
			continue
		}
		for j := 0; j <= i; j++ {
			s := 0.0
			for l := range k {
				s += c.d[l*k+i] * full[l*n+j]
			}
			jtj[i*n+j] = s
		}
	}
	copy(r, jtr)
	for i := range k {
		s := 0.0
		for l := range k {
			s += c.d[l*k+i] * r[l]
		}
		jtr[i] = s
	}
}
