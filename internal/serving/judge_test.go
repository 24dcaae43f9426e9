package serving

import (
	"math"
	"testing"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/core/serve"
)

// promised is a forecast of one value at two horizons, ± 2 in 80 %; last is the
// last value before it.
func promised(last float64, origin int64, v float64, ahead ...int64) *serve.Answer {
	f := &serve.Answer{Actual: last}
	f.Forecast = forecast.Forecast{Origin: origin, Levels: []float64{0.1, 0.5, 0.9}}
	for _, a := range ahead {
		f.At = append(f.At, forecast.Horizon{Ahead: a, Quantiles: []float64{v - 2, v, v + 2}})
	}
	return f
}

// TestJudge: errors, their ratio to the last value's and the coverage are those
// of the forecasts that came due in the judged time.
func TestJudge(t *testing.T) {
	t.Parallel()
	values := []float64{10, 11, 14, math.NaN(), 20, 10}
	var track track
	for i := range values {
		s := series.Series{Start: 6000, Step: 60, Values: values[:i+1]}
		track.judge(s, 60)
		last := s.Values[max(s.Last(), 0)]
		track.note(promised(last, s.Time(i), last+1, 60, 120))
	}
	l := track.leads[0]
	// Forecasts 11, 12, 15, 15, 21 of 11, 14, nothing, 20, 10; the last values are 10, 11, 14, 20.
	got := l.accuracy(6300, 60)
	if want := (sum{n: 4, abs: 0 + 2 + 5 + 11, persisted: 1 + 3 + 6 + 10, inside: 2}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if l.due.at != 6300 || l.due.median != 21 {
		t.Errorf("what had been forecast for the last value is %+v", l.due)
	}
	if got := l.accuracy(6300+slots*60, 60); got.n != 0 {
		t.Errorf("a time later there is still %+v", got)
	}
	if n := len(l.pending); n != 1 {
		t.Errorf("%d forecasts are not due, want 1", n)
	}
	track.note(promised(1, 6360, 1, 180))
	if len(track.leads) != 1 || track.leads[0].ahead != 180 {
		t.Errorf("another model's horizons: %+v", track.leads)
	}
	for i := int64(0); i < 2*mostWaited; i++ {
		track.note(promised(1, 6420+i, 1, 1e6))
	}
	if n := len(track.leads[0].pending); n != mostWaited {
		t.Errorf("%d forecasts wait, want %d", n, mostWaited)
	}
}
