package fleet

import (
	"errors"
	"math"
	"reflect"
	"testing"

	"github.com/foretide/foretide/core/forecast"
	lstm "github.com/foretide/foretide/core/lstm/fit"
	"github.com/foretide/foretide/core/models"
	"github.com/foretide/foretide/core/models/fit"
	"github.com/foretide/foretide/loader/config"
)

// TestConfigured: the defaults of a configuration are those of the model
// family, and settings reach it.
func TestConfigured(t *testing.T) {
	c := config.Defaults("cpu")
	for _, name := range models.Names() {
		c.Model.ModelType = name
		got, err := Configured(c)
		if err != nil {
			t.Fatal(err)
		}
		want, err := fit.Trainer(name, fit.Defaults())
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got.Model, want.Model) {
			t.Errorf("%s: %+v, not %+v", name, got.Model, want.Model)
		}
	}
	c.Model.ModelType = "lstm"
	c.Model.HiddenSize, c.Model.NumLayers, c.Model.Dropout, c.Data.WindowSize = 128, 2, 0.3, 240
	c.Training.Epochs, c.Training.BatchSize, c.Training.LearningRate = 100, 32, 0.001
	c.Model.Scope, c.Model.Bidirectional, c.Model.HeadSize = config.ScopeTuned, false, 0
	c.Training.EpochWindows, c.Training.WeightDecay, c.Training.Patience = 10, 0.5, 3
	c.Training.OtherMetrics = 0.2
	got, err := Configured(c)
	if err != nil {
		t.Fatal(err)
	}
	want := lstm.Defaults()
	want.Hidden, want.Layers, want.Dropout, want.Steps = 128, 2, 0.3, 240
	want.Epochs, want.RefitEpochs, want.Batch, want.Rate = 100, 100, 32, 0.001
	want.Tuned, want.Bidirectional, want.Width = true, false, 0
	want.Windows, want.Decay, want.Patience, want.OtherMetrics = 10, 0.5, 3, 0.2
	if !reflect.DeepEqual(got.Model, forecast.Model(want)) || !got.Global() {
		t.Errorf("%+v, not %+v", got.Model, want)
	}
	c.Model.Scope = config.ScopeContainer
	if got, _ := Configured(c); got.Global() {
		t.Error("a model for each container is global")
	}
}

// TestConfiguredValidation: every model has its own name, and a configuration says how much
// of the history judges it.
func TestConfiguredValidation(t *testing.T) {
	for _, name := range models.Names() {
		c := config.Defaults("cpu")
		c.Model.ModelType, c.Data.TrainSplit = name, 0.6
		got, err := Configured(c)
		if err != nil || got.Name() != name || math.Abs(got.Config.Validation-0.4) > 1e-15 {
			t.Errorf("%s: %v, %s, validation %v", name, err, got.Name(), got.Config.Validation)
		}
	}
}

func TestUnknownModel(t *testing.T) {
	err := CheckModel("arma")
	want := `model type "arma" is not in this version; did you mean "arima"? (it has `
	var unknown *UnknownError
	if !errors.As(err, &unknown) || unknown.Name != "arma" || len(err.Error()) < len(want) || err.Error()[:len(want)] != want {
		t.Errorf("got %v", err)
	}
}
