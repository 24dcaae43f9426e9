package config

import "testing"

// TestUsed: only what the model reads is told, as a file has it.
func TestUsed(t *testing.T) {
	for model, want := range map[string]bool{"lstm": true, "naive": false} {
		c := Defaults("cpu")
		c.Model.ModelType = model
		got := map[string]string{}
		c.Used(func(key, value string) { got[key] = value })
		_, hidden := got["model.hidden_size"]
		if hidden != want || got["model.model_type"] != model || got["data.prediction_horizons"] != "[20, 60, 120]" || got["training.seed"] != "0" {
			t.Errorf("%s: %v", model, got)
		}
	}
}
