package record

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/foretide/foretide/core/backtest"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/internal/fleet"
	"github.com/foretide/foretide/internal/plot"
	"github.com/foretide/foretide/internal/report"
	"github.com/foretide/foretide/internal/runs"
	"github.com/foretide/foretide/internal/terminal"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/store"
)

// What a run keeps to be looked at, however large its fleet is.
const (
	mostReported = 60              // series of the report: the worst
	mostPlotted  = 6               // of them, that a picture is drawn of
	mostRows     = 3000            // of a series of a backtest that are drawn: the newest
	mostLooking  = 2 * time.Minute // that a training's report may take
)

// plottedKinds are the panels of a picture that a run keeps.
var plottedKinds = []plot.Kind{plot.History, plot.Fan, plot.Residuals}

// looks keeps a report, as report.html, and pictures of its worst series, as
// plots/METRIC/CONTAINER.png, with a run.
func (session *Session) looks(run *Run, r *report.Report, frames []series.Frame) {
	var b bytes.Buffer
	if err := report.RenderPage(&b, r); err != nil {
		session.o.Tell(fmt.Sprintf("the run has no report: %v", err))
		return
	}
	run.Artifact("report.html", b.Bytes())
	drawn := 0
	for i := range r.Series {
		s := &r.Series[i]
		if len(s.Fans) == 0 || drawn == mostPlotted {
			continue
		}
		k := slices.IndexFunc(frames, func(f series.Frame) bool { return f.Container == s.Container })
		values, _ := frames[k].Series(s.Metric)
		panels, err := plot.Panels(&plot.Source{Series: s, Values: values, Horizon: s.Fans[len(s.Fans)/2].Horizon}, plottedKinds)
		if err == nil && len(panels) > 0 {
			b.Reset()
			if err = plot.Write(&b, panels, 960, 280, plot.PNG); err == nil {
				run.Artifact("plots/"+runs.Key(s.Metric)+"/"+runs.Key(s.Container)+".png", b.Bytes())
				drawn++
			}
		}
		if err != nil {
			session.o.Tell(fmt.Sprintf("the run has no picture of %s: %v", s.Key(), err))
		}
	}
}

// Looks keeps a report of what was trained with the main run: of the worst series,
// by what they reached on what they had not seen.
func (t *Training) Looks(ctx context.Context, data string, b store.Bucket, out []fleet.Result, meter func() terminal.Meter) {
	if t.session == nil || t.plain {
		return
	}
	began := time.Now()
	defer func() { t.looking = time.Since(began) }()
	type key = [2]string
	order := make([]int, 0, len(out))
	for i := range out {
		if out[i].Err == nil && out[i].Name != "" {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(x, y int) int { return compare(worst(&out[y]), worst(&out[x])) })
	of := 0
	if len(order) > mostReported {
		of, order = len(order), order[:mostReported]
	}
	o := report.Defaults()
	wanted := map[key]bool{}
	var frames []series.Frame
	names := map[string]bool{}
	for _, i := range order {
		f, metric := t.jobs[i].Frame, t.jobs[i].Config.MetricName
		wanted[key{f.Container, metric}] = true
		names[out[i].Name] = true
		if !slices.ContainsFunc(frames, func(x series.Frame) bool { return x.Container == f.Container }) {
			frames = append(frames, *f)
		}
		if !slices.Contains(o.Metrics, metric) {
			o.Metrics = append(o.Metrics, metric)
		}
	}
	slices.Sort(o.Metrics)
	ctx, cancel := context.WithTimeout(ctx, mostLooking)
	defer cancel()
	p, err := loader.New(ctx, trainedStore{b, slices.Sorted(maps.Keys(names))})
	if err == nil {
		o.Title, o.Select = "What was trained", func(container, metric string) bool { return wanted[key{container, metric}] }
		o.Data, o.Store, o.Workers = filepath.ToSlash(data), filepath.ToSlash(t.store), runtime.GOMAXPROCS(0)
		m := meter()
		o.Progress = m.Set
		var r *report.Report
		if r, err = report.Build(ctx, frames, p, o); err == nil {
			r.Of = of
			t.session.looks(t.session.Main(), r, frames)
		}
		m.Finish()
	}
	if err != nil && !errors.Is(err, report.ErrNothing) {
		t.session.o.Tell(fmt.Sprintf("the run has no report: %v", err))
	}
}

// A trainedStore shows of a store what was trained alone: a container's older
// checkpoint would serve in the place of a shared one.
type trainedStore struct {
	store.Bucket
	names []string
}

// List implements store.Bucket.
func (s trainedStore) List(ctx context.Context, prefix, after string) iter.Seq2[store.Object, error] {
	return func(yield func(store.Object, error) bool) {
		for _, name := range s.names {
			if strings.HasPrefix(name, prefix) && name > after {
				if o, err := s.Stat(ctx, name); !yield(o, err) || err != nil {
					return
				}
			}
		}
	}
}

// worst is the mean ratio of what was trained; what has none comes last.
func worst(r *fleet.Result) float64 {
	if scores, _ := outcome(r); scores["ratio"] > 0 {
		return scores["ratio"]
	}
	return math.Inf(-1)
}

func compare(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// A gallery keeps the newest rows of the worst series of one model's backtest.
// Series come one after the other.
type gallery struct {
	kept []shown
}

type shown struct {
	container, metric string
	rows              []backtest.Row
	model, last       float64 // sums of absolute errors
}

// add takes a row in.
func (g *gallery) add(r *backtest.Row) {
	n := len(g.kept)
	if n == 0 || g.kept[n-1].container != r.Container || g.kept[n-1].metric != r.Metric {
		g.trim()
		g.kept = append(g.kept, shown{container: r.Container, metric: r.Metric})
		n = len(g.kept)
	}
	s := &g.kept[n-1]
	if len(s.rows) == 2*mostRows {
		s.rows = append(s.rows[:0], s.rows[mostRows:]...)
	}
	s.rows = append(s.rows, *r)
	if d := math.Abs(r.Actual - r.Point); d-d == 0 {
		s.model += d
		s.last += math.Abs(r.Actual - r.Last)
	}
}

// trim leaves out the best where there are as many as there may be.
func (g *gallery) trim() {
	if len(g.kept) < mostReported {
		return
	}
	best := 0
	for i := range g.kept {
		if g.kept[i].ratio() < g.kept[best].ratio() {
			best = i
		}
	}
	g.kept = slices.Delete(g.kept, best, best+1)
}

func (s *shown) ratio() float64 {
	if s.last == 0 {
		return math.Inf(-1)
	}
	return s.model / s.last
}

// report is that of a model's backtest; nil where there is none.
func (g *gallery) report(frames []series.Frame, all []backtest.Series, o report.Options) *report.Report {
	var judged []report.Judged
	for i := range all {
		k := slices.IndexFunc(g.kept, func(s shown) bool { return s.container == all[i].Container && s.metric == all[i].Metric })
		if k >= 0 {
			rows := g.kept[k].rows
			judged = append(judged, report.Judged{Series: all[i], Rows: rows[max(0, len(rows)-mostRows):]})
		}
	}
	r, err := report.OfBacktest(frames, judged, o)
	if err != nil {
		return nil
	}
	if len(judged) < len(all) {
		r.Of = len(all)
	}
	return r
}
