package fit

import (
	"slices"
	"strconv"

	"github.com/foretide/foretide/core/feature"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/lstm"
	"github.com/foretide/foretide/core/lstm/network"
	"github.com/foretide/foretide/core/series"
)

// Fit trains a network on the histories: one of every container, or of one. The
// end of each is held back to decide when to stop. The errors are
// ErrNoWindows, optim.ErrDiverged, forecast.ErrState, ErrEmpty, ErrMetric, ErrStep,
// and forecast.ErrInterrupted where no epoch had ended; an interruption later
// keeps the best weights so far.
func (c Config) Fit(history []series.Frame, task forecast.Task, opts forecast.Options) (forecast.Fitted, forecast.Report, error) {
	d, err := c.check(history, task, c.Held)
	if err != nil {
		return nil, forecast.Report{}, err
	}
	net := network.New(c.shape(d))
	net.Initialise(opts.Seed, task.Levels)
	t := c.newTrainer(d, net, c.Epochs, c.Rate, &opts)
	t.hold(d.held(c.HeldWindows))
	if opts.State != nil {
		if err := t.restore(opts.State); err != nil {
			return nil, forecast.Report{}, err
		}
	}
	return t.finish(t.loop.Run())
}

// Renewal returns 0: a fit is not renewed as time goes by.
func (Config) Renewal() int64 { return 0 }

// Refit goes on from a model's weights on all of the history, for as many epochs
// as were best before, but at most c.RefitEpochs: no part is left that judges. With Options.Own it goes
// on from them on one container's history, if c.Tuned asks for it.
func (c Config) Refit(fitted forecast.Fitted, history []series.Frame, task forecast.Task, opts forecast.Options) (forecast.Fitted, forecast.Report, error) {
	if opts.Own {
		return c.tune(fitted, history, task, opts)
	}
	d, err := c.check(history, task, 0)
	if err != nil {
		return nil, forecast.Report{}, err
	}
	epochs := c.RefitEpochs
	if best := fitted.(*lstm.Fitted).Epochs(); best > 0 {
		epochs = min(epochs, best)
	}
	t := c.resume(fitted, d, epochs, c.Rate*c.RefitRate, &opts)
	return t.finish(t.loop.Run())
}

// tune goes on from a model's weights on one container's history. Its end
// decides how long, and whether at all: where no epoch forecasts it better than
// the model of all containers, that is what comes back.
func (c Config) tune(fitted forecast.Fitted, history []series.Frame, task forecast.Task, opts forecast.Options) (forecast.Fitted, forecast.Report, error) {
	if !c.Tuned || c.PerContainer {
		return fitted, forecast.Report{}, nil
	}
	d, err := c.check(history, task, c.Held)
	if err != nil {
		return nil, forecast.Report{}, err
	}
	t := c.resume(fitted, d, c.TuneEpochs, c.Rate*c.TuneRate, &opts)
	t.hold(d.held(c.HeldWindows))
	loss, ok := t.validate()
	if !ok {
		return nil, forecast.Report{}, forecast.ErrInterrupted
	}
	if t.opts.Stopped() {
		return fitted, forecast.Report{Status: forecast.Interrupted, Summary: fitted.(*lstm.Fitted).Summary()}, nil
	}
	t.loop.Best, t.loop.BestLoss = slices.Clone(t.net.Weights), loss
	status, err := t.loop.Run()
	if err == nil && t.loop.BestEpoch == 0 {
		return fitted, forecast.Report{Status: status, Summary: fitted.(*lstm.Fitted).Summary()}, nil
	}
	return t.finish(status, err)
}

// resume prepares to train a fitted model's network further.
func (c *Config) resume(fitted forecast.Fitted, d *dataset, epochs int, rate float64, opts *forecast.Options) *trainer {
	before := fitted.(*lstm.Fitted)
	d.others = before.Others()
	net := network.New(before.Network().Shape())
	copy(net.Weights, before.Network().Weights)
	quiet := *opts
	quiet.Save, quiet.State = nil, nil
	return c.newTrainer(d, net, epochs, rate, &quiet)
}

// check returns what is trained on, or what is wrong with it.
func (c *Config) check(history []series.Frame, task forecast.Task, held float64) (*dataset, error) {
	if len(history) == 0 {
		return nil, forecast.ErrEmpty
	}
	if err := task.Check(); err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(history, func(f series.Frame) bool { return f.Column(task.Metric) >= 0 }) {
		return nil, forecast.ErrMetric
	}
	return c.newDataset(history, task, held)
}

// shape returns the network's shape for a dataset.
func (c *Config) shape(d *dataset) network.Shape {
	return network.Shape{
		Inputs: lstm.InputsOf(len(d.others)), Steps: c.Steps, Hidden: c.Hidden, Layers: c.Layers,
		Bidirectional: c.Bidirectional, Horizons: len(d.task.Horizons), Features: feature.Count,
		Skip: feature.SkipCount, Width: c.Width, Levels: len(d.task.Levels), Median: slices.Index(d.task.Levels, 0.5),
	}
}

// finish makes the model and the report of a training that ended.
func (t *trainer) finish(status forecast.Status, err error) (forecast.Fitted, forecast.Report, error) {
	report := forecast.Report{Status: status, Losses: t.loop.Curve}
	if err != nil {
		return nil, report, err
	}
	lstm.Round(t.net)
	best := t.loop.BestEpoch
	if len(t.held) == 0 {
		best = t.loop.Epoch
	}
	f := lstm.New(t.data.task, t.data.others, t.net).After(best)
	containers := 0
	for i := range t.data.sources {
		s := &t.data.sources[i]
		if s.other {
			continue
		}
		containers++
		for _, x := range s.values {
			if x == x {
				report.Points++
			}
		}
	}
	report.Summary = f.Summary() + ", " + strconv.Itoa(t.loop.Epoch) + " epochs"
	if t.loop.BestEpoch > 0 {
		report.Summary += ", best after " + strconv.Itoa(t.loop.BestEpoch) + ", loss " + strconv.FormatFloat(t.loop.BestLoss, 'g', 4, 64)
	}
	if containers > 1 {
		report.Summary += ", " + strconv.Itoa(containers) + " containers"
	}
	return f, report, nil
}
