package fleet

import (
	"errors"
	"fmt"
	"github.com/foretide/foretide/core/models"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/foretide/foretide/core/calibrate"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/core/train"
	"github.com/foretide/foretide/internal/panics"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/config"
	"github.com/foretide/foretide/loader/store"
)

// groups separates the jobs: those that are quickly done; those of models of a
// single container that are trained by epochs, on all cores; and, by what is
// trained together, those of models that serve all containers. Where there is but
// one container, its model is its own unless somebody asked for another scope.
func (f *fleet) groups() (single, long []int, groups [][]int) {
	type key struct {
		config *config.Config
		step   int64
	}
	index := map[key]int{}
	for i, j := range f.jobs {
		trainer, err := f.trainer(j.Config)
		epochs := models.Of(trainer.Name()).Epochs
		switch {
		case err != nil || !epochs && !trainer.Global():
			single = append(single, i)
		case !trainer.Global():
			long = append(long, i)
		default:
			k := key{j.Config, j.Frame.Step}
			if _, ok := index[k]; !ok {
				index[k] = len(groups)
				groups = append(groups, nil)
			}
			groups[index[k]] = append(groups[index[k]], i)
		}
	}
	groups = slices.DeleteFunc(groups, func(g []int) bool {
		j := &f.jobs[g[0]]
		trainer, _ := f.trainer(j.Config)
		_, pools := trainer.Model.(forecast.Pooler) // other metrics learn with it
		if len(g) > 1 || pools || j.Config.Source("model.scope").Kind != config.Default {
			return false
		}
		j.Config = j.Config.Clone()
		j.Config.Model.Scope = config.ScopeContainer
		long = append(long, g[0])
		return true
	})
	return single, long, groups
}

// pool trains the model of groups that learn from all of them together. Where it
// cannot be trained, each group tries alone, and says why.
func (f *fleet) pool(groups [][]int) {
	var histories []forecast.History
	var horizons []int64
	var pooler *train.Trainer
	var seed uint64
	for _, g := range groups {
		c := f.jobs[g[0]].Config
		t, err := f.trainer(c)
		if _, ok := t.Model.(forecast.Pooler); err != nil || !ok {
			continue
		}
		if pooler == nil {
			pooler, seed = &t, f.options(c).Seed
		}
		for _, i := range g {
			h, err := observed(f.jobs[i].Frame, c.MetricName)
			if err != nil {
				continue // said when the group is trained
			}
			if task, err := Task(c, h.Step); err == nil {
				horizons = append(horizons, task.Horizons...)
			}
			histories = append(histories, forecast.History{Frame: h, Metric: c.MetricName})
		}
	}
	if len(histories) == 0 || f.ended() {
		return
	}
	opts := forecast.Options{Seed: seed, Interrupt: f.ended, Progress: func(e forecast.Event) {
		f.event(Progress{What: fmt.Sprintf("training the network of %d series", len(histories)), Job: Pooled}, e)
	}}
	_ = panics.Catch(func() error { // each group tries alone then
		t, err := pooler.Pool(histories, horizons, opts)
		if err == nil {
			f.pooled = t.Model.(forecast.Refitter)
		}
		return err
	})
}

// shared trains the model of a group and stores it. A panic is the failure of the
// group's jobs.
func (f *fleet) shared(group []int) {
	start := time.Now()
	c := f.jobs[group[0]].Config
	err := panics.Catch(func() error { return f.trainShared(group, c) })
	if p := new(panics.Error); errors.As(err, &p) {
		err = fmt.Errorf("%s of %d containers: %w", c.MetricName, len(group), err)
	}
	for _, i := range group {
		r := &f.out[i]
		r.Container, r.Metric, r.Start = f.jobs[i].Frame.Container, c.MetricName, start
		if err != nil && r.Err == nil {
			r.Err = err
		}
	}
}

// trainShared trains the model of a group and stores it, where it is not there
// already.
func (f *fleet) trainShared(group []int, c *config.Config) error {
	if f.o.Unchanged && f.unchangedShared(group, c) {
		return nil
	}
	fitted, report, histories, err := f.fitShared(group, c)
	if err == nil {
		err = f.store1(group, c, fitted, report, histories)
	}
	if err == nil {
		f.forget(loader.Key{Metric: c.MetricName}, histories[0].Step, &report)
	}
	return err
}

// unchangedShared reports whether the store has all that a training of the group
// would give, and says so in the results.
func (f *fleet) unchangedShared(group []int, c *config.Config) bool {
	if trainer, err := f.trainer(c); err != nil {
		return false
	} else if _, pools := trainer.Model.(forecast.Pooler); pools {
		return false
	}
	var histories []series.Frame
	for _, i := range group {
		h, err := observed(f.jobs[i].Frame, c.MetricName)
		if err != nil {
			return false
		}
		histories = append(histories, h)
	}
	results := make([]Result, len(group))
	if f.foremost(group) {
		if !f.same(loader.Key{Metric: c.MetricName}, c, histories, &results[0]) {
			return false
		}
		for k := range results {
			results[k] = results[0]
		}
	}
	if c.Model.Scope == config.ScopeTuned || !f.foremost(group) {
		for k := range group {
			if !f.same(loader.Key{Metric: c.MetricName, Container: histories[k].Container}, c, histories[k:k+1], &results[k]) {
				return false
			}
		}
	}
	for k, i := range group {
		f.out[i] = results[k]
	}
	return true
}

// fitShared fits the model of a group.
func (f *fleet) fitShared(group []int, c *config.Config) (*calibrate.Shared, train.Report, []series.Frame, error) {
	var histories []series.Frame
	for _, i := range group {
		h, err := observed(f.jobs[i].Frame, c.MetricName)
		if err != nil {
			f.out[i].Err = f.jobs[i].wrap(err)
			continue
		}
		histories = append(histories, h)
	}
	fail := func(err error) (*calibrate.Shared, train.Report, []series.Frame, error) {
		return nil, train.Report{}, nil, fmt.Errorf("%s of %d containers: %w", c.MetricName, len(group), err)
	}
	if len(histories) == 0 {
		return fail(forecast.ErrEmpty)
	}
	step := histories[0].Step
	task, err := Task(c, step)
	if err != nil {
		return fail(err)
	}
	trainer, err := f.trainer(c)
	if err != nil {
		return fail(err)
	}
	opts := f.options(c)
	key := loader.Key{Metric: c.MetricName}
	if err := f.keep(&opts, key, step, -1, fmt.Sprintf("of %d containers", len(histories))); err != nil {
		return fail(err)
	}
	fitted, report, err := trainer.Config.FitShared(trainer.Model, histories, task, opts)
	switch {
	case f.ctx.Err() != nil:
		return nil, report, nil, f.ctx.Err()
	case err != nil:
		return fail(err)
	}
	return fitted, report, histories, nil
}

// event passes the progress of a training by epochs on; p says whose it is.
func (f *fleet) event(p Progress, e forecast.Event) {
	p.Loss = e.Loss
	switch e.Stage {
	case "epoch":
		p.Epoch, p.Loss = &e, math.NaN()
		f.tell(p)
	case "train":
		p.Done, p.Total = e.Done, e.Total
		f.tell(p)
	case "validate":
		p.What = strings.Replace(p.What, "training", "judging", 1)
		p.Done, p.Total = e.Done, e.Total
		f.tell(p)
	}
}

// stateName is where the state of a training is kept, beside its checkpoint.
func stateName(key loader.Key, step int64) string {
	return strings.TrimSuffix(key.Name(), ".ckpt") + "." + strconv.FormatInt(step, 10) + "s.training"
}

// keep lets a training by epochs tell how far it is and keep its state in the
// store, beside the checkpoint of the key, and take it from there where it is to
// be resumed. The job is -1 for a model of several.
func (f *fleet) keep(opts *forecast.Options, key loader.Key, step int64, job int, whose string) error {
	p := Progress{What: "training " + key.Metric + " " + whose, Job: job, Metric: key.Metric}
	opts.Progress = func(e forecast.Event) { f.event(p, e) }
	name := stateName(key, step)
	opts.Save = func(state []byte) {
		// A state that cannot be kept is no reason to stop the training.
		_ = f.store.Put(f.ctx, name, state)
	}
	if !f.o.Resume {
		return nil
	}
	state, _, err := f.store.Get(f.ctx, name, 0)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	opts.State = state
	return err
}

// forget removes the state of a training whose model is stored. One that was stopped before its end keeps it. What counts is how the
// training ended: the time may run out after it, while the model is judged.
func (f *fleet) forget(key loader.Key, step int64, r *train.Report) {
	if r.Fit.Status != forecast.Interrupted {
		_ = f.store.Delete(f.ctx, stateName(key, step)) // what stays does no harm
	}
}

// store1 stores a shared model: under the metric's shared name and, where it was
// tuned, each container's under its own. Where the metric's containers have
// several steps, there are as many shared models: the one of most containers
// gets the name, and the containers of the others have it in checkpoints of
// their own.
func (f *fleet) store1(group []int, c *config.Config, fitted *calibrate.Shared, report train.Report, histories []series.Frame) error {
	own := c.Model.Scope == config.ScopeTuned || !f.foremost(group)
	var name string
	var bytes int
	if f.foremost(group) {
		model := forecast.Fitted(fitted)
		if own {
			model, _ = fitted.Of("")
		}
		checkpoint := loader.NewCheckpoint(model, "", provenance(c, histories, &report))
		name = loader.KeyOf(checkpoint).Name()
		var err error
		if bytes, err = loader.Save(f.ctx, f.store, checkpoint); err != nil {
			return err
		}
	}
	at := 0
	for _, i := range group {
		r := &f.out[i]
		if r.Err != nil {
			continue
		}
		h := histories[at : at+1]
		r.Report = part(&report, at)
		r.Name, r.Bytes, r.Shared = name, bytes, true
		at++
		if own {
			one, _ := fitted.Of(h[0].Container)
			checkpoint := loader.NewCheckpoint(one, h[0].Container, provenance(c, h, &r.Report))
			r.Name, r.Shared = loader.KeyOf(checkpoint).Name(), false
			r.Bytes, r.Err = loader.Save(f.ctx, f.store, checkpoint)
		}
	}
	return nil
}

// foremost reports whether a group is the largest, or the first of the largest,
// of its metric's.
func (f *fleet) foremost(group []int) bool {
	metric := f.jobs[group[0]].Config.MetricName
	for _, g := range f.shares {
		if f.jobs[g[0]].Config.MetricName == metric && (len(g) > len(group) || len(g) == len(group) && g[0] < group[0]) {
			return false
		}
	}
	return true
}

// part returns the report of one container of a shared model.
func part(r *train.Report, i int) train.Report {
	c := &r.Containers[i]
	return train.Report{
		Model: r.Model, Fit: r.Fit, Points: c.Points, From: c.From, To: c.To,
		Horizons: c.Horizons, Reasons: r.Reasons&forecast.FitFailed | c.Reasons, Notes: r.Notes,
	}
}
