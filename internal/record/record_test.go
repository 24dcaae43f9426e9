package record

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/foretide/foretide/internal/runs"
	"github.com/foretide/foretide/loader/config"
)

// TestEpochs: a second training of the same model has a curve of its own, and
// what is not a number is left out.
func TestEpochs(t *testing.T) {
	t.Parallel()
	dir := runs.Dir(t.TempDir())
	var changed []string
	s := Begin(Options{Dir: dir, Experiment: "e", Name: "n", Command: "train", Tell: func(text string) { t.Error(text) },
		Changed: func(id string) { changed = append(changed, id) }}, map[string]string{"p": "1"})
	r := s.Main()
	for _, e := range []struct {
		number int
		loss   float64
	}{{1, 3}, {2, 2}, {3, math.NaN()}, {1, 5}, {2, 4}} {
		r.Training("cpu/", e.loss/2)
		r.Epoch("cpu/", e.number, e.loss)
	}
	r.Finish(runs.Finished)
	got, err := dir.Read(r.ID())
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]float64{
		"cpu/validation_loss": {3, 2}, "cpu/training_loss": {1.5, 1}, "cpu/validation_loss_2": {5, 4}, "cpu/training_loss_2": {2.5, 2},
	} {
		var v []float64
		for i, p := range got.Metrics[name] {
			if p.Step != int64(i+1) {
				t.Errorf("%s: steps %+v", name, got.Metrics[name])
			}
			v = append(v, p.Value)
		}
		if !slices.Equal(v, want) {
			t.Errorf("%s: %v, want %v", name, v, want)
		}
	}
	if len(changed) < 8 || changed[0] != r.ID() {
		t.Errorf("told of %d changes", len(changed))
	}
}

// TestNothing: without a session everything may be called, and a folder that
// cannot be written is told once.
func TestNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	told := 0
	s := Begin(Options{Dir: runs.Dir(path), Experiment: "e", Command: "train", Tell: func(string) { told++ }}, nil)
	if s != nil || told != 1 {
		t.Errorf("%v, told %d times", s, told)
	}
	r := s.Main()
	r.Metric("m", 0, 1)
	r.Param("p", "1")
	r.Tag("t", "1")
	r.Artifact("a", nil)
	r.Epoch("", 1, 1)
	r.Training("", 1)
	r.Finish(runs.Failed)
	if s.Child("c", func(*runs.Run) {}) != nil || r.ID() != "" {
		t.Error("something of nothing")
	}
}

// TestCommon: only settings that all configurations agree on are common.
func TestCommon(t *testing.T) {
	t.Parallel()
	a, b := config.Defaults("cpu"), config.Defaults("memory")
	b.Training.Seed = 7
	got := Common([]*config.Config{a, b})
	if _, ok := got["seed"]; ok || got["model_type"] != a.Model.ModelType || got["metric_name"] != "" {
		t.Errorf("%v", got)
	}
	if Common(nil) != nil {
		t.Error("nothing in common with nothing")
	}
}
