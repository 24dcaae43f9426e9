package predict

import (
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/core/serve"
	"github.com/foretide/foretide/infra/cloudwatch"
	"github.com/foretide/foretide/infra/prometheus"
	"github.com/foretide/foretide/internal/steps"
)

// remoteWrite writes what "foretide serve" shows at /metrics, as of now.
func remoteWrite(o prometheus.Writer) Sink {
	return Sink{Name: "remote write", Push: func(ctx context.Context, _ *steps.Invocation, items []*serve.Answer) error {
		now := time.Now()
		var samples []prometheus.Sample
		for _, f := range items {
			samples = prometheus.Gauges(samples, f, now)
		}
		return o.Write(ctx, samples)
	}}
}

// emf writes lines that CloudWatch makes metrics of.
func emf(v view) Sink {
	return Sink{Name: "CloudWatch (EMF)", Push: func(_ context.Context, in *steps.Invocation, items []*serve.Answer) error {
		for _, g := range v.groups(items) {
			in.Metrics.Emit(g.at, g.dimensions, g.values)
		}
		return nil
	}}
}

// put writes the same metrics by calls.
func put(v view, client *cloudwatch.Client) Sink {
	return Sink{Name: "CloudWatch", Push: func(ctx context.Context, in *steps.Invocation, items []*serve.Answer) error {
		var data []cloudwatch.Datum
		for _, g := range v.groups(items) {
			var dimensions []cloudwatch.Dimension
			for _, d := range in.Metrics.Of(g.dimensions...) {
				dimensions = append(dimensions, cloudwatch.Dimension{Name: d[0], Value: d[1]})
			}
			for _, x := range g.values {
				data = append(data, cloudwatch.Datum{Name: x.Name, Unit: x.Unit, Dimensions: dimensions, At: g.at, Value: x.V})
			}
		}
		return client.Put(ctx, steps.Namespace, data)
	}}
}

// A view is which forecasts CloudWatch is given: each metric there costs.
type view struct {
	at         func() time.Time
	containers []string // patterns, with * for any text
	horizons   []int64  // seconds; none: all
}

// A group is values of one time and the same dimensions.
type group struct {
	at         time.Time
	dimensions [][2]string
	values     []steps.Value
}

// groups returns the metrics of forecasts: the forecast for the horizon from now
// on, as of now; the same at the moment that it is for, to lie over what comes;
// and the last value that there is.
func (v view) groups(items []*serve.Answer) []group {
	var out []group
	now := v.at()
	taken := func(t time.Time) bool { // by CloudWatch
		return t.Sub(now) > cloudwatch.Earliest && t.Sub(now) < cloudwatch.Latest
	}
	for _, f := range items {
		if !slices.ContainsFunc(v.containers, func(p string) bool { return matches(strings.TrimSpace(p), f.Container) }) {
			continue
		}
		of := [][2]string{{"Container", ascii(f.Container)}, {"Metric", ascii(f.Metric)}}
		unit := unitOf(f.Metric)
		if at := time.Unix(f.ActualAt, 0); !math.IsNaN(f.Actual) && taken(at) {
			out = append(out, group{at, of, []steps.Value{{Name: "ObservedValue", Unit: unit, V: f.Actual}}})
		}
		for i := range f.At {
			h := &f.At[i]
			if len(v.horizons) > 0 && !slices.Contains(v.horizons, h.Ahead) {
				continue
			}
			dimensions := append(slices.Clip(of), [2]string{"Horizon", serve.Duration(h.Ahead)})
			out = append(out, group{now, dimensions, interval("Forecast", unit, f, h)})
			if due := time.Unix(f.Origin+h.Ahead, 0); taken(due) {
				out = append(out, group{due, dimensions, interval("ForecastDue", unit, f, h)})
			}
		}
	}
	return out
}

// interval is the median and the 80 % interval.
func interval(prefix, unit string, f *serve.Answer, h *forecast.Horizon) []steps.Value {
	lo, hi := f.Interval(h, 0.8)
	return []steps.Value{{Name: prefix + "Median", Unit: unit, V: f.Median(h)}, {Name: prefix + "Lower", Unit: unit, V: lo}, {Name: prefix + "Upper", Unit: unit, V: hi}}
}

func unitOf(metric string) string {
	switch metric {
	case series.Memory:
		return "Bytes"
	case series.DiskRead, series.DiskWrite, series.NetRx, series.NetTx:
		return "Bytes/Second"
	}
	return ""
}

// ascii replaces what the value of a dimension cannot have.
func ascii(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
}

// matches reports whether the pattern is of the whole name.
func matches(pattern, name string) bool {
	parts := strings.Split(pattern, "*")
	rest, ok := strings.CutPrefix(name, parts[0])
	if !ok || len(parts) == 1 {
		return ok && rest == ""
	}
	last := parts[len(parts)-1]
	for _, p := range parts[1 : len(parts)-1] {
		if _, rest, ok = strings.Cut(rest, p); !ok {
			return false
		}
	}
	return strings.HasSuffix(rest, last)
}
