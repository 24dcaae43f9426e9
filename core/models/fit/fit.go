// Package fit says how each family of core/models is configured and fitted. It
// is not part of the WebAssembly guest.
package fit

import (
	"fmt"
	"strings"

	"github.com/foretide/foretide/core/arima"
	arimafit "github.com/foretide/foretide/core/arima/fit"
	"github.com/foretide/foretide/core/auto"
	autofit "github.com/foretide/foretide/core/auto/fit"
	"github.com/foretide/foretide/core/ets"
	etsfit "github.com/foretide/foretide/core/ets/fit"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/general"
	"github.com/foretide/foretide/core/linear"
	linearfit "github.com/foretide/foretide/core/linear/fit"
	"github.com/foretide/foretide/core/lstm"
	lstmfit "github.com/foretide/foretide/core/lstm/fit"
	"github.com/foretide/foretide/core/models"
	"github.com/foretide/foretide/core/naive"
	"github.com/foretide/foretide/core/network"
	networkfit "github.com/foretide/foretide/core/network/fit"
	"github.com/foretide/foretide/core/prophet"
	prophetfit "github.com/foretide/foretide/core/prophet/fit"
	"github.com/foretide/foretide/core/train"
)

// Settings are those of the families that have some. Take Defaults.
type Settings struct {
	Validation float64 // the share of the history that judges the model
	LSTM       lstmfit.Config
	Prophet    prophetfit.Config
}

// Defaults returns the settings of every family without a configuration.
func Defaults() Settings {
	return Settings{Validation: train.Defaults().Validation, LSTM: lstmfit.Defaults(), Prophet: prophetfit.Defaults()}
}

// table returns a family's model by the settings.
var table = map[string]func(*Settings) forecast.Model{
	naive.Name:   func(*Settings) forecast.Model { return naive.Defaults() },
	arima.Name:   func(*Settings) forecast.Model { return arimafit.Defaults() },
	linear.Name:  func(*Settings) forecast.Model { return linearfit.Defaults() },
	prophet.Name: func(s *Settings) forecast.Model { return s.Prophet },
	lstm.Name:    func(s *Settings) forecast.Model { return s.LSTM },
	network.Name: func(*Settings) forecast.Model { return networkfit.Defaults() },
	auto.Name: func(*Settings) forecast.Model {
		return autofit.Config{Members: []forecast.Model{linearfit.Defaults(), general.Model{}}, Guard: general.Name}
	},
	general.Name: func(*Settings) forecast.Model { return general.Model{} },
	ets.Name:     func(*Settings) forecast.Model { return etsfit.Defaults() },
}

// An UnknownError is the name of a family that the table does not have.
type UnknownError struct{ Name string }

// Error names the family and the known ones.
func (e *UnknownError) Error() string {
	return fmt.Sprintf("unknown model type %q (want one of %s)", e.Name, strings.Join(models.Names(), ", "))
}

// Trainer returns the trainer of a family. The error is an *UnknownError.
func Trainer(name string, s Settings) (train.Trainer, error) {
	model, ok := table[name]
	if !ok {
		return train.Trainer{}, &UnknownError{Name: name}
	}
	t := train.Trainer{Config: train.Defaults(), Model: model(&s)}
	t.Config.Validation = s.Validation
	if models.Of(name).Mixed {
		t.Config.Calibrate.Both, t.Config.Calibrate.Caution = true, 0.5
	}
	return t, nil
}
