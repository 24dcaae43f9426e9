package settings

import (
	"fmt"
	"strconv"
	"time"
)

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
