package torch

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/foretide/foretide/core/feature"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/lstm"
	"github.com/foretide/foretide/core/lstm/network"
	"github.com/foretide/foretide/core/series"
)

// model returns a network whose weights are what value makes of their names.
func model(width int, both bool) *lstm.Fitted {
	task := forecast.Task{Metric: "cpu", Step: 300, Horizons: []int64{300, 900}, Levels: []float64{0.1, 0.5, 0.9},
		Bounds: series.Bounds{Lower: 0, Upper: math.Inf(1)}}
	s := network.Shape{Inputs: lstm.InputsOf(1), Steps: 6, Hidden: 5, Layers: 2, Bidirectional: both, Horizons: 2,
		Features: feature.Count, Skip: feature.SkipCount, Width: width, Levels: 3, Median: 1}
	net := network.New(s)
	for _, t := range tensorsOf(s) {
		t.into(net.Weights, value(t.Name, t.Len(), 0.2))
	}
	lstm.Round(net)
	return lstm.New(task, []string{"memory"}, net).After(7)
}

// TestRoundTrip: a model that is saved and opened is the same, bit for bit.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "m.safetensors")
	for _, m := range []*lstm.Fitted{model(0, false), model(3, true)} {
		if err := Save(path, &Model{m, "metric_name: cpu\n", "sha256:x"}); err != nil {
			t.Fatal(err)
		}
		got, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got.Fitted.AppendPayload(nil), m.AppendPayload(nil)) || got.Config != "metric_name: cpu\n" || got.Data != "sha256:x" {
			t.Errorf("%s: it comes back as another", m.Summary())
		}
	}
	f, err := openTensors(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, _ := f.Tensor("lstm.weight_ih_l1_reverse")
	if f.Metadata["format"] != "pt" || w == nil || !slices.Equal(w.Shape, []int{20, 10}) {
		t.Errorf("%v, %v", f.Metadata, w)
	}
}

// saveAs writes a model with a change to its description and to its tensors.
func saveAs(t *testing.T, path string, m *lstm.Fitted, edit func(*description), change func(name string, x []float32) (string, []int, []float32)) {
	t.Helper()
	d := describe(&m.Spec().Task, m.Others(), m.Network().Shape(), 1)
	if edit != nil {
		edit(d)
	}
	metadata, err := metadataOf(d, "", "")
	if err != nil {
		t.Fatal(err)
	}
	var tensors []fileTensor
	values := map[string][]float32{}
	for _, x := range tensorsOf(m.Network().Shape()) {
		name, shape, v := x.Name, x.Shape, x.of(m.Network().Weights)
		if change != nil {
			if n, s, c := change(name, v); s != nil {
				name, shape, v = n, s, c
			}
		}
		if name != "" {
			tensors = append(tensors, fileTensor{Name: name, Type: typeF32, Shape: shape})
			values[name] = v
		}
	}
	w, err := createTensors(path, metadata, tensors...)
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range values {
		if err := w.Floats(name, v); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
}

// TestBad: a file that is no model says what is wrong, and its name.
func TestBad(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "m.safetensors")
	type change = func(name string, x []float32) (string, []int, []float32)
	tensor := func(of string, do change) change {
		return func(name string, x []float32) (string, []int, []float32) {
			if name != of {
				return "", nil, nil
			}
			return do(name, x)
		}
	}
	for want, c := range map[string]struct {
		edit   func(*description)
		change change
	}{
		"format 2 of its description":               {func(d *description) { d.Format = 2 }, nil},
		"does not say which metric":                 {func(d *description) { d.Metric = "" }, nil},
		"the metric itself is among them":           {func(d *description) { d.Others = []string{"cpu"} }, nil},
		"reads 8 inputs a step; with 2 other":       {func(d *description) { d.Others = append(d.Others, "disk") }, nil},
		"write the windows again and train anew":    {func(d *description) { d.Features++ }, nil},
		"horizon is not a positive multiple":        {func(d *description) { d.Horizons = []int64{7} }, nil},
		"levels are not ascending":                  {func(d *description) { d.Levels = []float64{0.4} }, nil},
		"beyond what there can be":                  {func(d *description) { d.Hidden = 1 << 20 }, nil},
		"-1 epochs":                                 {func(d *description) { d.Epochs = -1 }, nil},
		"no tensor lstm.weight_ih_l2":               {func(d *description) { d.Layers = 3 }, nil},
		"weight_ih_l0 is of shape [20 8], and":      {func(d *description) { d.Hidden = 6 }, nil},
		"no place in the model for tensor heads.0.": {func(d *description) { d.Width = 0 }, nil},
		"element 1 of tensor lstm.bias_hh_l1 is NaN": {nil, tensor("lstm.bias_hh_l1", func(n string, x []float32) (string, []int, []float32) {
			x[1] = float32(math.NaN())
			return n, []int{len(x)}, x
		})},
		"no tensor heads.1.skip.weight": {nil, tensor("heads.1.skip.weight", func(string, []float32) (string, []int, []float32) { return "", []int{}, nil })},
	} {
		m := model(3, true)
		if strings.HasPrefix(want, "no place") {
			saveBoth(t, path, m, c.edit)
		} else {
			saveAs(t, path, m, c.edit, c.change)
		}
		_, err := Open(path)
		if !errors.Is(err, ErrModel) || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), path+": ") {
			t.Errorf("%v, without %q", err, want)
		}
	}
	if err := os.WriteFile(path, []byte("{}"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); !errors.Is(err, ErrFormat) || strings.Count(err.Error(), path) != 1 {
		t.Errorf("%v", err)
	}
}

// saveBoth writes the description of a model with linear heads, and the tensors
// of it and of the other.
func saveBoth(t *testing.T, path string, m *lstm.Fitted, edit func(*description)) {
	t.Helper()
	d := describe(&m.Spec().Task, m.Others(), m.Network().Shape(), 1)
	edit(d)
	b, _ := json.Marshal(d)
	var tensors []fileTensor
	for _, x := range tensorsOf(d.Shape()) {
		tensors = append(tensors, fileTensor{Name: x.Name, Type: typeF32, Shape: x.Shape})
	}
	tensors = append(tensors, fileTensor{Name: "heads.0.first.bias", Type: typeF32, Shape: []int{0}})
	w, err := createTensors(path, map[string]string{keyModel: string(b)}, tensors...)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range tensors {
		if err := w.Floats(x.Name, make([]float32, x.Len())); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
}
