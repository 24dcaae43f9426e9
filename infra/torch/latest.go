package torch

import (
	"github.com/goccy/go-json"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/lstm"
	"github.com/foretide/foretide/core/series"
)

// SaveLatest writes the windows at the end of the frames as a model's network
// reads them: the tensors of a part named latest, without targets and weights,
// a row for each frame in its order. The frames have the model's metric and
// step; the error is of the contract (forecast.ErrMetric, ErrStep, ErrEmpty)
// where one has not, or of the file.
func SaveLatest(path string, m *lstm.Fitted, frames []series.Frame) error {
	spec, shape := m.Spec(), m.Network().Shape()
	metadata, err := metadataOf(describe(&spec.Task, m.Others(), shape, m.Epochs()), "", "")
	if err != nil {
		return err
	}
	names := make([]string, len(frames))
	for i := range frames {
		names[i] = frames[i].Container
	}
	b, err := json.Marshal(names)
	if err != nil {
		return err
	}
	metadata[keySources] = string(b)
	w, err := createTensors(path, metadata, sampleTensors("latest", len(frames), shape)...)
	if err != nil {
		return err
	}
	defer w.Abort()
	encoder := lstm.NewEncoder(&spec.Task, m.Others(), shape.Steps)
	sample := encoder.NewSample()
	var scratch forecast.Forecast
	for i := range frames {
		window := forecast.WindowOf(&frames[i], spec.Needs)
		recent, long, err := window.Check(spec)
		if err != nil {
			return err
		}
		encoder.Encode(sample, &window, recent, long, scratch.Scratch())
		if err := writeSample(w, "latest", sample, shape, window.Origin(), i); err != nil {
			return err
		}
	}
	return w.Commit()
}
