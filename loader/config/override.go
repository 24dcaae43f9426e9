package config

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// EnvPrefix begins the environment variables of a configuration: the last part
// of a key in capitals follows, as in FORETIDE_WINDOW_SIZE.
const EnvPrefix = "FORETIDE_"

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

// Env returns the overrides in an environment of "NAME=value" strings. Other
// variables, and those that are set to nothing, are passed over.
func Env(environ []string) []Override {
	var out []Override
	for i := range settings {
		name := EnvName(settings[i].key)
		for _, e := range environ {
			if v, ok := strings.CutPrefix(e, name+"="); ok && v != "" {
				out = append(out, Override{Key: settings[i].key, Value: v, Source: Source{Kind: Environment, Name: name}})
			}
		}
	}
	return out
}

// EnvName returns the environment variable of a key.
func EnvName(key string) string {
	return EnvPrefix + strings.ToUpper(key[strings.LastIndexByte(key, '.')+1:])
}

// Apply sets the overrides, a flag before the environment whatever their
// order, and validates the result. On an error c is as it was.
func (c *Config) Apply(overrides ...Override) error {
	d := c.Clone()
	os := slices.Clone(overrides)
	slices.SortStableFunc(os, func(a, b Override) int { return int(a.Source.Kind) - int(b.Source.Kind) })
	var errs Errors
	for _, o := range os {
		s := find(o.Key)
		if s == nil {
			errs = append(errs, &Error{Source: o.Source, Reason: fmt.Sprintf("unknown key %q", clip(o.Key)),
				Nearest: nearestKey(o.Key)})
			continue
		}
		if reason := setText(s.field(d), o.Value); reason != "" {
			errs = append(errs, &Error{Source: o.Source, Key: s.key, Reason: reason})
			continue
		}
		d.setSource(s.key, o.Source)
		if s.key == "metric_name" {
			d.redefault()
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
func setText(dst any, text string) string {
	switch p := dst.(type) {
	case *string:
		*p = text
		return ""
	case *[]Span, *[]float64, *Texts:
		if !strings.HasPrefix(strings.TrimSpace(text), "[") {
			text = "[" + text + "]"
		}
	}
	n, e := parseYAML("", []byte(text))
	if e != nil {
		return e.Reason
	}
	if n == nil {
		return "must have a value"
	}
	if _, null := n.(*ast.NullNode); null {
		return "must have a value"
	}
	if pr := decode(dst, n); pr != nil {
		return pr.reason
	}
	return ""
}

// assign copies the field that from points to into the one that to points to.
func assign(to, from any) {
	switch p := to.(type) {
	case *string:
		*p = *from.(*string)
	case *bool:
		*p = *from.(*bool)
	case *int:
		*p = *from.(*int)
	case *uint64:
		*p = *from.(*uint64)
	case *float64:
		*p = *from.(*float64)
	case *time.Duration:
		*p = *from.(*time.Duration)
	case *[]float64:
		*p = *from.(*[]float64)
	case *[]Span:
		*p = *from.(*[]Span)
	case special:
		p.assign(from.(special))
	default:
		panic("config: field of unknown type")
	}
}
