package record

import (
	"bytes"
	"cmp"
	"github.com/foretide/foretide/core/models"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/foretide/foretide/core/backtest"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/internal/fleet"
	"github.com/foretide/foretide/internal/report"
	"github.com/foretide/foretide/internal/runs"
	"github.com/foretide/foretide/internal/terminal"
	"github.com/foretide/foretide/loader/config"
)

// A Backtest is recorded as one run where it judges one model. With several
// there is a main run, and a part for each model.
type Backtest struct {
	session *Session
	by      backtest.By
	several bool
	run     *Run // of the model that is judged now
	configs map[string]*config.Config
	start   time.Time
	looking time.Duration // spent on reports

	frames  []series.Frame
	plain   bool     // neither report nor pictures
	gallery *gallery // of the model that is judged now; nil for none
	look    report.Options
}

// BacktestOptions say what a backtest is given.
type BacktestOptions struct {
	Frames  []series.Frame
	Jobs    []fleet.Job // what is judged
	Metrics []string
	Configs map[string]*config.Config // by metric
	By      backtest.By
	Every   int64  // seconds from one origin to the next
	Data    string // the path of the data
	Models  string // what is judged, for the run's name; "" for what Configs name
	Params  map[string]string
	Plain   bool // neither report nor pictures
}

// BeginBacktest begins the run of a backtest. Without begin nothing is recorded.
func BeginBacktest(begin Beginner, o BacktestOptions) *Backtest {
	b := &Backtest{by: o.By, configs: o.Configs, start: time.Now(), frames: o.Frames, plain: o.Plain}
	if begin == nil {
		return b
	}
	b.look = report.Defaults()
	b.look.Metrics, b.look.Every, b.look.Data = o.Metrics, o.Every, filepath.ToSlash(o.Data)
	what := o.Models
	if what == "" {
		what = cmp.Or(Common(slices.Collect(maps.Values(o.Configs)))["model_type"], "models")
	}
	name := "backtest " + what + " of " + strings.Join(o.Metrics, ", ")
	b.session = begin(name, o.Params, Dataset(o.Data, "evaluation", o.Jobs))
	for metric, c := range o.Configs {
		b.session.Main().Artifact("config/"+runs.Key(metric)+".yaml", []byte(c.YAML()))
	}
	return b
}

// Models says which models will be judged.
func (b *Backtest) Models(names []string) {
	b.several = len(names) > 1
	b.session.Main().Param("models", strings.Join(names, ","))
}

// Begin begins the part of a model.
func (b *Backtest) Begin(model string) {
	params := b.settings(model)
	if b.several {
		b.run = b.session.Child(model, func(r *runs.Run) { maps.Copy(r.Params, params) })
	} else {
		b.run = b.session.Main()
		for _, k := range slices.Sorted(maps.Keys(params)) {
			b.run.Param(k, params[k])
		}
	}
	b.run.Tag(TagModel, model)
	b.gallery = nil
	if b.session != nil && !b.plain {
		b.gallery = &gallery{}
	}
}

// Row takes a forecast in.
func (b *Backtest) Row(r *backtest.Row) {
	if b.gallery != nil {
		b.gallery.add(r)
	}
}

// looks keeps the report of the model that was judged.
func (b *Backtest) looks(all []backtest.Series) {
	if b.gallery == nil || len(b.gallery.kept) == 0 { // forecasts of a file are scored, and not kept
		return
	}
	began := time.Now()
	b.look.Title = "Backtest of " + all[0].Model
	if r := b.gallery.report(b.frames, all, b.look); r != nil {
		b.session.looks(b.run, r, b.frames)
	}
	b.gallery = nil
	b.looking += time.Since(began)
}

// settings are those of a model that all metrics agree on; those of a model that
// a file names are not known.
func (b *Backtest) settings(model string) map[string]string {
	var all []*config.Config
	for _, c := range b.configs {
		c = c.Clone()
		if slices.Contains(models.Names(), model) {
			c.Model.ModelType = model
		}
		all = append(all, c)
	}
	out := Common(all)
	if out == nil {
		out = map[string]string{}
	}
	out["model_type"] = model
	return out
}

// Event records the curves of models that are trained by epochs.
func (b *Backtest) Event(e *forecast.Event) {
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

// Judged records the scores of a model.
func (b *Backtest) Judged(all []backtest.Series) {
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
	if terminal.WriteJSON(&text, report.ScoresOf(all, b.by)) == nil {
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

// Finish records what all came to.
func (b *Backtest) Finish(all []backtest.Series, err error) {
	if b.session == nil {
		return
	}
	main := b.session.Main()
	if b.several && b.run != nil { // it failed
		b.run.Finish(statusOf(err))
	}
	if err != nil {
		main.Tag(TagError, err.Error())
	}
	main.Metric("seconds", 0, (time.Since(b.start) - b.looking).Seconds())
	if len(all) > 0 {
		groups := backtest.Summarise(all, b.by)
		var text bytes.Buffer
		report.Summary(groups, b.by).Markdown(&text)
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
func (b *Backtest) best(all []backtest.Series) backtest.Overall {
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
