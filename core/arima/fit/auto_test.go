package fit

import (
	"math"
	"reflect"
	"testing"

	"github.com/foretide/foretide/core/arima/internal/sarima"
)

// TestAutoBeatsR: the chosen model's AICc is at most 0.1 above that of the
// model that R's auto.arima chooses (the orders in goldens.json that are
// named airline, airline log and M4), at the same differences.
func TestAutoBeatsR(t *testing.T) {
	for _, g := range readGoldens(t) {
		switch g.Name {
		case "airline", "airline log", "M4 H1", "M4 H150", "M4 H400":
		default:
			continue
		}
		t.Run(g.Name, func(t *testing.T) {
			y, _ := g.data(t)
			o := g.order()
			r, tried, err := Auto(y, nil, DefaultSearch(len(y), o.Period))
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%v AICc %.2f; R %v %.2f; %d orders", r.Order, r.AICc, o, g.AICc, len(tried))
			if r.D != o.D || r.SD != o.SD {
				t.Errorf("differences of %v, R has %v", r.Order, o)
			}
			if r.AICc > g.AICc+0.1 {
				t.Errorf("AICc %.3f, R has %.3f", r.AICc, g.AICc)
			}
		})
	}
}

// TestFullSearch: a search of all orders finds nothing worse than stepwise.
func TestFullSearch(t *testing.T) {
	y := simulated(t, sarima.Order{P: 1, Q: 1}, []float64{0.7, 0.4}, 150, 4)
	s := DefaultSearch(len(y), 1)
	step, few, err := Auto(y, nil, s)
	if err != nil {
		t.Fatal(err)
	}
	s.Full = true
	full, all, err := Auto(y, nil, s)
	if err != nil {
		t.Fatal(err)
	}
	if full.AICc > step.AICc+1e-6 || len(all) <= len(few) {
		t.Errorf("full search of %d orders %v AICc %.3f, stepwise of %d %v %.3f",
			len(all), full.Order, full.AICc, len(few), step.Order, step.AICc)
	}
}

// TestAutoFindsFarOrders: a cycle that is nearly cancelled is worth its many
// coefficients, but none of them alone, so that small orders seem good. From
// these alone the search finds as good an order as the true one on two of
// the eight paths.
func TestAutoFindsFarOrders(t *testing.T) {
	o := sarima.Order{P: 2, Q: 3, D: 1}
	coefs := []float64{1.8973, -0.9554, -2.4136, 1.9138, -0.4837}
	const paths, least = 8, 6
	found := 0
	for seed := range uint64(paths) {
		y := simulated(t, o, coefs, 900, seed+1)
		s := DefaultSearch(len(y), 1)
		s.D = 1
		r, _, err := Auto(y, nil, s)
		if err != nil {
			t.Fatal(err)
		}
		atTruth := defaultSettings()
		atTruth.Start, atTruth.OnlyStart = coefs, true
		truth, err := estimate(y, nil, o, false, atTruth)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%v AICc %.2f, %v %.2f", r.Order, r.AICc, o, truth.AICc)
		if r.AICc < truth.AICc+2 {
			found++
		}
	}
	if found < least {
		t.Errorf("an order as good as %v is found on %d of %d paths", o, found, paths)
	}
}

// TestAutoChoosesDifferences on processes of known integration.
func TestAutoChoosesDifferences(t *testing.T) {
	for _, c := range []struct {
		order sarima.Order
		coefs []float64
	}{
		{sarima.Order{P: 1}, []float64{0.5}},
		{sarima.Order{D: 1, Q: 1}, []float64{0.4}},
		{sarima.Order{P: 1, SD: 1, SQ: 1, Period: 12}, []float64{0.4, -0.5}},
	} {
		y := simulated(t, c.order, c.coefs, 400, 21)
		r, _, err := Auto(y, nil, DefaultSearch(len(y), max(1, c.order.Period)))
		if err != nil {
			t.Fatal(err)
		}
		if r.D != c.order.D || r.SD != c.order.SD {
			t.Errorf("%v for a path of %v", r.Order, c.order)
		}
	}
}

// TestAutoRoots: every chosen polynomial keeps its roots beyond 1.01, even
// where the truth has one on the circle.
func TestAutoRoots(t *testing.T) {
	y := simulated(t, sarima.Order{P: 1, Q: 1}, []float64{0.5, -0.99999}, 300, 2)
	s := DefaultSearch(len(y), 1)
	s.D = 0
	r, _, err := Auto(y, nil, s)
	if err != nil {
		t.Fatal(err)
	}
	neg := append([]float64(nil), r.MA...)
	negate(neg)
	for _, c := range [][]float64{r.AR, neg} {
		if !sarima.Stationary(c, minRoot-1e-6, make([]float64, len(c))) {
			t.Errorf("%v has a root within %v: %v", r.Order, minRoot, r.Coefs())
		}
	}
}

func TestAutoIsDeterministic(t *testing.T) {
	y := simulated(t, sarima.Order{P: 1, SP: 1, Period: 12}, []float64{0.6, 0.3}, 300, 8)
	y[17], y[80], y[81] = math.NaN(), math.NaN(), math.NaN()
	a, tried, err := Auto(y, nil, DefaultSearch(len(y), 12))
	if err != nil {
		t.Fatal(err)
	}
	b, again, err := Auto(y, nil, DefaultSearch(len(y), 12))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(a, b) || !reflect.DeepEqual(tried, again) {
		t.Errorf("two searches of one series: %v and %v", a, b)
	}
}

// TestAutoDegenerate: series without anything to estimate give a model, or an
// error where there is no value.
func TestAutoDegenerate(t *testing.T) {
	ramp, flat := make([]float64, 50), make([]float64, 50)
	for i := range ramp {
		ramp[i], flat[i] = 3*float64(i), 7
	}
	flat[3] = math.NaN()
	for name, c := range map[string]struct {
		y    []float64
		next float64
	}{"ramp": {ramp, 150}, "flat": {flat, 7}, "one value": {[]float64{math.NaN(), 5}, 5}, "three values": {[]float64{1, 2, 1}, 1.5}} {
		r, _, err := Auto(c.y, nil, DefaultSearch(len(c.y), 1))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		f, err := r.Predict(c.y, nil, 1)
		if err != nil || math.Abs(f.Mean[0]-c.next) > 0.6 {
			t.Errorf("%s: %v forecasts %v, %v; want %v", name, r.Order, f, err, c.next)
		}
	}
	if _, _, err := Auto([]float64{math.NaN()}, nil, DefaultSearch(1, 1)); err != sarima.ErrShort {
		t.Errorf("error %v for a series without values", err)
	}
}

func TestAutoInterrupted(t *testing.T) {
	y := simulated(t, sarima.Order{P: 2}, []float64{0.6, 0.3}, 300, 8)
	s := DefaultSearch(len(y), 12)
	s.Interrupt = func() bool { return true }
	r, tried, err := Auto(y, nil, s)
	if err != nil || r == nil || len(tried) > 8 {
		t.Errorf("%v, %v after %d orders", r, err, len(tried))
	}
}

func BenchmarkAuto(b *testing.B) {
	y := simulated(b, sarima.Order{P: 2, Q: 1, SP: 1, SD: 1, Period: 24}, []float64{0.6, 0.3, 0.2, 0.3}, 700, 8)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := Auto(y, nil, DefaultSearch(len(y), 24)); err != nil {
			b.Fatal(err)
		}
	}
}
