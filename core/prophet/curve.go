package prophet

import (
	"math"
	"slices"
)

// A Curve is the model's deterministic part at any time. It is immutable and
// safe for concurrent use.
type Curve struct {
	Params

	// The trend, or its logit, is rate[i]*x + offset[i] from changepoint i-1 on.
	rate, offset []float64
	shake        float64 // mean |Delta|: the size of changes to come
}

// NewCurve returns the curve of the parameters, which are kept and must not
// change. The error is forecast.ErrPayload where they make no model.
func NewCurve(p Params) (*Curve, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	c := &Curve{Params: p}
	n := len(p.Changes)
	c.rate, c.offset = make([]float64, n+1), make([]float64, n+1)
	c.rate[0], c.offset[0] = p.K, p.M
	switch p.Growth {
	case Logistic:
		// Prophet's offsets γ keep the exponent k(x)(x-m(x)) continuous
		// (equation 4 of the paper), which makes it piecewise linear.
		c.offset[0] = -p.K * p.M
	case Flat:
		c.rate[0] = 0
	}
	for i, d := range p.Delta {
		if p.Growth == Flat {
			d = 0
		}
		c.rate[i+1] = c.rate[i] + d
		c.offset[i+1] = c.offset[i] - d*p.Changes[i]
		c.shake += math.Abs(d) / float64(n)
	}
	return c, nil
}

// x returns the scaled time of a Unix second.
func (c *Curve) x(t int64) float64 { return float64(t-c.Start) / c.Span }

// line returns the trend, or its logit, at scaled time x.
func (c *Curve) line(x float64) float64 {
	i := len(c.Changes)
	for i > 0 && x < c.Changes[i-1] { // forecasts lie behind the last one
		i--
	}
	return c.rate[i]*x + c.offset[i]
}

// growth returns the scaled trend whose line is z, below the scaled capacity.
func (c *Curve) growth(z, capacity float64) float64 {
	if c.Growth == Logistic {
		return capacity / (1 + math.Exp(-z))
	}
	return z
}

// Parts are what a forecast is made of, in the metric's unit:
// Trend*(1+Multiplicative) + Additive.
type Parts struct {
	Trend          float64 // the floor included
	Additive       float64
	Multiplicative float64 // a share of the trend
}

// Value returns the forecast.
func (p Parts) Value() float64 { return p.Trend*(1+p.Multiplicative) + p.Additive }

// At returns the parts at the Unix second t. in holds the values of Inputs; it
// may be nil where there are none.
func (c *Curve) At(t int64, in []float64) Parts {
	floor, capacity := c.bounds(in)
	p := Parts{Trend: c.growth(c.line(c.x(t)), capacity)*c.Scale + floor}
	add := func(mode Mode, v float64) {
		if mode == Additive {
			p.Additive += v * c.Scale
		} else {
			p.Multiplicative += v
		}
	}
	local := Local(&c.Zone, t)
	for i := range c.Seasons {
		s := &c.Seasons[i]
		if c.holds(s.Condition, t, in) {
			sin, cos := math.Sincos(Angle(local, s.Period))
			add(s.Mode, fourier(s.Beta, sin, cos))
		}
	}
	for i := range c.Events {
		if e := &c.Events[i]; e.Covers(t) {
			add(e.Mode, e.Beta)
		}
	}
	for i := range c.Regressors {
		r := &c.Regressors[i]
		add(r.Mode, r.Beta*(in[r.Input]-r.Mean)/r.Std)
	}
	return p
}

// bounds returns the floor in the metric's unit, and the capacity above it in
// units of Scale.
func (c *Curve) bounds(in []float64) (floor, capacity float64) {
	floor = c.Floor
	if c.FloorInput >= 0 {
		floor = in[c.FloorInput]
	}
	if c.CapInput >= 0 {
		capacity = (in[c.CapInput] - floor) / c.Scale
	}
	return floor, capacity
}

// holds reports whether a seasonality's condition holds at t.
func (c *Curve) holds(condition int, t int64, in []float64) bool {
	switch condition {
	case None:
		return true
	case Weekend:
		return c.Zone.Weekday(t) >= 5
	case Weekday:
		return c.Zone.Weekday(t) < 5
	}
	return in[condition] >= 0.5
}

// Covers reports whether the cell that begins at t is within a span.
func (e *Event) Covers(t int64) bool {
	i, found := slices.BinarySearchFunc(e.Spans, t, func(s Span, t int64) int {
		switch {
		case s.To <= t:
			return -1
		case s.From > t:
			return 1
		}
		return 0
	})
	return found && i < len(e.Spans)
}

// fourier returns Σ β_{2k} sin((k+1)a) + β_{2k+1} cos((k+1)a) of an angle a by
// Clenshaw's recurrence, from the sine and cosine of a alone.
func fourier(beta []float64, sin, cos float64) float64 {
	twice := 2 * cos
	var s1, s2, c1, c2 float64
	for k := len(beta) - 2; k >= 0; k -= 2 {
		s1, s2 = beta[k]+twice*s1-s2, s1
		c1, c2 = beta[k+1]+twice*c1-c2, c1
	}
	return s1*sin + c1*cos - c2
}
