package fleet

import (
	"slices"
	"time"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/loader/config"
)

// Task returns what a configuration asks for of data of the given step, in
// seconds. Horizons that somebody chose are taken as they are, and are a
// forecast.ErrHorizon where they are no multiples of the step. Those that nobody
// chose are rounded up to multiples of it, as serve.StandIn does where there is no
// checkpoint: training makes forecasts better, and takes none away.
func Task(c *config.Config, step int64) (forecast.Task, error) {
	if c.Source("data.prediction_horizons").Kind != config.Default {
		return c.Task(step)
	}
	var ahead []config.Span
	for _, h := range c.Horizons() {
		s := int64(h / time.Second)
		ahead = append(ahead, config.Span{Duration: time.Duration((s+step-1)/step*step) * time.Second})
	}
	c = c.Clone()
	c.Data.PredictionHorizons = slices.Compact(ahead)
	return c.Task(step)
}
