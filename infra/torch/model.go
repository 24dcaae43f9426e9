package torch

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/goccy/go-json"

	"github.com/foretide/foretide/core/feature"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/lstm"
	"github.com/foretide/foretide/core/lstm/network"
	"github.com/foretide/foretide/core/series"
)

// ErrModel marks a file whose tensors are no model of core/lstm, or one that
// this version cannot serve.
var ErrModel = errors.New("not a model that can be imported")

// Keys of the metadata.
const (
	keyModel    = "foretide"
	keyConfig   = "foretide.config"
	keyData     = "foretide.data"
	keyTraining = "foretide.training"
	keySources  = "foretide.containers"
)

// A description says what a network reads and forecasts, and its size: what the
// tensors do not say.
type description struct {
	Format        int       `json:"format"` // 1
	Metric        string    `json:"metric"`
	Step          int64     `json:"step"`          // seconds
	Horizons      []int64   `json:"horizons"`      // seconds
	Levels        []float64 `json:"levels"`        // quantiles
	Lower         *float64  `json:"lower"`         // bounds of the metric; null for none
	Upper         *float64  `json:"upper"`         //
	Others        []string  `json:"others"`        // metrics that are read beside it
	Steps         int       `json:"steps"`         // of a window
	Inputs        int       `json:"inputs"`        // of a step
	Features      int       `json:"features"`      // of a head
	Skip          int       `json:"skip"`          // features of a head's linear map
	Hidden        int       `json:"hidden"`        // units of a layer and direction
	Layers        int       `json:"layers"`        //
	Bidirectional bool      `json:"bidirectional"` //
	Width         int       `json:"width"`         // hidden units of a head; 0 for a linear one
	Epochs        int       `json:"epochs"`        // after which training found it best; 0 where that is not known
}

// describe returns the description of a network of the task.
func describe(task *forecast.Task, others []string, s network.Shape, epochs int) *description {
	d := &description{
		Format: 1, Metric: task.Metric, Step: task.Step, Horizons: task.Horizons, Levels: task.Levels,
		Others: append([]string{}, others...), Steps: s.Steps, Inputs: s.Inputs, Features: s.Features, Skip: s.Skip,
		Hidden: s.Hidden, Layers: s.Layers, Bidirectional: s.Bidirectional, Width: s.Width, Epochs: epochs,
	}
	if !math.IsInf(task.Bounds.Lower, 0) {
		d.Lower = &task.Bounds.Lower
	}
	if !math.IsInf(task.Bounds.Upper, 0) {
		d.Upper = &task.Bounds.Upper
	}
	return d
}

// Task returns what is forecast.
func (d *description) Task() forecast.Task {
	b := series.Bounds{Lower: math.Inf(-1), Upper: math.Inf(1)}
	if d.Lower != nil {
		b.Lower = *d.Lower
	}
	if d.Upper != nil {
		b.Upper = *d.Upper
	}
	return forecast.Task{Metric: d.Metric, Step: d.Step, Horizons: d.Horizons, Levels: d.Levels, Bounds: b}
}

// Shape returns the network's shape.
func (d *description) Shape() network.Shape {
	return network.Shape{
		Inputs: d.Inputs, Steps: d.Steps, Hidden: d.Hidden, Layers: d.Layers, Bidirectional: d.Bidirectional,
		Horizons: len(d.Horizons), Features: d.Features, Skip: d.Skip, Width: d.Width,
		Levels: len(d.Levels), Median: slices.Index(d.Levels, 0.5),
	}
}

// check returns what is impossible in a description, or not of this version.
func (d *description) check() error {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s", ErrModel, fmt.Sprintf(format, args...))
	}
	task, shape := d.Task(), d.Shape()
	switch {
	case d.Format != 1:
		return fail("format %d of its description is not 1, which this version reads", d.Format)
	case d.Metric == "":
		return fail("it does not say which metric it forecasts")
	case len(d.Others) > lstm.MaxOthers || slices.Contains(d.Others, d.Metric):
		return fail("its other metrics %.200q are more than %d, or the metric itself is among them", d.Others, lstm.MaxOthers)
	case d.Inputs != lstm.InputsOf(len(d.Others)):
		return fail("it reads %d inputs a step; with %d other metrics there are %d", d.Inputs, len(d.Others), lstm.InputsOf(len(d.Others)))
	case d.Features != feature.Count || d.Skip != feature.SkipCount:
		return fail("it was trained on %d and %d features of a horizon; this version has %d and %d: write the windows again and train anew",
			d.Features, d.Skip, feature.Count, feature.SkipCount)
	}
	if err := task.Check(); err != nil {
		return fmt.Errorf("%w: %w", ErrModel, err)
	}
	if !shape.Check() {
		return fail("steps %d, hidden %d, layers %d, width %d are beyond what there can be (%d, %d, %d, %d, and %d weights)",
			d.Steps, d.Hidden, d.Layers, d.Width, network.MaxSteps, network.MaxHidden, network.MaxLayers, network.MaxWidth, network.MaxWeights)
	}
	return nil
}

// A Model is a network and where it comes from.
type Model struct {
	Fitted *lstm.Fitted
	Config string // YAML; "" where that is not known
	Data   string // digest of the histories that it was trained on, likewise
}

// Save writes a model to a file.
func Save(path string, m *Model) error {
	task, net := &m.Fitted.Spec().Task, m.Fitted.Network()
	metadata, err := metadataOf(describe(task, m.Fitted.Others(), net.Shape(), m.Fitted.Epochs()), m.Config, m.Data)
	if err != nil {
		return err
	}
	list := tensorsOf(net.Shape())
	var tensors []fileTensor
	for _, t := range list {
		tensors = append(tensors, fileTensor{Name: t.Name, Type: typeF32, Shape: t.Shape})
	}
	w, err := createTensors(path, metadata, tensors...)
	if err != nil {
		return err
	}
	defer w.Abort()
	for _, t := range list {
		if err := w.Floats(t.Name, t.of(net.Weights)); err != nil {
			return err
		}
	}
	return w.Commit()
}

func metadataOf(d *description, config, data string) (map[string]string, error) {
	b, err := json.Marshal(d)
	return map[string]string{"format": "pt", keyModel: string(b), keyConfig: config, keyData: data}, err
}

// Open reads a model from a file. Its weights are rounded to what a checkpoint
// holds (lstm.Round). The error names the file; it is ErrModel,
// ErrFormat or one of the file system.
func Open(path string) (*Model, error) {
	f, err := openTensors(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	m, err := read(f)
	if err != nil && !errors.Is(err, ErrFormat) { // which names it already
		err = fmt.Errorf("%s: %w", path, err)
	}
	return m, err
}

func read(f *tensorFile) (*Model, error) {
	d, err := describedBy(f)
	if err != nil {
		return nil, err
	}
	list := tensorsOf(d.Shape())
	if err := complete(f, list); err != nil { // before anything of the model's size is allocated
		return nil, err
	}
	net := network.New(d.Shape())
	for i := range list {
		if err := readTensor(f, &list[i], net.Weights); err != nil {
			return nil, err
		}
	}
	lstm.Round(net)
	return &Model{Fitted: lstm.New(d.Task(), d.Others, net).After(d.Epochs), Config: f.Metadata[keyConfig], Data: f.Metadata[keyData]}, nil
}

// describedBy returns the description in a file's metadata.
func describedBy(f *tensorFile) (*description, error) {
	text, ok := f.Metadata[keyModel]
	if !ok {
		return nil, fmt.Errorf("%w: its metadata lack %q, which says what the model reads and forecasts; train.py puts it there",
			ErrModel, keyModel)
	}
	d := &description{}
	if err := json.Unmarshal([]byte(text), d); err != nil {
		return nil, fmt.Errorf("%w: %q in its metadata: %w", ErrModel, keyModel, err)
	}
	if d.Epochs < 0 || d.Epochs > 1<<30 {
		return nil, fmt.Errorf("%w: %d epochs", ErrModel, d.Epochs)
	}
	return d, d.check()
}

// complete checks that a file has all the tensors in their shapes, and no other.
func complete(f *tensorFile, list []parameter) error {
	known := make(map[string]bool, len(list))
	for i := range list {
		t := &list[i]
		known[t.Name] = true
		have, ok := f.Tensor(t.Name)
		switch {
		case !ok:
			return fmt.Errorf("%w: it has no tensor %s", ErrModel, t.Name)
		case !slices.Equal(have.Shape, t.Shape):
			return fmt.Errorf("%w: tensor %s is of shape %v, and the model's is %v", ErrModel, t.Name, have.Shape, t.Shape)
		}
	}
	for i := range f.Tensors {
		if !known[f.Tensors[i].Name] {
			return fmt.Errorf("%w: there is no place in the model for tensor %.80s", ErrModel, f.Tensors[i].Name)
		}
	}
	return nil
}

// readTensor puts a tensor of a file into a network's weights.
func readTensor(f *tensorFile, t *parameter, weights []float32) error {
	x, err := f.Floats(t.Name)
	if err != nil {
		return err
	}
	for i, v := range x {
		if v-v != 0 {
			return fmt.Errorf("%w: element %d of tensor %s is %v", ErrModel, i, t.Name, v)
		}
	}
	t.into(weights, x)
	return nil
}
