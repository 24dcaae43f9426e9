// Package models turns the payloads of checkpoints back into fitted models. It
// is the one place that knows every kind, and part of the WebAssembly guest.
package models

import (
	"errors"

	"github.com/foretide/foretide/core/arima"
	"github.com/foretide/foretide/core/auto"
	"github.com/foretide/foretide/core/calibrate"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/general"
	"github.com/foretide/foretide/core/internal/plain"
	"github.com/foretide/foretide/core/linear"
	"github.com/foretide/foretide/core/lstm"
	"github.com/foretide/foretide/core/naive"
	"github.com/foretide/foretide/core/network"
	"github.com/foretide/foretide/core/prophet"
)

// kinds are the kinds of payload that Decode understands.
var kinds = [...]string{arima.Kind, auto.Kind, calibrate.Kind, general.Kind, linear.Kind, lstm.Kind, naive.Kind,
	network.Kind, prophet.Kind, calibrate.SharedKind}

// Kinds returns the kinds of payload that Decode understands, sorted.
func Kinds() []string { return append([]string(nil), kinds[:]...) }

// ErrKind reports that this program does not know the kind of model; a newer
// one may. It comes with the kind in a *KindError.
var ErrKind = errors.New("models: unknown kind of model")

// A KindError is a kind of model that this program does not know.
type KindError struct{ Kind string }

// Error names the kind and the known ones.
func (e *KindError) Error() string {
	s := ErrKind.Error() + " " + plain.Quote(e.Kind) + "; known are "
	for i, k := range kinds {
		if i > 0 {
			s += ", "
		}
		s += k
	}
	return s
}

// Is makes a KindError an ErrKind.
func (e *KindError) Is(target error) bool { return target == ErrKind }

// ErrNested reports that models are nested in one another more deeply than any
// model is.
var ErrNested = errors.New("models: models are nested too deeply")

// maxNested is how deep models may be nested: calibration around an ensemble
// around its members, with room to spare. It bounds the stack that a crafted
// payload can take.
const maxNested = 8

// Decode returns the model that a payload of the kind is. The error is a
// *KindError, ErrNested, or that of the kind's decoder.
func Decode(kind string, payload []byte) (forecast.Fitted, error) {
	return decode(kind, payload, 0)
}

func decode(kind string, payload []byte, depth int) (forecast.Fitted, error) {
	if depth > maxNested {
		return nil, ErrNested
	}
	inner := func(kind string, payload []byte) (forecast.Fitted, error) {
		return decode(kind, payload, depth+1)
	}
	switch kind {
	case arima.Kind:
		return fitted(arima.Decode(payload))
	case linear.Kind:
		return fitted(linear.Decode(payload))
	case lstm.Kind:
		return fitted(lstm.Decode(payload))
	case naive.Kind:
		return fitted(naive.Decode(payload))
	case network.Kind:
		return fitted(network.Decode(payload))
	case general.Kind:
		return fitted(general.Decode(payload))
	case auto.Kind:
		return fitted(auto.Decode(payload, inner))
	case prophet.Kind:
		return fitted(prophet.Decode(payload))
	case calibrate.Kind:
		return fitted(calibrate.Decode(payload, inner))
	case calibrate.SharedKind:
		return fitted(calibrate.DecodeShared(payload, inner))
	}
	return nil, &KindError{kind}
}

// fitted makes a model an interface, and none a nil one.
func fitted[F forecast.Fitted](f F, err error) (forecast.Fitted, error) {
	if err != nil {
		return nil, err
	}
	return f, nil
}
