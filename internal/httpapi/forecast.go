package httpapi

import (
	"time"

	"github.com/foretide/foretide/core/serve"
)

// A Forecast is one metric of a container.
type Forecast struct {
	Container string    `json:"container"`
	Metric    string    `json:"metric"`
	Origin    time.Time `json:"origin"` // of the last cell of the data
	Horizons  []Horizon `json:"horizons"`
}

// A Horizon is the forecast for one time ahead.
type Horizon struct {
	Seconds   int64      `json:"horizon_s"`
	At        time.Time  `json:"at"`
	Median    float64    `json:"median"`
	Mean      float64    `json:"mean"`
	Lo80      float64    `json:"lo80"`
	Hi80      float64    `json:"hi80"`
	Quantiles []Quantile `json:"quantiles"`
	Model     string     `json:"model"`
	Detail    string     `json:"detail,omitempty"`
	Reasons   []string   `json:"reasons"`
}

// A Quantile is the value that the actual one is below with probability P.
type Quantile struct {
	P     float64 `json:"p"`
	Value float64 `json:"value"`
}

// ForecastOf returns the forecast as it is written.
func ForecastOf(f *serve.Answer) Forecast {
	out := Forecast{Container: f.Container, Metric: f.Metric, Origin: time.Unix(f.Origin, 0).UTC(), Horizons: make([]Horizon, 0, len(f.At))}
	for i := range f.At {
		h := &f.At[i]
		lo, hi := f.Interval(h, 0.8)
		row := Horizon{
			Seconds: h.Ahead, At: time.Unix(f.Origin+h.Ahead, 0).UTC(), Median: f.Median(h), Mean: h.Mean,
			Lo80: lo, Hi80: hi, Model: h.Model, Detail: h.Detail, Reasons: h.Reasons.Names(),
		}
		if row.Reasons == nil {
			row.Reasons = []string{}
		}
		for k, p := range f.Levels {
			row.Quantiles = append(row.Quantiles, Quantile{p, h.Quantiles[k]})
		}
		out.Horizons = append(out.Horizons, row)
	}
	return out
}
