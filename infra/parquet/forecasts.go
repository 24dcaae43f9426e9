package parquet

import (
	"bytes"
	"fmt"

	"github.com/parquet-go/parquet-go"

	"github.com/foretide/foretide/core/serve"
)

// A Row is one horizon of a forecast.
type row struct {
	Container string    `parquet:"container,dict"`
	Metric    string    `parquet:"metric,dict"`
	Origin    int64     `parquet:"origin,timestamp(millisecond)"` // of the last cell of the data, Unix milliseconds
	Target    int64     `parquet:"target,timestamp(millisecond)"` // what is forecast: the cell that begins then
	Horizon   int64     `parquet:"horizon_s"`                     // seconds from the origin
	Median    float64   `parquet:"median"`
	Mean      float64   `parquet:"mean"`
	Lo80      float64   `parquet:"lo80"`
	Hi80      float64   `parquet:"hi80"`
	Lo95      float64   `parquet:"lo95"`
	Hi95      float64   `parquet:"hi95"`
	Levels    []float64 `parquet:"levels,list"`
	Quantiles []float64 `parquet:"quantiles,list"` // one for each of Levels
	Model     string    `parquet:"model,dict"`
	Detail    string    `parquet:"detail,dict"`
	Reasons   string    `parquet:"reasons,dict"` // with commas between; "" for none
}

// rows returns the rows of forecasts, in their order.
func rows(forecasts []*serve.Answer) []row {
	var out []row
	for _, f := range forecasts {
		for i := range f.At {
			h := &f.At[i]
			r := row{
				Container: f.Container, Metric: f.Metric, Origin: f.Origin * 1000, Target: (f.Origin + h.Ahead) * 1000, Horizon: h.Ahead,
				Median: f.Median(h), Mean: h.Mean, Levels: f.Levels, Quantiles: h.Quantiles,
				Model: h.Model, Detail: h.Detail, Reasons: h.Reasons.String(),
			}
			r.Lo80, r.Hi80 = f.Interval(h, 0.8)
			r.Lo95, r.Hi95 = f.Interval(h, 0.95)
			out = append(out, r)
		}
	}
	return out
}

// Forecasts returns a file of forecasts: a row for each horizon. The same
// forecasts give the same bytes.
func Forecasts(forecasts []*serve.Answer) ([]byte, error) {
	var buf bytes.Buffer
	w := parquet.NewGenericWriter[row](&buf, codec(), parquet.MaxRowsPerRowGroup(groupRows), parquet.CreatedBy("foretide", "1", ""))
	if _, err := w.Write(rows(forecasts)); err != nil {
		return nil, fmt.Errorf("parquet: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("parquet: %w", err)
	}
	return buf.Bytes(), nil
}
