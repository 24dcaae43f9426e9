// Package plan finds out which series are to be trained and forecast, and
// writes the manifests that a fleet works through.
package plan

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/foretide/foretide/core/models"
	"github.com/foretide/foretide/internal/event"
	"github.com/foretide/foretide/internal/lake"
	"github.com/foretide/foretide/internal/steps"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/config"
	"github.com/foretide/foretide/loader/store"
)

// An Event asks for a plan, or for the summary of a run.
type Event struct {
	Train   bool `json:"train,omitempty"`
	Predict bool `json:"predict,omitempty"`
	// MaxAge is how old a checkpoint may be: "20h"; "" is the planner's.
	MaxAge string `json:"max_age,omitempty"`
	// Drift are series whose models no longer hold: they are trained whatever
	// their age.
	Drift []event.Item `json:"drift,omitempty"`
	// Run names the run: best the execution that it is part of. "" makes a name that
	// no other invocation makes.
	Run   string    `json:"run,omitempty"`
	Until time.Time `json:"until,omitzero"`
	// Summarize names a run whose answers are to be added up; all else is then
	// to be empty.
	Summarize string `json:"summarize,omitempty"`
}

// A Manifest is a list of batches in object storage.
type Manifest struct {
	Key     string `json:"key"`
	Batches int    `json:"batches"`
	Series  int    `json:"series"`
}

// A Plan is the answer.
type Plan struct {
	Run     string         `json:"run"`
	Until   time.Time      `json:"until"`
	Train   Manifest       `json:"train"`
	Predict Manifest       `json:"predict"`
	Due     map[string]int `json:"due"` // series to train, by reason: new, old, drift
	// Concurrency is how many batches are to be worked on at the same time.
	Concurrency int `json:"concurrency"`
}

// DefaultMaxAge is a MaxAge for a plan every night. A checkpoint is always younger
// than the plan that asked for it, by what its training took: with a whole day it
// would not be a day old the next night, and be trained every second one. The four
// hours that are left are for the training.
const DefaultMaxAge = 20 * time.Hour

// Why a series is to be trained.
const (
	New   = "new"
	Old   = "old"
	Drift = "drift"
)

// A Planner plans. Its fields must be set.
type Planner struct {
	Lake *lake.Lake
	// Store tells when each checkpoint was made.
	Store  store.Bucket
	Config func(ctx context.Context, metric, model string) (*config.Config, error)
	MaxAge time.Duration // of a checkpoint
	// Recent is how recently a container must have had samples to be planned for.
	Recent                   time.Duration
	TrainBatch, PredictBatch int // containers of a batch
	Concurrency              int // batches at the same time
	Now                      func() time.Time
}

// Handle is an steps.Handler.
func (p *Planner) Handle(ctx context.Context, in *steps.Invocation, payload []byte) (any, error) {
	var e Event
	if err := event.Strict(payload, &e); err != nil {
		return nil, err
	}
	if e.Summarize != "" {
		return p.summarize(ctx, e.Summarize)
	}
	r := &round{Planner: p, id: in.ID, event: &e, age: p.MaxAge, due: map[string]int{}}
	if err := r.check(); err != nil {
		return nil, err
	}
	plan, err := r.plan(steps.Watch(ctx, in))
	if err != nil {
		return nil, err
	}
	in.Log.Info("planned", "run", plan.Run, "train", plan.Train.Series, "predict", plan.Predict.Series,
		"new", r.due[New], "old", r.due[Old], "drift", r.due[Drift])
	in.Metrics.Add("ToTrain", "Count", float64(plan.Train.Series))
	in.Metrics.Add("ToPredict", "Count", float64(plan.Predict.Series))
	return plan, nil
}

type round struct {
	*Planner
	id      string // of the request
	event   *Event
	age     time.Duration
	until   time.Time
	due     map[string]int
	drifted map[loader.Key]bool
	trained map[string]time.Time
}

func (r *round) check() error {
	e := r.event
	if !e.Train && !e.Predict {
		return event.Fieldf("", "neither train nor predict is true: there is nothing to plan")
	}
	if e.MaxAge != "" {
		d, err := time.ParseDuration(e.MaxAge)
		if err != nil || d < 0 {
			return event.Fieldf("max_age", "is %.40q; it is a time such as %v", e.MaxAge, DefaultMaxAge)
		}
		r.age = d
	}
	if len(e.Drift) > 0 {
		b := event.Batch{Items: e.Drift}
		if err := b.Check(); err != nil {
			return err
		}
	}
	b := event.Batch{Items: []event.Item{{Container: "x"}}, Run: e.Run}
	return b.Check()
}

func (r *round) plan(ctx context.Context) (*Plan, error) {
	r.until = cmp.Or(r.event.Until, r.Now()).UTC().Truncate(time.Second)
	plan := &Plan{Run: cmp.Or(r.event.Run, runName(r.id, r.until)), Until: r.until, Due: r.due, Concurrency: r.Concurrency}
	have, err := r.Lake.Series(ctx, r.until.Add(-r.Recent).Unix(), r.until.Unix())
	if err != nil {
		return nil, err
	}
	if r.event.Train {
		items, err := r.toTrain(ctx, have)
		if err != nil {
			return nil, err
		}
		if plan.Train, err = r.manifest(ctx, plan.Run, "train", items, r.TrainBatch); err != nil {
			return nil, err
		}
	}
	if r.event.Predict {
		var items []event.Item
		for _, c := range r.ordered(have) {
			items = append(items, event.Item{Container: c, Metrics: have[c]})
		}
		if plan.Predict, err = r.manifest(ctx, plan.Run, "predict", items, r.PredictBatch); err != nil {
			return nil, err
		}
	}
	return plan, nil
}

// runName makes a name of a run, of the time and the request: two of one second
// would write over each other's manifests and answers, and a request that comes
// twice does the same again.
func runName(id string, until time.Time) string {
	sum := sha256.Sum256([]byte(cmp.Or(id, rand.Text())))
	return until.Format("20060102T150405Z-") + hex.EncodeToString(sum[:6])
}

// toTrain returns what is new, old or drifted: models that containers share
// first.
func (r *round) toTrain(ctx context.Context, have map[string][]string) ([]event.Item, error) {
	checkpoints, err := store.All(ctx, r.Store, "")
	if err != nil {
		return nil, err
	}
	r.trained = make(map[string]time.Time, len(checkpoints))
	for _, o := range checkpoints {
		r.trained[o.Name] = o.Modified
	}
	if err := r.readDrift(ctx); err != nil {
		return nil, err
	}
	shared := map[string]bool{}
	var items []event.Item
	for _, c := range r.ordered(have) {
		item := event.Item{Container: c}
		for _, m := range have[c] {
			global, err := r.global(ctx, m)
			switch {
			case err != nil:
				return nil, err
			case global:
				shared[m] = true
			case r.isDue(loader.Key{Metric: m, Container: c}):
				item.Metrics = append(item.Metrics, m)
			}
		}
		if len(item.Metrics) > 0 {
			items = append(items, item)
		}
	}
	var all []event.Item
	for _, m := range slices.Sorted(maps.Keys(shared)) {
		if r.isDue(loader.Key{Metric: m}) {
			all = append(all, event.Item{Metrics: []string{m}})
		}
	}
	return append(all, items...), nil
}

// ordered returns containers by the shard that their samples are in, so that a
// batch reads few files, and by name.
func (r *round) ordered(have map[string][]string) []string {
	return slices.SortedFunc(maps.Keys(have), func(a, b string) int {
		return cmp.Or(lake.ShardOf(a, r.Lake.Shards)-lake.ShardOf(b, r.Lake.Shards), strings.Compare(a, b))
	})
}

// global reports whether a metric's model is one for all containers.
func (r *round) global(ctx context.Context, metric string) (bool, error) {
	c, err := r.Config(ctx, metric, "")
	if err != nil {
		return false, err
	}
	return models.Of(c.Model.ModelType).Shared(c.Model.Scope == config.ScopeContainer), nil
}

// isDue reports whether a model is to be trained, and counts why.
func (r *round) isDue(k loader.Key) bool {
	at, there := r.trained[k.Name()]
	switch {
	case !there:
		r.due[New]++
	case r.drifted[k] || r.drifted[loader.Key{Container: k.Container}]:
		r.due[Drift]++
	case r.until.Sub(at) >= r.age:
		r.due[Old]++
	default:
		return false
	}
	return true
}

// readDrift lists what is reported to have drifted: by the event, and by marks
// in storage. A key without a metric is all of a container's.
func (r *round) readDrift(ctx context.Context) error {
	r.drifted = map[loader.Key]bool{}
	for _, item := range r.event.Drift {
		for _, m := range item.Metrics {
			r.drifted[loader.Key{Metric: m, Container: item.Container}] = true
		}
		if len(item.Metrics) == 0 {
			r.drifted[loader.Key{Container: item.Container}] = true
		}
	}
	marks, err := store.All(ctx, r.Lake.Objects, steps.DriftFolder)
	for _, o := range marks {
		if k, ok := loader.ParseName(strings.TrimPrefix(o.Name, steps.DriftFolder)); ok {
			r.drifted[k] = true
		}
	}
	return err
}
