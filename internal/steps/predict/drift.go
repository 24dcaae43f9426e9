package predict

import (
	"context"

	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/core/serve"
	"github.com/foretide/foretide/internal/drift"
	"github.com/foretide/foretide/internal/panics"
	"github.com/foretide/foretide/internal/steps"
	"github.com/foretide/foretide/internal/steps/batch"
	"github.com/foretide/foretide/loader"
)

// judge judges the models of a container's forecasts, if the batch asks for it and
// there is time. A series that cannot be judged has its forecast nevertheless.
func (r *round) judge(ctx context.Context, models *loader.Predictor, f *series.Frame, forecasts []*serve.Answer) {
	if !r.batch.Drift || r.Drift.Last <= 0 {
		return
	}
	for i, one := range forecasts {
		if r.in.Stopped() {
			r.in.Log.Warn("drift not judged: the time is over", "container", f.Container, "series", len(forecasts)-i)
			return
		}
		var row drift.Row
		err := panics.Catch(func() (err error) {
			row, err = drift.Judge(ctx, models, f, one.Metric, r.Drift)
			return err
		})
		if err != nil {
			r.in.Log.Warn("drift not judged", "container", f.Container, "metric", one.Metric, "error", err.Error(), batch.Stack(err))
			continue
		}
		if row.Drift {
			r.in.Log.Info("drifted", "container", f.Container, "metric", one.Metric, "model", row.Model, "reason", row.Reason)
		}
		r.mu.Lock()
		r.verdicts = append(r.verdicts, row)
		r.mu.Unlock()
	}
}

// mark writes a mark for each checkpoint that is due to be trained again. Marks are
// what plan and train's notifications read.
func (r *round) mark(ctx context.Context) {
	if len(r.verdicts) == 0 {
		return
	}
	due := drift.Due(r.verdicts)
	in := r.in
	in.Metrics.Add("Drifted", "Count", float64(len(due)))
	for _, key := range due {
		if err := r.Lake.Objects.Put(ctx, steps.DriftFolder+key.Name(), nil); err != nil {
			reason, _ := batch.Reason(err)
			in.Log.Error("drift not marked", "checkpoint", key.Name(), "reason", reason, "error", err.Error())
		}
	}
}
