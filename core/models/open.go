package models

import (
	"errors"
	"slices"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/general"
	"github.com/foretide/foretide/core/network"
	"github.com/foretide/foretide/core/series"
)

// ErrMismatch reports a checkpoint that is not of what its name or its header
// says.
var ErrMismatch = errors.New("models: the checkpoint's model is not what its header says")

// DecodeCheckpoint returns the model that a checkpoint's decompressed payload holds. The
// error is one of Decode, or ErrMismatch.
func DecodeCheckpoint(c *codec.Checkpoint, payload []byte) (forecast.Fitted, error) {
	m, err := Decode(c.Kind, payload)
	if err != nil {
		return nil, err
	}
	spec := m.Spec()
	if spec.Metric != c.Metric || spec.Step != c.Step || !slices.Equal(spec.Horizons, c.Horizons) || !slices.Equal(spec.Levels, c.Levels) {
		return nil, ErrMismatch
	}
	return m, nil
}

// Open returns the model that serves for a checkpoint: its own or, where that is
// of another version of the built-in model, the one that this program has, at the
// checkpoint's step and for its horizons and levels. A new program thus does not
// leave a fleet without forecasts until all of it is trained again. The forecasts
// then carry forecast.OldCheckpoint and forecast.Uncalibrated. Errors are those of
// DecodeCheckpoint: a damaged checkpoint is never replaced.
func Open(c *codec.Checkpoint, payload []byte) (forecast.Fitted, error) {
	m, err := DecodeCheckpoint(c, payload)
	if !errors.Is(err, general.ErrVersion) {
		return m, err
	}
	if n := len(c.Horizons); n == 0 || n > network.MaxHorizons || c.Horizons[n-1] > general.LongestHorizon {
		return nil, err // it never held the built-in model for them
	}
	f, bad := general.Bind(forecast.Task{
		Metric: c.Metric, Step: c.Step, Horizons: slices.Clone(c.Horizons), Levels: slices.Clone(c.Levels),
		Bounds: series.DefaultBounds(c.Metric),
	}, forecast.OldCheckpoint|forecast.Uncalibrated)
	if bad != nil {
		return nil, err
	}
	return f, nil
}
