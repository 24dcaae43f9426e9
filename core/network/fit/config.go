// Package fit trains the networks of core/network: on the histories of many
// containers, of any metric and step, together.
package fit

import (
	"errors"

	"github.com/foretide/foretide/core/internal/mlp"
)

// errNoWindows reports that no cell of the histories has both a value and a
// target that is observed: there is nothing to learn from.
var errNoWindows = errors.New("network: the histories have no window with a target to train on")

// Config is the configuration of a training. Take Defaults; every field is taken
// literally.
type Config struct {
	Hidden  []int   // units of the hidden layers
	Dropout float64 // share of hidden units dropped while training, in [0,1)

	Epochs  int     // the windows drawn are those of the histories so many times
	Fewest  int     // windows drawn, at least
	Most    int     // windows drawn, at most; of more than eight horizons so many fewer
	Share   float64 // a history of n windows is drawn from in proportion to n^Share
	Batch   int     // windows of a step of the optimiser
	Rate    float64 // learning rate at its highest
	Warmup  float64 // share of all steps in which the rate rises from zero
	Decay   float64 // decoupled weight decay (AdamW)
	Clip    float64 // limit of the norm of the gradient
	Tail    float64 // weight in the loss of all quantiles but the median, together
	Observe int     // observed cells that a window's past must have
	Cut     float64 // share of windows whose past is cut to a random length, for containers that have no more
}

// Defaults returns the settings of the published results; benchmarks/network has
// what else was tried.
func Defaults() Config {
	return Config{
		Hidden: []int{192, 192, 96},
		Epochs: 4, Fewest: 1 << 18, Most: 1 << 22, Share: 0.5, Batch: 512,
		Rate: 2e-3, Warmup: 0.05, Decay: 1e-2, Clip: 1, Tail: 0.5, Observe: 2, Cut: 0.15,
	}
}

// hidden returns the widths as a shape has them.
func (c *Config) hidden() (out [mlp.MaxHidden]int) {
	copy(out[:], c.Hidden)
	return out
}
