package answering

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/functions/internal/event"
	"github.com/foretide/foretide/functions/internal/invoke"
	"github.com/foretide/foretide/functions/internal/lake"
	"github.com/foretide/foretide/functions/internal/predicting"
	"github.com/foretide/foretide/internal/forecastjson"
	"github.com/foretide/foretide/loader"
)

// An Answerer answers requests. Its fields must be set.
type Answerer struct {
	Lake   *lake.Lake
	Models *predicting.Models
	Window time.Duration // how far back samples are read
	Now    func() time.Time
}

// An Answer is the forecasts that were asked for, by metric.
type Answer struct {
	Container string                  `json:"container"`
	Forecasts []forecastjson.Forecast `json:"forecasts"`
}

// Handle is an invoke.Handler: of requests over HTTP, which get an answer in any
// case, and of direct calls with the body of one, whose failure is an error.
func (a *Answerer) Handle(ctx context.Context, in *invoke.Invocation, payload []byte) (any, error) {
	var h httpRequest
	if len(payload) > event.MaxBytes {
		return nil, invalid(event.Fieldf("", "it has %d bytes; the limit is %d", len(payload), event.MaxBytes))
	}
	if err := json.Unmarshal(payload, &h); err != nil || h.Context.HTTP.Method == "" {
		r, err := parseBody(payload)
		if err != nil {
			return nil, event.Fieldf("", "%v", err)
		}
		return a.forecast(ctx, r)
	}
	id := ""
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		id = lc.AwsRequestID
	}
	began := time.Now()
	r, err := h.parse()
	var out *Answer
	if err == nil {
		out, err = a.forecast(ctx, r)
	}
	if err != nil {
		return a.refuse(in, err, id), nil
	}
	for _, f := range out.Forecasts {
		in.Log.Info("forecast", "container", out.Container, "metric", f.Metric, "model", f.Horizons[0].Model,
			"reason", f.Horizons[0].Reasons, "ms", float64(time.Since(began).Microseconds())/1000)
	}
	in.Metrics.Add("Forecasts", "Count", float64(len(out.Forecasts)))
	body, err := json.Marshal(out)
	if err != nil {
		return nil, err
	}
	return httpAnswer{http.StatusOK, map[string]string{"content-type": "application/json", "cache-control": "no-store"}, string(body)}, nil
}

func (a *Answerer) refuse(in *invoke.Invocation, err error, id string) httpAnswer {
	p := problemOf(err)
	if p.Status >= http.StatusInternalServerError {
		in.Log.Error("no forecast", "status", p.Status, "reason", p.Reason, "error", err.Error())
		in.Metrics.Add("Answers5xx", "Count", 1)
	} else {
		in.Log.Info("refused", "status", p.Status, "reason", p.Reason, "error", err.Error())
		in.Metrics.Add("Answers4xx", "Count", 1)
	}
	return p.answer(id)
}

// forecast answers a request that was checked.
func (a *Answerer) forecast(ctx context.Context, r *Request) (*Answer, error) {
	frame, err := a.frame(ctx, r)
	if err != nil {
		return nil, err
	}
	horizons, err := event.ParseHorizons(r.Horizons)
	if err != nil {
		return nil, invalid(err)
	}
	var keys []loader.Key
	for _, m := range frame.Metrics {
		keys = append(keys, loader.Key{Metric: m, Container: r.Container})
	}
	models, err := a.Models.Fresh(ctx, keys)
	if err != nil {
		return nil, err
	}
	forecasts, err := models.PredictAt(ctx, frame, r.Container, horizons, r.Metrics...)
	if err != nil {
		return nil, err
	}
	out := &Answer{Container: r.Container}
	for _, f := range forecasts {
		out.Forecasts = append(out.Forecasts, forecastjson.Of(f))
	}
	return out, nil
}

// frame returns the values to forecast from: those of the request, or the
// container's samples.
func (a *Answerer) frame(ctx context.Context, r *Request) (series.Frame, error) {
	if r.Window != nil {
		return r.Window.frame(r.Container), nil
	}
	now := a.Now()
	q := lake.Query{Containers: []string{r.Container}, From: now.Add(-a.Window).Unix(), To: now.Unix()}
	var out series.Frame
	err := a.Lake.Read(ctx, q, func(f series.Frame) error { out = f; return nil })
	if err == nil && out.Len() == 0 {
		err = forecast.ErrEmpty
	}
	return out, err
}

func sorted(m map[string]Column) []string { return slices.Sorted(maps.Keys(m)) }
