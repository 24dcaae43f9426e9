// Package fit trains the networks of core/lstm.
package fit

import (
	"errors"

	"github.com/foretide/foretide/core/lstm"
)

// ErrNoWindows reports that no cell of the history has both a value and a
// target that is observed within the part for training: there is nothing to
// learn from.
var ErrNoWindows = errors.New("lstm: the history has no window with a target to train on")

// Config is the configuration of the LSTM family. Take Defaults; every field is
// taken literally.
type Config struct {
	// PerContainer fits one model to each container, rather than one to all.
	PerContainer bool
	// Tuned fits the model of all containers further to each one's history.
	Tuned bool

	Steps         int     // cells of the window that are read one by one
	Hidden        int     // units of a layer and direction
	Layers        int     // recurrent layers
	Bidirectional bool    // layers read both ways
	Width         int     // hidden units of a head; 0 for a linear one
	Dropout       float64 // share of units dropped while training, in [0,1)

	Epochs  int // at most
	Windows int // of an epoch, at most, drawn at random (see epochSteps)
	// OtherMetrics is the weight of the containers' other metrics among what
	// windows are drawn from, each as if it were the task's: below 1; 0 for none.
	OtherMetrics float64
	Batch        int     // windows of a step of the optimiser
	Rate         float64 // learning rate at its highest
	Warmup       float64 // share of all steps in which the rate rises from zero
	Decay        float64 // decoupled weight decay (AdamW)
	Clip         float64 // limit of the norm of the gradient
	Tail         float64 // weight in the loss of all quantiles but the median, together

	Held           float64 // share of the history, its end, that decides when to stop
	HeldWindows    int     // windows that it is judged by
	Patience       int     // epochs without a better one after which training stops
	RefitEpochs    int     // epochs on all of the history, at most, once it is known when to stop
	RefitRate      float64 // learning rate of these, as a share of Rate
	TuneEpochs     int     // epochs on one container's history, where Tuned
	TuneRate       float64 // learning rate of these, as a share of Rate
	MaxOthers      int     // other metrics of the container that are read, at most
	MinObservation int     // observed cells that a window's past must have
}

// Defaults returns the settings of the published results; benchmarks/lstm has
// what else was tried.
func Defaults() Config {
	return Config{
		Steps: 16, Hidden: 32, Layers: 1, Bidirectional: true, Width: 192,
		Epochs: 16, Windows: 32768, OtherMetrics: 0.5, Batch: 64, Rate: 2e-3, Warmup: 0.05, Decay: 1e-2, Clip: 1, Tail: 0.5,
		Held: 0.15, HeldWindows: 4096, Patience: 5, RefitEpochs: 16, RefitRate: 1,
		TuneEpochs: 4, TuneRate: 0.1,
		MaxOthers: 5, MinObservation: 8,
	}
}

// Name returns "lstm".
func (Config) Name() string { return lstm.Name }

// Global reports whether one fit serves all containers.
func (c Config) Global() bool { return !c.PerContainer }
