package config

import (
	"strconv"
	"strings"
)

// A Source is the place that a value came from.
type Source struct {
	Kind   SourceKind
	Name   string // the file, the environment variable, or the flag without dashes
	Line   int    // in a file, from 1
	Column int    // in a file, from 1, in characters
}

// SourceKind says what gave a value. A later kind goes before an earlier one.
type SourceKind uint8

// The sources, in rising precedence.
const (
	Default     SourceKind = iota // built in
	File                          // a configuration file
	Environment                   // a variable FORETIDE_…
	CommandLine                   // a flag
)

// String returns the source for people: "default", "cpu.yaml:4",
// "FORETIDE_STEP", "--step".
func (s Source) String() string {
	switch s.Kind {
	case File:
		return s.Name + ":" + strconv.Itoa(s.Line)
	case Environment:
		return s.Name
	case CommandLine:
		return "--" + s.Name
	}
	return "default"
}

// An Error is one thing that is wrong with a configuration.
type Error struct {
	Source  Source
	Key     string // "data.window_size"; "" where it is about no key
	Reason  string
	Nearest string // the key or value that was probably meant; may be empty
	Err     error  // the cause that callers can test for; may be nil
}

// Error returns the place, the reason and what was probably meant:
// `my.yaml:5:3: unknown key "window" in data; did you mean "window_size"?`.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Source.Kind != Default {
		b.WriteString(e.Source.String())
		if e.Source.Column > 0 {
			b.WriteByte(':')
			b.WriteString(strconv.Itoa(e.Source.Column))
		}
		b.WriteString(": ")
	}
	if e.Key != "" {
		b.WriteString(e.Key)
		b.WriteString(": ")
	}
	b.WriteString(e.Reason)
	if e.Nearest != "" {
		b.WriteString(`; did you mean "`)
		b.WriteString(e.Nearest)
		b.WriteString(`"?`)
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errors are all the things that are wrong with a configuration, in the order
// of the file.
type Errors []*Error

// Error returns one line for each error.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, x := range e {
		lines[i] = x.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the errors one by one.
func (e Errors) Unwrap() []error {
	out := make([]error, len(e))
	for i, x := range e {
		out[i] = x
	}
	return out
}

// orNil returns e as an error, nil where there is none.
func (e Errors) orNil() error {
	if len(e) == 0 {
		return nil
	}
	return e
}
