package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// An Override is a value that goes before the file's.
type Override struct {
	Key    string // whole ("data.step") or its last part ("step")
	Value  string // as in the file; the brackets of a list may be left out
	Source Source
}

// Flag returns the override of a command-line flag, named without dashes.
func Flag(key, flag, value string) Override {
	return Override{Key: key, Value: value, Source: Source{Kind: CommandLine, Name: flag}}
}

// Env returns the overrides in an environment of "NAME=value" strings. A key's
// variable is FORETIDE_ and its last part in capitals: FORETIDE_WINDOW_SIZE.
// Other variables, and those that are set to nothing, are passed over.
func Env(environ []string) []Override {
	var out []Override
	for i := range settings {
		name := "FORETIDE_" + strings.ToUpper(settings[i].leaf())
		for _, e := range environ {
			if v, ok := strings.CutPrefix(e, name+"="); ok && v != "" {
				out = append(out, Override{Key: settings[i].key, Value: v, Source: Source{Kind: Environment, Name: name}})
			}
		}
	}
	return out
}

// Apply sets the overrides, a flag before the environment whatever their
// order, and validates the result. On an error c is as it was.
func (c *Config) Apply(overrides ...Override) error {
	d := c.Clone()
	ordered := slices.Clone(overrides)
	slices.SortStableFunc(ordered, func(a, b Override) int { return int(a.Source.Kind) - int(b.Source.Kind) })
	var errs Errors
	for _, o := range ordered {
		s := find(o.Key)
		if s == nil {
			errs = append(errs, &Error{Source: o.Source, Reason: fmt.Sprintf("unknown key %q", clip(o.Key)),
				Nearest: nearestKey(o.Key)})
		} else if reason := s.setText(s.in(d), o.Value); reason != "" {
			errs = append(errs, &Error{Source: o.Source, Key: s.key, Reason: reason})
		} else {
			d.set(s, o.Source)
		}
	}
	if len(errs) > 0 {
		return errs
	}
	if err := d.Validate(); err != nil {
		return err
	}
	*c = *d
	return nil
}

// setText stores a value given as text and returns what is wrong with it.
func (s *setting) setText(dst reflect.Value, text string) string {
	if dst.Kind() == reflect.String && !s.toggle {
		dst.SetString(text)
		return ""
	}
	if dst.Kind() == reflect.Slice && !strings.HasPrefix(strings.TrimSpace(text), "[") {
		text = "[" + text + "]"
	}
	n, e := parseYAML("", []byte(text))
	if e != nil {
		return e.Reason
	}
	if _, null := n.(*ast.NullNode); n == nil || null {
		return "must have a value"
	}
	if pr := s.decode(dst, n); pr != nil {
		return pr.reason
	}
	return ""
}
