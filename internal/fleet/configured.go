package fleet

import (
	"fmt"
	"strings"

	lstm "github.com/foretide/foretide/core/lstm/fit"
	"github.com/foretide/foretide/core/models"
	"github.com/foretide/foretide/core/models/fit"
	"github.com/foretide/foretide/core/train"
	"github.com/foretide/foretide/internal/near"
	"github.com/foretide/foretide/loader/config"
)

// An UnknownError is a model type that this version cannot fit.
type UnknownError struct{ Name string }

// Error names the type, the nearest one and those there are.
func (e *UnknownError) Error() string {
	return fmt.Sprintf("model type %q is not in this version%s (it has %s)",
		e.Name, near.Hint(e.Name, models.Names()), strings.Join(models.Names(), ", "))
}

// CheckModel returns an *UnknownError for a model type that this version cannot
// fit.
func CheckModel(name string) error {
	if _, err := fit.Trainer(name, fit.Defaults()); err != nil {
		return &UnknownError{Name: name}
	}
	return nil
}

// Configured returns the trainer that a configuration asks for. The error is an
// *UnknownError, or an unknown time zone.
func Configured(c *config.Config) (train.Trainer, error) {
	s := fit.Defaults()
	s.Validation = 1 - c.Data.TrainSplit
	s.LSTM = lstmOf(s.LSTM, c)
	if models.Of(c.Model.ModelType).Columns {
		var err error
		if s.Prophet, err = prophetOf(&c.Prophet); err != nil {
			return train.Trainer{}, err
		}
	}
	t, err := fit.Trainer(c.Model.ModelType, s)
	if err != nil {
		return t, &UnknownError{Name: c.Model.ModelType}
	}
	return t, nil
}

// lstmOf returns the LSTM that a configuration describes.
func lstmOf(m lstm.Config, c *config.Config) lstm.Config {
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
