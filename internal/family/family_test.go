package family

import (
	"errors"
	"testing"

	lstm "github.com/foretide/foretide/core/lstm/fit"
	"github.com/foretide/foretide/loader/config"
)

// TestConfigured: the defaults of a configuration are those of the model
// family, and settings reach it.
func TestConfigured(t *testing.T) {
	c := config.Defaults("cpu")
	for _, name := range Names() {
		c.Model.ModelType = name
		got, err := Configured(c)
		if err != nil {
			t.Fatal(err)
		}
		want, err := Trainer(name)
		if err != nil {
			t.Fatal(err)
		}
		if got.Model != want.Model {
			t.Errorf("%s: %+v, not %+v", name, got.Model, want.Model)
		}
	}
	c.Model.ModelType = "lstm"
	c.Model.HiddenSize, c.Model.NumLayers, c.Model.Dropout, c.Data.WindowSize = 128, 2, 0.3, 240
	c.Training.Epochs, c.Training.BatchSize, c.Training.LearningRate = 100, 32, 0.001
	c.Model.Scope, c.Model.Bidirectional, c.Model.HeadSize = config.ScopeTuned, false, 0
	c.Training.EpochWindows, c.Training.WeightDecay, c.Training.Patience = 10, 0.5, 3
	got, err := Configured(c)
	if err != nil {
		t.Fatal(err)
	}
	want := lstm.Defaults()
	want.Hidden, want.Layers, want.Dropout, want.Steps = 128, 2, 0.3, 240
	want.Epochs, want.Batch, want.Rate = 100, 32, 0.001
	want.Tuned, want.Bidirectional, want.Width = true, false, 0
	want.Windows, want.Decay, want.Patience = 10, 0.5, 3
	if got.Model != want || !got.Global() {
		t.Errorf("%+v, not %+v", got.Model, want)
	}
	c.Model.Scope = config.ScopeContainer
	if got, _ := Configured(c); got.Global() {
		t.Error("a model for each container is global")
	}
}

func TestUnknown(t *testing.T) {
	var unknown *UnknownError
	if _, err := Trainer("lstmm"); !errors.As(err, &unknown) {
		t.Errorf("got %v", err)
	}
}
