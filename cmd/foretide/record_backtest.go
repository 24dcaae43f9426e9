package main

import (
	"bytes"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/foretide/foretide/core/backtest"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/infra/runs"
	"github.com/foretide/foretide/internal/record"
	"github.com/foretide/foretide/internal/report"
	"github.com/foretide/foretide/internal/terminal"
	"github.com/foretide/foretide/loader/config"
)

// A backtest is recorded as one run where it judges one model. With several
// there is a main run, and a part for each model.
type backtestRecord struct {
	session *record.Session
	close   func()
	by      backtest.By
	several bool
	run     *record.Run // of the model that is judged now
	configs map[string]*config.Config
	start   time.Time
	looking time.Duration // spent on reports

	app     *app
	frames  []series.Frame
	plain   bool     // neither report nor pictures
	gallery *gallery // of the model that is judged now; nil for none
	look    report.Options
}

// recordBacktest begins the run of a backtest.
func (a *app) recordBacktest(cmd *cobra.Command, f *backtestFlags, frames []series.Frame, cfg backtest.Config, metrics []string) (*backtestRecord, error) {
	b := &backtestRecord{by: backtest.By(f.by), configs: map[string]*config.Config{}, start: time.Now(), app: a, frames: frames, plain: f.record.plain}
	jobs := allJobs(frames, metrics, cfg.Select)
	if f.record.off || len(jobs) == 0 {
		return b, nil
	}
	for _, metric := range metrics {
		c, err := f.of(cmd, metric)
		if err != nil {
			return nil, err
		}
		b.configs[metric] = c
	}
	params := map[string]string{
		"metric": strings.Join(metrics, ","), "data": f.data, "test_share": terminal.Number(f.share), "every": f.every.String(),
		"refit": f.refit.String(), "by": f.by,
	}
	for flag, value := range map[string]string{"list": f.list, "out": f.out, "score": f.score, "container": f.container} {
		if value != "" {
			params[flag] = value
		}
	}
	b.look = report.Defaults()
	b.look.Metrics, b.look.Every, b.look.Data = metrics, cfg.Every, filepath.ToSlash(f.data)
	what := "models"
	switch {
	case f.score != "":
		what = f.score
	case len(f.models) > 0:
		what = strings.Join(f.models, ", ")
	case len(b.configs) > 0:
		what = record.Common(slices.Collect(maps.Values(b.configs)))["model_type"]
	}
	name := "backtest " + what + " of " + strings.Join(metrics, ", ")
	b.session, b.close = a.record(cmd, &f.record, name, params, dataset(f.data, "evaluation", jobs))
	for metric, c := range b.configs {
		b.session.Main().Artifact("config/"+runs.Key(metric)+".yaml", []byte(c.YAML()))
	}
	return b, nil
}

// models says which models will be judged.
func (b *backtestRecord) models(names []string) {
	b.several = len(names) > 1
	b.session.Main().Param("models", strings.Join(names, ","))
}

// begin begins the part of a model.
func (b *backtestRecord) begin(model string) {
	params := b.settings(model)
	if b.several {
		b.run = b.session.Child(model, func(r *runs.Run) { maps.Copy(r.Params, params) })
	} else {
		b.run = b.session.Main()
		for _, k := range slices.Sorted(maps.Keys(params)) {
			b.run.Param(k, params[k])
		}
	}
	b.run.Tag(record.TagModel, model)
	b.gallery = nil
	if b.session != nil && !b.plain {
		b.gallery = &gallery{}
	}
}

// row takes a forecast in.
func (b *backtestRecord) row(r *backtest.Row) {
	if b.gallery != nil {
		b.gallery.add(r)
	}
}

// looks keeps the report of the model that was judged.
func (b *backtestRecord) looks(all []backtest.Series) {
	if b.gallery == nil || len(b.gallery.kept) == 0 { // forecasts of a file are scored, and not kept
		return
	}
	began := time.Now()
	b.look.Title = "Backtest of " + all[0].Model
	if r := b.gallery.report(b.frames, all, b.look); r != nil {
		b.app.looks(b.run, r, b.frames)
	}
	b.gallery = nil
	b.looking += time.Since(began)
}

// settings are those of a model that all metrics agree on; those of a model that
// a file names are not known.
func (b *backtestRecord) settings(model string) map[string]string {
	var all []*config.Config
	for _, c := range b.configs {
		c = c.Clone()
		if slices.Contains(config.Known, model) {
			c.Model.ModelType = model
		}
		all = append(all, c)
	}
	out := record.Common(all)
	if out == nil {
		out = map[string]string{}
	}
	out["model_type"] = model
	return out
}

// event records the curves of models that are trained by epochs.
func (b *backtestRecord) event(e *forecast.Event) {
	prefix := ""
	if e.What != "" {
		prefix = runs.Key(e.What) + "/"
	}
	switch e.Stage {
	case "epoch":
		b.run.Epoch(prefix, e.Done, e.Loss)
	case "train":
		b.run.Training(prefix, e.Loss)
	}
}

// judged records the scores of a model.
func (b *backtestRecord) judged(all []backtest.Series) {
	if b.run == nil {
		return
	}
	scores := map[string]float64{"series": float64(len(all))}
	for _, o := range backtest.Overalls(all, b.by) {
		scores["ratio"], scores["coverage80"], scores["better"], scores["ratio_p95"] = o.Ratio, o.Coverage, o.Better, o.P95
		for i, h := range o.Horizons {
			scores["ratio_"+terminal.Ahead(h)] = o.Ratios[i]
		}
	}
	if b.by != backtest.BySeries { // there may be thousands
		for _, g := range backtest.Summarise(all, b.by) {
			groupScores(scores, runs.Key(g.Name)+"/", &g)
		}
	}
	b.run.Metrics(scores)
	var text bytes.Buffer
	if terminal.WriteJSON(&text, scoresJSON(all, b.by)) == nil {
		b.run.Artifact("scores.json", text.Bytes())
	}
	b.looks(all)
	if b.several {
		b.run.Finish(runs.Finished)
		b.run = nil
	}
}

// groupScores adds the scores of a group under names with a prefix.
func groupScores(scores map[string]float64, prefix string, g *backtest.Group) {
	for i := range g.At {
		at := &g.At[i]
		for name, v := range map[string]float64{
			"mae": at.MAE, "rmse": at.RMSE, "r2": at.R2, "smape": at.SMAPE, "mase": at.MASE, "persistence_mae": at.Persistence,
			"ratio": at.Ratio, "coverage80": at.Coverage, "width80": at.Width, "winkler80": at.Winkler, "pinball": at.Pinball,
		} {
			scores[prefix+name+"_"+terminal.Ahead(at.Horizon)] = v
		}
	}
}

// finish records what all came to.
func (b *backtestRecord) finish(all []backtest.Series, err error) {
	if b.session == nil {
		return
	}
	defer b.close()
	main := b.session.Main()
	if b.several && b.run != nil { // it failed
		b.run.Finish(statusOf(err))
	}
	if err != nil {
		main.Tag(record.TagError, err.Error())
	}
	main.Metric("seconds", 0, (time.Since(b.start) - b.looking).Seconds())
	if len(all) > 0 {
		groups := backtest.Summarise(all, b.by)
		var text bytes.Buffer
		summaryTable(groups, string(b.by)).Markdown(&text)
		main.Tag(runs.TagNote, text.String())
		main.Artifact("summary.md", text.Bytes())
		if b.several {
			best := b.best(all)
			main.Tag("foretide.best", best.Model)
			main.Metrics(map[string]float64{"ratio": best.Ratio, "coverage80": best.Coverage, "ratio_p95": best.P95})
		}
	}
	main.Finish(statusOf(err))
}

// best returns the summary of the model with the lowest ratio.
func (b *backtestRecord) best(all []backtest.Series) backtest.Overall {
	return slices.MinFunc(backtest.Overalls(all, b.by), func(x, y backtest.Overall) int {
		switch {
		case x.Ratio < y.Ratio:
			return -1
		case x.Ratio > y.Ratio:
			return 1
		}
		return 0
	})
}
