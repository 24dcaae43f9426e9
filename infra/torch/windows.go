package torch

import (
	"github.com/goccy/go-json"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/kernel"
	"github.com/foretide/foretide/core/lstm"
	"github.com/foretide/foretide/core/lstm/fit"
	"github.com/foretide/foretide/core/lstm/network"
)

// A training is the settings that train.py takes from a file of windows.
type training struct {
	Epochs       int     `json:"epochs"`
	EpochWindows int     `json:"epoch_windows"` // in whole batches
	EpochsStored int     `json:"epochs_stored"` // that the file has windows of
	Batch        int     `json:"batch"`
	Rate         float64 `json:"learning_rate"`
	Warmup       float64 `json:"warmup"`
	Decay        float64 `json:"weight_decay"`
	Clip         float64 `json:"clip"`
	Tail         float64 `json:"tail"`
	Patience     int     `json:"patience"`
	Dropout      float64 `json:"dropout"`
	Seed         uint64  `json:"seed"`
}

// Source is what a file of windows is made of.
type Source struct {
	Windows *fit.Windows
	Task    forecast.Task
	Model   fit.Config
	Seed    uint64
	Epochs  int    // that are written
	Config  string // YAML
	Data    string // digest of the histories
	// Progress is called now and then; an error ends the work. It may be nil.
	Progress func(done, total int) error
}

// RowSize returns the bytes of a window in a file.
func RowSize(s network.Shape) int64 {
	return 4*int64(s.Steps*s.Inputs+s.Horizons*(s.Features+s.Skip+2)) + 4*8
}

// SaveWindows writes the windows of a training, and those that it is judged by.
// Memory does not grow with their number.
func SaveWindows(path string, s *Source) error {
	shape, windows := s.Windows.Shape(), s.Windows
	m := &s.Model
	metadata, err := metadataOf(describe(&s.Task, windows.Others(), shape, 0), s.Config, s.Data)
	if err != nil {
		return err
	}
	for key, value := range map[string]any{
		keyTraining: training{
			Epochs: m.Epochs, EpochWindows: windows.PerEpoch(), EpochsStored: s.Epochs, Batch: m.Batch, Rate: m.Rate, Warmup: m.Warmup,
			Decay: m.Decay, Clip: m.Clip, Tail: m.Tail, Patience: m.Patience, Dropout: m.Dropout, Seed: s.Seed,
		},
		keySources: windows.Containers(),
	} {
		b, err := json.Marshal(value)
		if err != nil {
			return err
		}
		metadata[key] = string(b)
	}
	train, held := s.Epochs*windows.PerEpoch(), windows.Held()
	tensors := append(rowTensors("train", train, shape), rowTensors("held", held, shape)...)
	w, err := createTensors(path, metadata, tensors...)
	if err != nil {
		return err
	}
	defer w.Abort()
	done := 0
	write := func(part string) func(*fit.Row) error {
		return func(r *fit.Row) error {
			if done++; s.Progress != nil && done%1024 == 0 {
				if err := s.Progress(done, train+held); err != nil {
					return err
				}
			}
			return writeRow(w, part, r, shape)
		}
	}
	for epoch := range s.Epochs {
		if err := windows.Epoch(epoch, write("train")); err != nil {
			return err
		}
	}
	if err := windows.EachHeld(write("held")); err != nil {
		return err
	}
	return w.Commit()
}

// rowTensors are the tensors of a part of a file with so many windows.
func rowTensors(part string, n int, s network.Shape) []fileTensor {
	return append(sampleTensors(part, n, s),
		fileTensor{Name: part + ".target", Type: typeF32, Shape: []int{n, s.Horizons}},
		fileTensor{Name: part + ".weight", Type: typeF32, Shape: []int{n, s.Horizons}})
}

// sampleTensors are those of them that do not tell what came of a window.
func sampleTensors(part string, n int, s network.Shape) []fileTensor {
	return []fileTensor{
		{Name: part + ".input", Type: typeF32, Shape: []int{n, s.Steps, s.Inputs}},
		{Name: part + ".features", Type: typeF32, Shape: []int{n, s.Horizons, s.Features}},
		{Name: part + ".skip", Type: typeF32, Shape: []int{n, s.Horizons, s.Skip}},
		{Name: part + ".last", Type: typeF64, Shape: []int{n}},
		{Name: part + ".scale", Type: typeF64, Shape: []int{n}},
		{Name: part + ".origin", Type: typeI64, Shape: []int{n}},
		{Name: part + ".container", Type: typeI64, Shape: []int{n}},
	}
}

// writeRow writes a window.
func writeRow(w *tensorWriter, part string, r *fit.Row, s network.Shape) error {
	if err := writeSample(w, part, r.Sample, s, r.Origin, r.Container); err != nil {
		return err
	}
	if err := w.Floats(part+".target", r.Target); err != nil {
		return err
	}
	return w.Floats(part+".weight", r.Weight)
}

// writeSample writes what the network reads of a window, without the padding,
// and where it is from.
func writeSample(w *tensorWriter, part string, x *lstm.Sample, s network.Shape, origin int64, container int) error {
	for _, t := range []struct {
		name  string
		rows  []float32
		width int
	}{{".input", x.Input, s.Inputs}, {".features", x.Features, s.Features}, {".skip", x.Skip, s.Skip}} {
		for padded := kernel.Padded(t.width); len(t.rows) > 0; t.rows = t.rows[padded:] {
			if err := w.Floats(part+t.name, t.rows[:t.width]); err != nil {
				return err
			}
		}
	}
	if err := w.Doubles(part+".last", x.Last); err != nil {
		return err
	}
	if err := w.Doubles(part+".scale", x.Scale); err != nil {
		return err
	}
	if err := w.Ints(part+".origin", origin); err != nil {
		return err
	}
	return w.Ints(part+".container", int64(container))
}
