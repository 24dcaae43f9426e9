package report

import (
	"context"
	"math"

	"github.com/foretide/foretide/core/backtest"
	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/core/serve"
	"github.com/foretide/foretide/loader"
)

// stored is a trainer that fits nothing: it judges the model that serves.
type stored struct {
	backtest.Plain
	model forecast.Fitted
}

func (stored) Name() string { return "stored" }
func (stored) Global() bool { return false }
func (s stored) Train([]series.Frame, forecast.Task, forecast.Options) (forecast.Fitted, forecast.Report, error) {
	return s.model, forecast.Report{}, nil
}

// enoughUnseen is how many seconds after the end of a checkpoint's history make
// it worth judging on these alone.
const enoughUnseen = 86400

// A judge works on one series.
type judge struct {
	o     *Options
	p     *loader.Predictor
	frame series.Frame // at the model's step
	model forecast.Fitted
	s     *Series
	rows  []backtest.Row
}

// judgeSeries fills in all that is known of one metric of a frame.
func judgeSeries(ctx context.Context, p *loader.Predictor, frame *series.Frame, metric string, o *Options) (*Series, error) {
	raw, _ := frame.Series(metric)
	t := raw.Trim()
	s := &Series{Container: frame.Container, Metric: metric, Step: frame.Step, From: t.Start, To: t.End(), Points: t.Count(),
		Ratio: nan, Week: nan, Coverage: nan}
	s.Serving.Validation = nan
	j := &judge{o: o, p: p, frame: *frame, s: s}
	if err := j.serving(ctx); err != nil {
		return nil, err
	}
	if j.model.Spec().Step%frame.Step != 0 {
		s.Skipped = "the model's step of " + duration(j.model.Spec().Step) + " is no multiple of the data's " + duration(frame.Step)
		return s, nil
	}
	if s.Step = j.model.Spec().Step; s.Step != frame.Step {
		j.frame = series.CoarsenFrame(frame, s.Step)
	}
	values, _ := j.frame.Series(metric)
	s.History = coarse(values.Trim())
	if err := j.score(ctx, values); err != nil {
		return nil, err
	}
	return s, j.look(ctx, frame, values)
}

// serving finds the model and where it comes from.
func (j *judge) serving(ctx context.Context) error {
	s := j.s
	v := &s.Serving
	model, why, err := j.p.Model(ctx, s.Container, s.Metric)
	if err != nil {
		return err
	}
	key, _ := j.p.Serving(s.Container, s.Metric)
	v.Reasons = why
	if model == nil {
		if j.model, err = serve.StandIn(s.Metric, s.Step, nil, serve.DefaultHorizons, why); err != nil {
			return err
		}
		v.Model = j.model.Spec().Model
		return nil
	}
	j.model = model
	c, err := j.describe(ctx, key)
	if err != nil {
		return err
	}
	p := &c.Provenance
	v.Asked, v.Model, v.Detail = p.Model, model.Spec().Model, p.Summary
	v.Checkpoint, v.Shared, v.Notes = key.Name(), key.Container == "", p.Notes
	v.FittedTo = p.DataEnd
	if c.Kind != model.Kind() { // another stands in (loader.Predictor.Model)
		v.Detail = ""
		return nil
	}
	v.Validation = meanRatio(p.Scores)
	return nil
}

func (j *judge) describe(ctx context.Context, k loader.Key) (*codec.Checkpoint, error) {
	return j.o.described.get(k, func() (*codec.Checkpoint, error) {
		c, err := j.p.Describe(ctx, k)
		if err == nil {
			c.Payload = nil // only what is said about it is kept
		}
		return c, err
	})
}

func meanRatio(scores []codec.Score) float64 {
	sum, n := 0.0, 0.0
	for i := range scores {
		if finite(scores[i].Ratio) {
			sum += scores[i].Ratio
			n++
		}
	}
	return sum / n // NaN where there is none
}

// part returns the index of the cell at which the judged part of the trimmed
// series begins: Options.Last before its end, or the end of what the checkpoint
// was fitted to where enough comes after, and at most half of the series.
func (j *judge) part(t series.Series) int {
	from := t.End() - j.o.Last
	if fitted := j.s.Serving.FittedTo; fitted > from && t.End()-fitted >= enoughUnseen {
		from = fitted
	}
	return max(t.Index(from), t.Len()/2)
}

// score backtests the stored model on the judged part.
func (j *judge) score(ctx context.Context, values series.Series) error {
	s := j.s
	t := values.Trim()
	if t.Len() < 2 {
		s.Skipped = "too few values"
		return nil
	}
	first := j.part(t)
	s.Test = t.Time(first)
	s.Seen = s.Serving.FittedTo > s.Test
	cfg := backtest.Defaults()
	cfg.Every, cfg.Fixed = j.o.Every, true
	cfg.TestShare = 1 - (float64(first)+0.5)/float64(t.Len())
	cfg.Task = func(string, int64) (forecast.Task, error) { return j.model.Spec().Task, nil }
	cfg.Select = func(_, metric string) bool { return metric == s.Metric }
	opts := forecast.Options{Interrupt: func() bool { return ctx.Err() != nil }}
	res, err := backtest.Run([]series.Frame{j.frame}, stored{model: j.model}, cfg, opts, func(r *backtest.Row) error {
		j.rows = append(j.rows, *r)
		return nil
	})
	if err == backtest.ErrNothing {
		s.Skipped = res.Skipped[0].Why
		return nil
	}
	if err != nil {
		return err
	}
	j.take(res.Series[0].At, values)
	return nil
}

// take makes of the rows and their scores what there is to say of the series.
func (j *judge) take(scores []backtest.Score, values series.Series) {
	s := j.s
	last := j.rows[len(j.rows)-1].Origin
	for i := range j.rows {
		if r := &j.rows[i]; r.Origin == last {
			s.Serving.Reasons |= r.Reasons
		}
	}
	for _, sc := range scores {
		s.Scores = append(s.Scores, j.beside(sc, values))
	}
	s.Ratio = meanOf(s.Scores, func(x *Score) float64 { return x.Ratio })
	s.Week = meanOf(s.Scores, func(x *Score) float64 { return x.WeekRatio })
	s.Coverage = meanOf(s.Scores, func(x *Score) float64 { return x.Coverage })
	j.byHour(values)
	j.cover()
}

// beside adds the same time last week to a score.
func (j *judge) beside(sc backtest.Score, values series.Series) Score {
	out := Score{Score: sc, WeekMAE: nan, WeekRatio: nan}
	week, last, rows := 0.0, 0.0, 0
	for i := range j.rows {
		r := &j.rows[i]
		if r.Horizon != sc.Horizon {
			continue
		}
		rows++
		if v := values.At(r.Origin + r.Horizon - Week); finite(v) {
			week += math.Abs(r.Actual - v)
			last += math.Abs(r.Actual - r.Last)
			out.WeekRows++
		}
	}
	if out.WeekRows > 0 && 2*out.WeekRows >= rows {
		out.WeekMAE = week / float64(out.WeekRows)
		if last > 0 {
			out.WeekRatio = week / last
		}
	}
	return out
}

// look gathers what is drawn of a series.
func (j *judge) look(ctx context.Context, frame *series.Frame, values series.Series) error {
	s := j.s
	s.Fans = fans(j.rows, s, j.o.Points)
	s.Recent = values.Slice(max(0, values.Len()-int(recentSpan/values.Step)), values.Len())
	next, err := j.p.PredictAt(ctx, *frame, "", nil, s.Metric)
	if err != nil {
		return err
	}
	if len(next[0].At) > 0 {
		s.Next = &next[0].Forecast
	}
	if e, ok := forecast.ExplainerOf(j.inner()); ok {
		return j.terms(e)
	}
	return nil
}

// recentSpan is the seconds before the newest value that are drawn with the
// forecast from it.
const recentSpan = 6 * 3600
