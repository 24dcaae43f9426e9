// Package drift judges whether models have become worse than they were when they
// were trained, and which checkpoints are due to be trained again.
package drift

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/foretide/foretide/core/calibrate"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/loader"
)

// Options say what of a frame is judged.
type Options struct {
	Last  time.Duration // of the data, at its end
	Every time.Duration // from one origin to the next
}

// Reasons of a Row.
const (
	Worse         = "worse"          // point forecasts have become worse
	IntervalsMiss = "intervals_miss" // intervals contain too few actual values
	OldCheckpoint = "old_checkpoint" // the checkpoint was made with another built-in network
	NoCheckpoint  = "no_checkpoint"  // not judged: no checkpoint serves the series
	Step          = "step"           // not judged: the step of the data does not divide the model's
	Seen          = "seen"           // not judged: the checkpoint was trained on all of the data
)

// A Row is the verdict on the model of a series.
type Row struct {
	Container string     `json:"container"`
	Metric    string     `json:"metric"`
	Model     string     `json:"model,omitempty"`
	Drift     bool       `json:"drift"`
	Reason    string     `json:"reason,omitempty"`  // of the constants above; both of the first two with a comma between
	Skipped   string     `json:"skipped,omitempty"` // why it was not judged, for people
	Horizons  []Horizon  `json:"horizons,omitempty"`
	Key       loader.Key `json:"-"` // of the checkpoint that serves the series
}

// A Horizon is the verdict on the forecasts for one horizon.
type Horizon struct {
	Seconds    int64   `json:"horizon_s"`
	Rows       int     `json:"forecasts"`
	Ratio      float64 `json:"ratio"` // the relative MAE
	Was        float64 `json:"ratio_when_trained"`
	Coverage80 float64 `json:"coverage80"`
	Worse      bool    `json:"worse"`
	Missing    bool    `json:"intervals_miss"`
}

// Judge has the model that serves a metric of the frame forecast the last part of
// the data again, as far as the model was not trained on it, and compares its
// errors with those when it was trained. A series without a checkpoint of its own
// or a shared one does not count as drifted. A checkpoint that cannot serve any
// more does.
func Judge(ctx context.Context, p *loader.Predictor, frame *series.Frame, metric string, o Options) (Row, error) {
	row := Row{Container: frame.Container, Metric: metric}
	model, _, err := p.Model(ctx, frame.Container, metric)
	if err != nil {
		return row, err
	}
	key, why := p.Serving(frame.Container, metric)
	row.Key = key
	if s, ok := model.(*calibrate.Shared); ok {
		model, _ = s.Of(frame.Container)
	}
	fitted, ok := model.(*calibrate.Fitted)
	if !ok {
		row.Reason, row.Skipped = NoCheckpoint, `no checkpoint; "foretide train" makes one`
		if why&forecast.NoCheckpoint == 0 {
			row.Drift, row.Reason, row.Skipped = true, OldCheckpoint, "the checkpoint "+key.Name()+" was made with another network in the box (old_checkpoint): train it again"
		}
		return row, nil
	}
	spec := fitted.Spec()
	row.Model = spec.Model
	own := *frame
	switch {
	case spec.Step%frame.Step != 0:
		row.Reason, row.Skipped = Step, fmt.Sprintf("the data have a value every %d s, the model wants %d s", frame.Step, spec.Step)
		return row, nil
	case spec.Step != frame.Step:
		own = series.CoarsenFrame(frame, spec.Step)
	}
	c, err := p.Describe(ctx, key)
	if err != nil {
		return row, err
	}
	from := own.Len() - int(o.Last/time.Second)/int(own.Step)
	if seen := int((c.Provenance.DataEnd-own.Start)/own.Step) + 1; c.Provenance.DataEnd >= own.Start {
		from = max(from, seen)
	}
	part := series.Part{From: max(from, 0), To: own.Len()}
	if part.Len() <= 0 {
		row.Reason, row.Skipped = Seen, "the checkpoint has seen all of the data"
		return row, nil
	}
	stride := int(o.Every/time.Second) / int(own.Step)
	ds, err := fitted.Drift(&own, part, stride, forecast.Options{Interrupt: func() bool { return ctx.Err() != nil }})
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return row, err
	}
	for i := range ds {
		d := &ds[i]
		row.Drift = row.Drift || d.Drifted()
		row.Horizons = append(row.Horizons, Horizon{d.Ahead, d.Rows, d.Ratio, d.Was, d.Coverage80, d.Worse, d.Missing})
	}
	row.Reason = reasonOf(row.Horizons)
	return row, nil
}

// reasonOf names what has drifted at any of the horizons.
func reasonOf(horizons []Horizon) string {
	var words []string
	if slices.ContainsFunc(horizons, func(h Horizon) bool { return h.Worse }) {
		words = append(words, Worse)
	}
	if slices.ContainsFunc(horizons, func(h Horizon) bool { return h.Missing }) {
		words = append(words, IntervalsMiss)
	}
	return strings.Join(words, ",")
}

// sharedPart is the part of the containers of a shared checkpoint that must have
// drifted before it is due: training it again costs a training on all of them, and
// a few of many look drifted by chance.
const sharedPart = 0.1

// Due returns the checkpoints that are to be trained again, ordered by name: those
// of single containers whose model has drifted, and shared ones whose model has
// drifted for more than a tenth of the containers judged.
func Due(rows []Row) []loader.Key {
	judged, drifted := map[loader.Key]int{}, map[loader.Key]int{}
	for i := range rows {
		switch r := &rows[i]; {
		case r.Drift:
			drifted[r.Key]++
			judged[r.Key]++
		case len(r.Horizons) > 0:
			judged[r.Key]++
		}
	}
	var out []loader.Key
	for key, n := range drifted {
		if key.Container != "" || float64(n) > sharedPart*float64(judged[key]) {
			out = append(out, key)
		}
	}
	slices.SortFunc(out, func(a, b loader.Key) int { return strings.Compare(a.Name(), b.Name()) })
	return out
}
