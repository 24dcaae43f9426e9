package record

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/internal/fleet"
	"github.com/foretide/foretide/internal/report"
	"github.com/foretide/foretide/internal/runs"
	"github.com/foretide/foretide/internal/terminal"
	"github.com/foretide/foretide/loader/config"
	"github.com/foretide/foretide/loader/store"
)

// A Training is recorded as one run where it has one job. With several there is
// a main run with what they share, the curves of shared models among it, and a
// part for each job.
type Training struct {
	session  *Session
	store    string
	jobs     []fleet.Job
	children map[int]*Run // of jobs that are trained by epochs
	start    time.Time
	plain    bool          // neither report nor pictures
	looking  time.Duration // spent on the report
}

// BeginTraining begins the run of a training of data that are stored at store.
// A plain one has neither report nor pictures. Without begin nothing is recorded.
func BeginTraining(begin Beginner, jobs []fleet.Job, data, store string, plain bool) *Training {
	t := &Training{store: store, jobs: jobs, children: map[int]*Run{}, start: time.Now(), plain: plain}
	if begin == nil {
		return t
	}
	configs := configsOf(jobs)
	params := Common(slices.Collect(maps.Values(configs)))
	models, containers := map[string]bool{}, map[string]bool{}
	for i := range jobs {
		models[jobs[i].Config.Model.ModelType] = true
		containers[jobs[i].Frame.Container] = true
	}
	metrics := slices.Sorted(maps.Keys(configs))
	maps.Copy(params, map[string]string{
		"model_type": strings.Join(slices.Sorted(maps.Keys(models)), ","),
		"metric":     strings.Join(metrics, ","), "data": data, "store": store,
		"containers": strconv.Itoa(len(containers)), "step": strconv.FormatInt(jobs[0].Frame.Step, 10) + "s",
	})
	if len(jobs) == 1 {
		params["container"] = jobs[0].Frame.Container
	}
	name := "train " + params["model_type"] + " of " + strings.Join(metrics, ", ")
	t.session = begin(name, params, Dataset(data, "training", jobs))
	main := t.session.Main()
	for metric, c := range configs {
		main.Artifact("config/"+runs.Key(metric)+".yaml", []byte(c.YAML()))
	}
	return t
}

// configsOf returns the configurations of the jobs by metric.
func configsOf(jobs []fleet.Job) map[string]*config.Config {
	out := map[string]*config.Config{}
	for i := range jobs {
		out[jobs[i].Config.MetricName] = jobs[i].Config
	}
	return out
}

// Progress records the curves of models that are trained by epochs.
func (t *Training) Progress(p fleet.Progress) {
	if t.session == nil || p.Metric == "" && p.Job != fleet.Pooled {
		return
	}
	run, prefix := t.session.Main(), ""
	switch {
	case len(t.jobs) == 1 || p.Job == fleet.Pooled: // what all share has the plain names
	case p.Job < 0:
		prefix = runs.Key(p.Metric) + "/"
	case t.children[p.Job] == nil && p.Epoch != nil:
		t.children[p.Job] = t.session.Child(t.nameOf(p.Job), func(r *runs.Run) { t.describe(p.Job, r) })
		run = t.children[p.Job]
	default:
		run = t.children[p.Job]
	}
	if p.Epoch != nil {
		run.Epoch(prefix, p.Epoch.Done, p.Epoch.Loss)
	} else {
		run.Training(prefix, p.Loss)
	}
}

func (t *Training) nameOf(job int) string {
	return t.jobs[job].Config.MetricName + " of " + t.jobs[job].Frame.Container
}

// describe fills in what is known of a job before it is trained.
func (t *Training) describe(job int, r *runs.Run) {
	j := &t.jobs[job]
	maps.Copy(r.Params, Settings(j.Config))
	r.Params["metric"], r.Params["container"] = j.Config.MetricName, j.Frame.Container
	r.Params["step"] = strconv.FormatInt(j.Frame.Step, 10) + "s"
	r.Tags[TagMetric], r.Tags[TagContainer] = j.Config.MetricName, j.Frame.Container
	r.Tags[TagDigest] = fleet.Digest(t.jobs[job : job+1])
}

// Done records what a job came to.
func (t *Training) Done(job int, r *fleet.Result) {
	if t.session == nil {
		return
	}
	status := runs.Finished
	if r.Err != nil {
		if errors.Is(r.Err, context.Canceled) {
			status = runs.Killed
		} else {
			status = runs.Failed
		}
	}
	metrics, tags := outcome(r)
	if run := t.children[job]; run != nil || len(t.jobs) == 1 {
		if run == nil {
			run = t.session.Main()
		}
		run.Metrics(metrics)
		for _, k := range slices.Sorted(maps.Keys(tags)) {
			run.Tag(k, tags[k])
		}
		if len(t.jobs) > 1 {
			run.Finish(status)
		}
		return
	}
	t.session.Child(t.nameOf(job), func(run *runs.Run) {
		t.describe(job, run)
		run.Start, run.End, run.Status = r.Start, time.Now(), status
		maps.Copy(run.Tags, tags)
		for k, v := range metrics {
			run.Set(k, v, run.End)
		}
	})
}

// outcome returns the metrics and tags of a job.
func outcome(r *fleet.Result) (map[string]float64, map[string]string) {
	if r.Err != nil {
		return nil, map[string]string{TagError: r.Err.Error()}
	}
	metrics := map[string]float64{"points": float64(r.Report.Points)}
	var ratios, covers []float64
	for i := range r.Report.Horizons {
		h := &r.Report.Horizons[i]
		if h.Rows == 0 {
			continue
		}
		at := "_" + terminal.Ahead(h.Ahead)
		metrics["mae"+at], metrics["persistence_mae"+at], metrics["coverage80"+at] = h.MAE, h.Persistence, h.Coverage80
		metrics["weight"+at] = h.Weight
		covers = append(covers, h.Coverage80)
		if h.Ratio > 0 {
			metrics["ratio"+at] = h.Ratio
			ratios = append(ratios, h.Ratio)
		}
	}
	setMean(metrics, "ratio", ratios)
	setMean(metrics, "coverage80", covers)
	return metrics, map[string]string{
		TagModel: r.Report.Model, TagSummary: r.Report.Fit.Summary, TagFit: r.Report.Fit.Status.String(),
		TagReasons: r.Report.Reasons.String(), TagCheckpoint: r.Name,
	}
}

// setMean sets a metric to a mean, where there is one.
func setMean(metrics map[string]float64, name string, v []float64) {
	if len(v) > 0 {
		sum := 0.0
		for _, x := range v {
			sum += x
		}
		metrics[name] = sum / float64(len(v))
	}
}

// Finish records what all came to.
func (t *Training) Finish(out []fleet.Result, err error) {
	if t.session == nil {
		return
	}
	main := t.session.Main()
	var trained, failed float64
	byMetric := map[string]map[string][]float64{} // metric, score
	stored := false
	for i := range out {
		r := &out[i]
		switch {
		case r.Err != nil:
			failed++
			continue
		case r.Name == "":
			continue // it was not begun
		}
		trained++
		scores, _ := outcome(r)
		if byMetric[r.Metric] == nil {
			byMetric[r.Metric] = map[string][]float64{}
		}
		for k, v := range scores {
			byMetric[r.Metric][k] = append(byMetric[r.Metric][k], v)
		}
		stored = true
	}
	main.Metrics(map[string]float64{"trained": trained, "failed": failed, "seconds": (time.Since(t.start) - t.looking).Seconds()})
	if len(t.jobs) > 1 {
		main.Metrics(medians(byMetric))
	}
	if stored {
		main.Artifact("model/MLmodel", ModelFile(t.session.Main().ID()))
	}
	var b bytes.Buffer
	if report.WriteTrainedJSON(&b, t.store, out) == nil {
		main.Artifact("trained.json", b.Bytes())
	}
	b.Reset()
	report.WriteTrained(&b, out)
	main.Artifact("trained.txt", b.Bytes())
	main.Finish(statusOf(err, fleet.Failure(out)))
}

// Keeping returns the store, whose checkpoints are kept in the run, too, as they
// are written: in a folder that is a store itself.
func (t *Training) Keeping(b store.Bucket) store.Bucket {
	if t.session == nil {
		return b
	}
	return keptStore{b, func(name string, data []byte) {
		t.session.Main().Artifact("model/checkpoints/"+name, data)
	}}
}

// keptStore passes on the checkpoints that are stored.
type keptStore struct {
	store.Bucket
	keep func(name string, data []byte)
}

// Put implements store.Bucket.
func (k keptStore) Put(ctx context.Context, name string, data []byte, opts ...store.PutOption) error {
	err := k.Bucket.Put(ctx, name, data, opts...)
	if err == nil && strings.HasSuffix(name, ".ckpt") { // not the state of a training
		k.keep(name, data)
	}
	return err
}

// medians are the medians over containers of each metric's scores, and the
// means of those over the metrics.
func medians(byMetric map[string]map[string][]float64) map[string]float64 {
	out := map[string]float64{}
	var ratios, covers []float64
	for metric, scores := range byMetric {
		for k, v := range scores {
			out[runs.Key(metric)+"/"+k] = median(v)
		}
		if v := scores["ratio"]; len(v) > 0 {
			ratios = append(ratios, median(v))
		}
		if v := scores["coverage80"]; len(v) > 0 {
			covers = append(covers, median(v))
		}
	}
	slices.Sort(ratios) // maps have no order, and sums depend on theirs
	slices.Sort(covers)
	setMean(out, "ratio", ratios)
	setMean(out, "coverage80", covers)
	return out
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

// statusOf says how a command ended.
func statusOf(errs ...error) runs.Status {
	status := runs.Finished
	for _, err := range errs {
		switch {
		case err == nil:
		case errors.Is(err, context.Canceled), errors.Is(err, forecast.ErrInterrupted):
			return runs.Killed
		default:
			status = runs.Failed
		}
	}
	return status
}
