package fleet

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/lstm"
	lstmfit "github.com/foretide/foretide/core/lstm/fit"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/core/train"
	"github.com/foretide/foretide/loader/config"
)

// ErrWindows reports jobs whose model is not trained on windows, or not on those
// of all the jobs together.
var ErrWindows = errors.New("no windows")

// A Drawing is what a training elsewhere needs: its windows, and what they are of.
type Drawing struct {
	Windows *lstmfit.Windows
	Task    forecast.Task
	Model   lstmfit.Config
	Config  *config.Config
	Data    string // digest of the histories
}

// Draw prepares the windows that Train would train the jobs' model on: of the
// part of each history that is not kept for judging it. The jobs have one
// configuration. The error is ErrWindows, or one of fitting.
func Draw(jobs []Job) (*Drawing, error) {
	c := ownScope(jobs)
	trainer, err := Configured(c)
	if err != nil {
		return nil, err
	}
	model, ok := trainer.Model.(lstmfit.Config)
	if !ok {
		return nil, fmt.Errorf("%w: model type %s is not trained on windows; lstm is", ErrWindows, c.Model.ModelType)
	}
	if len(jobs) > 1 && model.PerContainer {
		return nil, fmt.Errorf("%w of %d containers: scope %s trains a model for each; name one container, or another scope",
			ErrWindows, len(jobs), c.Model.Scope)
	}
	d := &Drawing{Model: model, Config: c}
	var whole, parts []series.Frame
	for i := range jobs {
		h, err := observed(jobs[i].Frame, c.MetricName)
		if err != nil {
			continue // as Train does, which says so
		}
		if len(whole) > 0 && h.Step != whole[0].Step {
			return nil, fmt.Errorf("%w: %s has a value every %d s and %s every %d s, and a model reads one step: name it with --step",
				ErrWindows, whole[0].Container, whole[0].Step, h.Container, h.Step)
		}
		split := series.SplitShares(h.Len(), trainer.Config.Validation, 0).Train
		whole, parts = append(whole, h), append(parts, h.Slice(split.From, split.To))
	}
	if len(whole) == 0 {
		return nil, fmt.Errorf("%s: %w", c.MetricName, forecast.ErrEmpty)
	}
	if d.Task, err = Task(c, whole[0].Step); err != nil {
		return nil, err
	}
	d.Data = digest(whole, c.MetricName)
	d.Windows, err = model.Prepare(parts, d.Task, c.Training.Seed)
	return d, err
}

// ownScope returns the configuration of the jobs, in which the model of a single
// container is its own unless somebody asked for another scope, as for Train.
func ownScope(jobs []Job) *config.Config {
	c := jobs[0].Config
	if len(jobs) == 1 && c.Source("model.scope").Kind == config.Default {
		c = c.Clone()
		c.Model.Scope = config.ScopeContainer
	}
	return c
}

// Digest identifies the histories of the jobs, as a checkpoint's provenance does
// where they are of one metric.
func Digest(jobs []Job) string {
	whole := map[string][]series.Frame{}
	for i := range jobs {
		metric := jobs[i].Config.MetricName
		if h, err := observed(jobs[i].Frame, metric); err == nil {
			whole[metric] = append(whole[metric], h)
		}
	}
	if len(whole) < 2 {
		return digest(whole[jobs[0].Config.MetricName], jobs[0].Config.MetricName)
	}
	h := sha256.New()
	for _, metric := range slices.Sorted(maps.Keys(whole)) {
		fmt.Fprintf(h, "%s %s\n", metric, digest(whole[metric], metric))
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

// Trained is a model that takes the place of one that Train would train.
type Trained struct {
	Model *lstm.Fitted
	// Again trains it further, here, once it has been judged.
	Again bool
}

// trainer returns the trainer of a configuration, or of the model that is trained
// already.
func (f *fleet) trainer(c *config.Config) (train.Trainer, error) {
	t, err := Configured(c)
	if _, ok := t.Model.(forecast.Pooler); ok && f.pooled != nil {
		t.Model = f.pooled
	}
	if m, ok := t.Model.(lstmfit.Config); ok && f.o.Trained != nil {
		t.Model = lstmfit.Trained{Config: m, Model: f.o.Trained.Model, Again: f.o.Trained.Again}
	}
	return t, err
}
