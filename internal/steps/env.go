package steps

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/foretide/foretide/internal/lake"
)

// Bounds of settings.
const (
	Day  = 24 * time.Hour
	Year = 366 * Day
)

// Common opens the storage and reads what all functions are set with.
func Common() (e *Env, s *Storage, l *lake.Lake, err error) {
	e = &Env{Get: os.Getenv}
	if s, err = Open(context.Background()); err != nil {
		return nil, nil, nil, err
	}
	l = &lake.Lake{
		Objects:  s.Objects,
		Shards:   e.Number("FORETIDE_SHARDS", 16, 1, 9999),
		MaxBytes: int64(e.Number("FORETIDE_MAX_MB", lake.DefaultMaxBytes>>20, 1, 8192)) << 20,
	}
	return e, s, l, nil
}

// An Env reads variables; the first one that cannot be is its error.
type Env struct {
	Get func(string) string
	Err error
}

// Fail notes a variable that cannot be, and what it is to be.
func (e *Env) Fail(name, value, what string) {
	if e.Err == nil {
		e.Err = fmt.Errorf("%s is %q; it is %s", name, value, what)
	}
}

// Text returns a variable, or what stands for one that is not set.
func (e *Env) Text(name, otherwise string) string {
	if v := e.Get(name); v != "" {
		return v
	}
	return otherwise
}

// Duration returns a time from least to most.
func (e *Env) Duration(name string, otherwise, least, most time.Duration) time.Duration {
	v := e.Get(name)
	if v == "" {
		return otherwise
	}
	d, err := time.ParseDuration(v)
	if err != nil || d < least || d > most {
		e.Fail(name, v, fmt.Sprintf("a time such as %v, from %v to %v", otherwise, least, most))
	}
	return d
}

// Number returns a whole number from least to most.
func (e *Env) Number(name string, otherwise, least, most int) int {
	v := e.Get(name)
	if v == "" {
		return otherwise
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < least || n > most {
		e.Fail(name, v, fmt.Sprintf("a number from %d to %d", least, most))
	}
	return n
}

// Window is how far back forecasts look: eight days, and what the step rounds.
func (e *Env) Window() time.Duration {
	return e.Duration("FORETIDE_WINDOW", 9*Day, time.Minute, 400*Day)
}
