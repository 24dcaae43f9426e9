package serving

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/serve"
	push "github.com/foretide/foretide/infra/prometheus"
)

// TestSameGauges: what is pushed has the names, the labels and the values of
// /metrics.
func TestSameGauges(t *testing.T) {
	t.Parallel()
	f := &serve.Answer{Actual: 1.5, ActualAt: 1_700_000_060, Forecast: forecast.Forecast{Container: "web", Metric: "cpu", Origin: 1_700_000_000, Levels: forecast.DefaultLevels(), At: []forecast.Horizon{
		{Ahead: 300, Mean: 2, Quantiles: []float64{1, 1.1, 1.2, 1.5, 2, 2.5, 2.8, 2.9, 3}, Model: "linear"},
		{Ahead: 900, Mean: 3, Quantiles: []float64{1, 2, 3, 4, 5, 6, 7, 8, 9}, Model: "naive", Reasons: forecast.NoCheckpoint},
	}}}
	var want []string
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		m := prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
		var out dto.Metric
		if err := m.Write(&out); err != nil {
			t.Fatal(err)
		}
		var name string
		fmt.Sscanf(d.String(), "Desc{fqName: %q", &name)
		text := name
		for _, l := range out.Label {
			text += fmt.Sprintf(" %s=%q", l.GetName(), l.GetValue())
		}
		want = append(want, fmt.Sprint(text, " ", out.Gauge.GetValue()))
	}
	e := &entry{forecast: f, observed: 1.5, at: 1_700_000_060, track: &track{}}
	e.collect(gauge, "web", "cpu", 60, 300)
	var got []string
	for _, s := range push.Gauges(nil, f, time.Now()) {
		text := s.Name
		for _, l := range s.Labels {
			text += fmt.Sprintf(" %s=%q", l.Name, l.Value)
		}
		got = append(got, fmt.Sprint(text, " ", s.Value))
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(want, got) || len(got) != 3+2*6+1 {
		t.Errorf("pushed are\n%q\nand /metrics shows\n%q", got, want)
	}
	f.Actual = math.NaN()
	if n := len(push.Gauges(nil, f, time.Now())); n != len(got)-2 {
		t.Errorf("%d gauges without a value, want %d", n, len(got)-2)
	}
}

// TestDue: what had been forecast is shown with each value until the next
// forecast comes due, and not when that never comes.
func TestDue(t *testing.T) {
	t.Parallel()
	var l lead
	l.ahead = 900
	e := &entry{observed: 1, track: &track{leads: []*lead{&l}}}
	for _, c := range []struct {
		due, at int64
		want    bool
	}{{0, 0, false}, {0, 60, false}, {6000, 0, false}, {6000, 6000, true}, {6000, 6060, true}, {6000, 6240, true}, {6000, 6300, false}} {
		l.due, e.at = promise{at: c.due, median: 2, lo: 1, hi: 3}, c.at
		got := map[*prometheus.Desc]float64{}
		e.collect(func(d *prometheus.Desc, v float64, _ ...string) { got[d] = v }, "web", "cpu", 60, 300)
		if (got[dueMedian] == 2 && got[dueLower] == 1 && got[dueUpper] == 3) != c.want {
			t.Errorf("due at %d, the last value at %d: %v", c.due, c.at, got)
		}
	}
}
