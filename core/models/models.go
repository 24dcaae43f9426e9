// Package models is the table of model families: their names, traits and
// payloads. It is part of the WebAssembly guest; core/models/fit, which fits the
// families, is not.
package models

import (
	"errors"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/internal/plain"
)

// ErrKind reports that this program does not know the kind of model; a newer
// one may. It comes with the kind in a *KindError.
var ErrKind = errors.New("models: unknown kind of model")

// A KindError is a kind of model that this program does not know.
type KindError struct{ Kind string }

// Error names the kind and the known ones.
func (e *KindError) Error() string {
	s := ErrKind.Error() + " " + plain.Quote(e.Kind) + "; known are "
	for i, k := range Kinds() {
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
	for i := range table {
		if table[i].Kind == kind {
			return table[i].decode(payload, inner)
		}
	}
	for i := range wrappers {
		if wrappers[i].Kind == kind {
			return wrappers[i].decode(payload, inner)
		}
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
