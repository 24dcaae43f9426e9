package serve

import (
	"errors"
	"slices"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/general"
	"github.com/foretide/foretide/core/network"
	"github.com/foretide/foretide/core/series"
)

// Outdated returns what serves in the place of a checkpoint that could not be
// decoded: the network in the box, at the checkpoint's step and for its horizons
// and levels, where the error is general.ErrVersion, so that a new program does
// not leave a fleet without forecasts until all of it is trained again. Its
// forecasts carry forecast.OldCheckpoint and forecast.Uncalibrated. It is nil for
// any other error and for none: a damaged checkpoint is to be seen.
func Outdated(c *codec.Checkpoint, err error) forecast.Fitted {
	if !errors.Is(err, general.ErrVersion) {
		return nil
	}
	if n := len(c.Horizons); n == 0 || n > network.MaxHorizons || c.Horizons[n-1] > general.LongestHorizon {
		return nil // it never held the network for them
	}
	f, err := general.Bind(forecast.Task{
		Metric: c.Metric, Step: c.Step, Horizons: slices.Clone(c.Horizons), Levels: slices.Clone(c.Levels),
		Bounds: series.DefaultBounds(c.Metric),
	})
	if err != nil {
		return nil
	}
	return f.Because(forecast.OldCheckpoint | forecast.Uncalibrated)
}
