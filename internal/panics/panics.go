// Package panics makes errors of panics, where one of many items must not end the
// work on the others. A panic in a goroutine otherwise ends the process, whatever
// its caller recovers.
package panics

import (
	"fmt"
	"runtime/debug"
)

// An Error is a panic.
type Error struct {
	Value any
	Stack []byte // of the goroutine, where it happened: for a log
}

// Error says what the panic did.
func (e *Error) Error() string { return "panic: " + fmt.Sprint(e.Value) }

// Catch calls do and returns its error, or an *Error where it panics.
func Catch(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &Error{p, debug.Stack()}
		}
	}()
	return do()
}
