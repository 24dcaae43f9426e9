// Package sarima computes with seasonal ARIMA processes that have a constant and
// regressors: the exact Gaussian likelihood with missing values, predictions,
// simulation, and the filter that follows a series.
//
// The model of a series y with regressors x is
//
//	y_t = x_t'β + n_t
//	φ(B) Φ(B^m) (1-B)^d (1-B^m)^D n_t = θ(B) Θ(B^m) e_t,  e_t ~ N(0, σ²)
//
// with φ(B) = 1 - φ_1 B - …, Φ likewise, θ(B) = 1 + θ_1 B + … and Θ likewise:
// the signs of Box and Jenkins' φ and of R's arima for both. A constant is a
// first regressor: ones where d+D = 0 (the mean), 1, 2, 3 … where d+D = 1
// (the drift).
package sarima

import (
	"errors"
	"strconv"
)

// ErrOrder reports that an order is negative, or there is a seasonal part
// without a period of at least 2.
var ErrOrder = errors.New("arima: order is negative or has a seasonal part without a period")

// An Order is (P,D,Q)(SP,SD,SQ)[Period], counted in lags.
type Order struct {
	P, D, Q    int
	SP, SD, SQ int
	Period     int // m; 0 or 1 where there is no season
}

// Check returns ErrOrder where o is not the order of a model.
func (o Order) Check() error {
	if min(o.P, o.D, o.Q, o.SP, o.SD, o.SQ, o.Period) < 0 {
		return ErrOrder
	}
	if o.Seasonal() && o.Period < 2 {
		return ErrOrder
	}
	return nil
}

// Seasonal reports whether the order has a seasonal part.
func (o Order) Seasonal() bool { return o.SP+o.SD+o.SQ > 0 }

// ARLags returns the degree of φ(B)Φ(B^m).
func (o Order) ARLags() int { return o.P + o.SP*o.Period }

// MALags returns the degree of θ(B)Θ(B^m).
func (o Order) MALags() int { return o.Q + o.SQ*o.Period }

// DiffLags returns the degree of (1-B)^d(1-B^m)^D: the number of values that
// differencing uses up.
func (o Order) DiffLags() int { return o.D + o.SD*o.Period }

// Coefs returns the number of ARMA coefficients.
func (o Order) Coefs() int { return o.P + o.Q + o.SP + o.SQ }

// String writes the order as ARIMA(2,1,1)(0,1,0)[12].
func (o Order) String() string {
	b := append([]byte("ARIMA"), triple(o.P, o.D, o.Q)...)
	if o.Seasonal() {
		b = append(b, triple(o.SP, o.SD, o.SQ)...)
		b = append(b, '[')
		b = strconv.AppendInt(b, int64(o.Period), 10)
		b = append(b, ']')
	}
	return string(b)
}

func triple(p, d, q int) string {
	return "(" + strconv.Itoa(p) + "," + strconv.Itoa(d) + "," + strconv.Itoa(q) + ")"
}

// A Process is an ARIMA model with numbers: what the likelihood is computed
// of, and what estimation returns.
type Process struct {
	Order
	AR, MA   []float64 // φ and θ, lengths P and Q
	SAR, SMA []float64 // Φ and Θ, lengths SP and SQ
	Constant bool      // the first of Beta is the mean (d+D = 0) or the drift (d+D = 1)
	Beta     []float64 // regression coefficients
	Sigma2   float64   // variance of the innovations
}

// Coefs returns the ARMA coefficients in one slice: AR, MA, SAR, SMA.
func (p *Process) Coefs() []float64 {
	out := make([]float64, 0, p.Order.Coefs())
	out = append(out, p.AR...)
	out = append(out, p.MA...)
	out = append(out, p.SAR...)
	return append(out, p.SMA...)
}

// NewProcess returns the process of the order whose ARMA coefficients are
// given in one slice, in the order of Coefs. It panics where their number is
// not that of the order.
func NewProcess(o Order, coefs []float64) *Process {
	if len(coefs) != o.Coefs() {
		panic("arima: number of coefficients is not that of the order")
	}
	c := append([]float64(nil), coefs...)
	p := &Process{Order: o, Sigma2: 1}
	p.AR, c = c[:o.P:o.P], c[o.P:]
	p.MA, c = c[:o.Q:o.Q], c[o.Q:]
	p.SAR, c = c[:o.SP:o.SP], c[o.SP:]
	p.SMA = c[:o.SQ:o.SQ]
	return p
}
