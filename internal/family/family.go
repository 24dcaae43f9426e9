// Package family turns the model type of a configuration into the model: the
// one table of what this version can fit.
package family

import (
	"fmt"
	"slices"
	"strings"

	"github.com/foretide/foretide/core/arima/fit"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/naive"
	"github.com/foretide/foretide/core/prophet"
	prophetfit "github.com/foretide/foretide/core/prophet/fit"
	"github.com/foretide/foretide/core/train"
	"github.com/foretide/foretide/internal/near"
	"github.com/foretide/foretide/loader/config"
)

var families = map[string]func() forecast.Model{
	"naive":   func() forecast.Model { return naive.Defaults() },
	"arima":   func() forecast.Model { return fit.Defaults() },
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
	return train.Trainer{Config: train.Defaults(), Model: model()}, nil
}

// Configured returns the trainer that a configuration asks for. The error is
// an *UnknownError.
func Configured(c *config.Config) (train.Trainer, error) {
	t, err := Trainer(c.Model.ModelType)
	if err != nil {
		return t, err
	}
	t.Config.Validation = 1 - c.Data.TrainSplit
	if c.Model.ModelType == prophet.Name {
		t.Model, err = prophetOf(&c.Prophet)
	}
	return t, err
}
