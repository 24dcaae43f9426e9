package main

import (
	"encoding/csv"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/core/serve"
	"github.com/foretide/foretide/internal/httpapi"
	"github.com/foretide/foretide/internal/terminal"
)

// frameOf finds a container's frame; frames are in the order of their names.
func frameOf(frames []series.Frame, container string) (int, bool) {
	return slices.BinarySearchFunc(frames, container, func(f series.Frame, name string) int {
		return strings.Compare(f.Container, name)
	})
}

// writeForecasts prints a line for each horizon, under the time of the metric's
// last value.
func writeForecasts(w io.Writer, forecasts []*serve.Answer) {
	t := terminal.NewTable("container", "metric", "last data", "ahead", "forecast", "80 % from", "to", "95 % from", "to", "by", "note")
	t.Right(3, 4, 5, 6, 7, 8)
	for _, f := range forecasts {
		for i := range f.At {
			h := &f.At[i]
			container, metric, origin := f.Container, f.Metric, terminal.Stamp(f.LastData())
			if i > 0 {
				container, metric, origin = "", "", ""
			}
			lo80, hi80 := f.Interval(h, 0.8)
			lo95, hi95 := f.Interval(h, 0.95)
			t.Row(container, metric, origin, terminal.Minutes(h.Ahead), terminal.Number(f.Median(h)), terminal.Number(lo80), terminal.Number(hi80),
				terminal.Number(lo95), terminal.Number(hi95), h.Model, h.Reasons.String())
		}
	}
	t.Write(w)
}

// forecastJSON is a forecast with what it is made of.
type forecastJSON struct {
	httpapi.Forecast
	LastData time.Time     `json:"last_data"` // the metric's last value; horizons count from the origin
	Horizons []horizonJSON `json:"horizons"`
}

type horizonJSON struct {
	httpapi.Horizon
	Components []componentJSON `json:"components,omitempty"`
}

// writeForecastsJSON prints forecasts; terms may be nil.
func writeForecastsJSON(w io.Writer, forecasts []*serve.Answer, terms [][]explained) error {
	out := []forecastJSON{}
	for n, f := range forecasts {
		j := forecastJSON{Forecast: httpapi.ForecastOf(f), LastData: time.Unix(f.LastData(), 0).UTC()}
		for i, h := range j.Forecast.Horizons {
			row := horizonJSON{Horizon: h}
			if terms != nil {
				row.Components = terms[n][i].json()
			}
			j.Horizons = append(j.Horizons, row)
		}
		out = append(out, j)
	}
	return terminal.WriteJSON(w, out)
}

// writeForecastsCSV prints a row for each horizon. Times are Unix seconds, and
// the reasons have spaces between them.
func writeForecastsCSV(w io.Writer, forecasts []*serve.Answer) error {
	c := csv.NewWriter(w)
	_ = c.Write([]string{"container", "metric", "origin", "horizon", "model", "median", "mean", "lo80", "hi80", "lo95", "hi95", "reasons"})
	real := func(v float64) string { return strconv.FormatFloat(v, 'g', 10, 64) }
	for _, f := range forecasts {
		for i := range f.At {
			h := &f.At[i]
			lo80, hi80 := f.Interval(h, 0.8)
			lo95, hi95 := f.Interval(h, 0.95)
			_ = c.Write([]string{f.Container, f.Metric, strconv.FormatInt(f.Origin, 10), strconv.FormatInt(h.Ahead, 10),
				h.Model, real(f.Median(h)), real(h.Mean), real(lo80), real(hi80), real(lo95), real(hi95),
				strings.Join(h.Reasons.Names(), " ")})
		}
	}
	c.Flush()
	return c.Error()
}
