// Package family turns the model type of a configuration into the model: the
// one table of what this version can fit.
package family

import (
	"fmt"
	"slices"
	"strings"

	"github.com/foretide/foretide/core/arima/fit"
	autofit "github.com/foretide/foretide/core/auto/fit"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/general"
	linear "github.com/foretide/foretide/core/linear/fit"
	lstm "github.com/foretide/foretide/core/lstm/fit"
	"github.com/foretide/foretide/core/naive"
	network "github.com/foretide/foretide/core/network/fit"
	"github.com/foretide/foretide/core/prophet"
	prophetfit "github.com/foretide/foretide/core/prophet/fit"
	"github.com/foretide/foretide/core/train"
	"github.com/foretide/foretide/internal/near"
	"github.com/foretide/foretide/loader/config"
)

var families = map[string]func() forecast.Model{
	"naive":   func() forecast.Model { return naive.Defaults() },
	"arima":   func() forecast.Model { return fit.Defaults() },
	"linear":  func() forecast.Model { return linear.Defaults() },
	"lstm":    func() forecast.Model { return lstm.Defaults() },
	"network": func() forecast.Model { return network.Defaults() },
	"general": func() forecast.Model { return general.Model{} },
	"auto": func() forecast.Model {
		return autofit.Config{Members: []forecast.Model{linear.Defaults(), general.Model{}}, Guard: general.Name}
	},
	"prophet": func() forecast.Model { return prophetfit.Defaults() },
}

// Names returns the model types that can be fitted, sorted.
func Names() []string {
	names := make([]string, 0, len(families))
	for name := range families {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// An UnknownError is a model type that this version cannot fit.
type UnknownError struct{ Name string }

// Error names the type, the nearest one and those there are.
func (e *UnknownError) Error() string {
	return fmt.Sprintf("model type %q is not in this version%s (it has %s)",
		e.Name, near.Hint(e.Name, Names()), strings.Join(Names(), ", "))
}

// Trainer returns the trainer of a model type with the default settings of
// model and training. The error is an *UnknownError.
func Trainer(name string) (train.Trainer, error) {
	model, ok := families[name]
	if !ok {
		return train.Trainer{}, &UnknownError{Name: name}
	}
	t := train.Trainer{Config: train.Defaults(), Model: model()}
	// A regression of its own and a mix of simple predictors err apart: their
	// mean is often better than either (benchmarks/linear).
	if name == "linear" || name == "auto" {
		t.Config.Calibrate.Both, t.Config.Calibrate.Caution = true, 0.5
	}
	return t, nil
}

// Configured returns the trainer that a configuration asks for. The error is
// an *UnknownError.
func Configured(c *config.Config) (train.Trainer, error) {
	t, err := Trainer(c.Model.ModelType)
	if err != nil {
		return t, err
	}
	t.Config.Validation = 1 - c.Data.TrainSplit
	if m, ok := t.Model.(lstm.Config); ok {
		t.Model = configuredLSTM(m, c)
	}
	if c.Model.ModelType == prophet.Name {
		t.Model, err = prophetOf(&c.Prophet)
	}
	return t, err
}

// configuredLSTM is an LSTM as a configuration asks for it.
func configuredLSTM(m lstm.Config, c *config.Config) lstm.Config {
	m.PerContainer = c.Model.Scope == config.ScopeContainer
	m.Tuned = c.Model.Scope == config.ScopeTuned
	m.Steps = c.Data.WindowSize
	m.Hidden, m.Layers, m.Bidirectional = c.Model.HiddenSize, c.Model.NumLayers, c.Model.Bidirectional
	m.Width, m.Dropout = c.Model.HeadSize, c.Model.Dropout
	m.RefitEpochs = c.Training.Epochs
	m.Epochs, m.Windows, m.Batch = c.Training.Epochs, c.Training.EpochWindows, c.Training.BatchSize
	m.OtherMetrics = c.Training.OtherMetrics
	m.Rate, m.Decay, m.Patience = c.Training.LearningRate, c.Training.WeightDecay, c.Training.Patience
	return m
}
