package optim

import (
	"errors"
	"math"

	"github.com/foretide/foretide/core/forecast"
)

// ErrDiverged reports that the loss or the gradient was not finite before any
// epoch had ended. A smaller learning rate helps.
var ErrDiverged = errors.New("optim: training diverged (try a smaller learning rate)")

// A Schedule is how long a training may take and how fast it goes.
type Schedule struct {
	Epochs   int     // at most
	Steps    int     // of an epoch
	Batch    int     // rows of a step
	Rate     float64 // learning rate at its highest
	Warmup   float64 // share of all steps in which the rate rises from zero
	Patience int     // epochs without a better one after which training stops
}

// At is the learning rate of step number: it rises linearly from zero over the
// warm-up, and then falls as a cosine to a fiftieth (Loshchilov and Hutter
// 2017).
func (s *Schedule) At(number int) float64 {
	all := float64(s.Epochs * s.Steps)
	x := (float64(number) + 1) / all
	if x < s.Warmup {
		return s.Rate * x / s.Warmup
	}
	x = (x - s.Warmup) / (1 - s.Warmup)
	return s.Rate * (0.02 + 0.98*(1+math.Cos(math.Pi*x))/2)
}

// A Loop trains weights by epochs. What is exported beside the functions is its
// state: saved and put back, a training goes on as if it had not been
// interrupted.
type Loop struct {
	Schedule
	Weights []float32         // that Step changes
	Options *forecast.Options // Interrupt, Stop, Progress
	// Step makes step number, from 0, at a learning rate; ok is false where its
	// gradient was not finite, and then nothing has changed.
	Step func(number int, rate float64) (loss float64, ok bool)
	// Validate returns the loss of what is held back, false where it was
	// interrupted. Where it is nil nothing is, and the last epoch's weights are
	// kept.
	Validate func() (loss float64, ok bool)
	// Ended is called after each epoch that was validated; may be nil.
	Ended func()

	Epoch     int       // done
	Best      []float32 // weights of the best epoch; nil before there is one
	BestLoss  float64   // +Inf before there is one
	BestEpoch int
	Curve     []float64 // validation loss by epoch

	skipped int // steps in a row whose gradient was not finite
}

// Run trains until the epochs are over, validation stops improving, or the
// caller interrupts, and leaves the best weights. The errors are ErrDiverged,
// and forecast.ErrInterrupted where there is nothing worth keeping.
func (l *Loop) Run() (forecast.Status, error) {
	for l.Epoch < l.Epochs {
		if !l.runEpoch() {
			switch {
			case l.Options.Interrupted():
				return forecast.Interrupted, l.keepBest()
			case l.Options.Stopped():
				return forecast.Interrupted, l.keepStopped()
			}
			return forecast.NotConverged, l.diverged()
		}
		l.Epoch++
		if l.Validate == nil {
			continue
		}
		loss, ok := l.Validate()
		if !ok {
			return forecast.Interrupted, l.keepBest()
		}
		l.Curve = append(l.Curve, loss)
		if loss < l.BestLoss {
			l.Best = append(l.Best[:0], l.Weights...)
			l.BestLoss, l.BestEpoch = loss, l.Epoch
		}
		l.emit("epoch", l.Epoch, l.Epochs, loss)
		if l.Ended != nil {
			l.Ended()
		}
		if l.Epoch-l.BestEpoch >= l.Patience {
			return forecast.EarlyStopping, l.keepBest()
		}
	}
	if l.Best == nil && l.Validate != nil {
		return forecast.NotConverged, ErrDiverged // no epoch's loss was finite
	}
	return forecast.Converged, l.keepBest()
}

// keepBest puts the best weights back. Without any, an interrupted training has
// nothing worth keeping.
func (l *Loop) keepBest() error {
	switch {
	case l.Best != nil:
		copy(l.Weights, l.Best)
	case l.Validate != nil:
		return forecast.ErrInterrupted
	}
	return nil
}

// keepStopped keeps the best weights of a training that was stopped, or in its
// first epoch those of the moment: they are better than none.
func (l *Loop) keepStopped() error {
	if l.Best != nil {
		copy(l.Weights, l.Best)
	}
	return nil
}

// diverged keeps the best weights of a training whose numbers went astray.
func (l *Loop) diverged() error {
	if l.Best == nil {
		return ErrDiverged
	}
	return l.keepBest()
}

func (l *Loop) emit(stage string, done, total int, loss float64) {
	l.Options.Emit(forecast.Event{Stage: stage, Done: done, Total: total, Loss: loss})
}

// maxSkipped is how many steps in a row may have a gradient that is not finite.
const maxSkipped = 10

// runEpoch makes the steps of an epoch; false where it was interrupted or
// diverged.
func (l *Loop) runEpoch() bool {
	recent := math.NaN()
	for i := range l.Steps {
		if l.Options.Interrupted() || l.Options.Stopped() {
			return false
		}
		number := l.Epoch*l.Steps + i
		loss, ok := l.Step(number, l.At(number))
		if !ok {
			if l.skipped++; l.skipped >= maxSkipped {
				return false
			}
			continue
		}
		l.skipped = 0
		if math.IsNaN(recent) {
			recent = loss
		}
		recent += (loss - recent) * max(0.02, 1/float64(i+1))
		l.emit("train", (number+1)*l.Batch, l.Epochs*l.Steps*l.Batch, recent)
	}
	return true
}
