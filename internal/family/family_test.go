package family

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/foretide/foretide/loader/config"
)

// TestTrainer: every model has its own name, and a configuration says how much
// of the history judges it.
func TestTrainer(t *testing.T) {
	if !slices.IsSorted(Names()) || !slices.Contains(Names(), "naive") || !slices.Contains(Names(), "arima") {
		t.Errorf("models %v", Names())
	}
	for _, name := range Names() {
		if !slices.Contains(config.Known, name) {
			t.Errorf("%s is no model type of a configuration", name)
		}
		c := config.Defaults("cpu")
		c.Model.ModelType, c.Data.TrainSplit = name, 0.6
		got, err := Configured(c)
		if err != nil || got.Name() != name || math.Abs(got.Config.Validation-0.4) > 1e-15 {
			t.Errorf("%s: %v, %s, validation %v", name, err, got.Name(), got.Config.Validation)
		}
	}
}

func TestUnknown(t *testing.T) {
	_, err := Trainer("arma")
	want := `model type "arma" is not in this version; did you mean "arima"? (it has `
	var unknown *UnknownError
	if !errors.As(err, &unknown) || unknown.Name != "arma" || len(err.Error()) < len(want) || err.Error()[:len(want)] != want {
		t.Errorf("got %v", err)
	}
}
