package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/token"
)

// Show returns the effective configuration as YAML that Parse reads back, with
// a comment after each value that says where it came from.
func (c *Config) Show() string {
	return c.render(func(s *setting) (above, beside string) {
		from := c.Source(s.key).String()
		if s.key == keyHorizons {
			from = c.horizonText() + "; " + from
		}
		return "", oneLine(from)
	})
}

// YAML returns the effective configuration as YAML that Parse reads back,
// without where the values came from: equal configurations give equal text.
func (c *Config) YAML() string {
	return c.render(func(s *setting) (above, beside string) {
		if s.key == keyHorizons {
			beside = c.horizonText()
		}
		return "", beside
	})
}

// Template returns the default configuration of a metric as a file to edit,
// with a comment on every key.
func Template(metric string) string {
	c := Defaults(metric)
	head := "# How Foretide forecasts " + metric + ". Every value here is the built-in default:\n" +
		"# a file needs only the keys that it changes.\n"
	return head + c.render(func(s *setting) (above, beside string) {
		above = s.help
		if len(s.models) > 0 {
			above = "For " + strings.Join(s.models, " and ") + ". " + above
		}
		if s.key == keyHorizons {
			beside = c.horizonText()
		}
		return above, beside
	})
}

// horizonText gives the horizons as durations: "5m, 15m, 30m ahead".
func (c *Config) horizonText() string {
	var words []string
	for _, h := range c.Horizons() {
		words = append(words, formatDuration(h))
	}
	return strings.Join(words, ", ") + " ahead"
}

// render writes every setting, with the comments that comment gives.
func (c *Config) render(comment func(*setting) (above, beside string)) string {
	var b strings.Builder
	section := ""
	for i := range settings {
		s := &settings[i]
		if s.section() != section {
			section = s.section()
			b.WriteString(section + ":\n")
		}
		indent := ""
		if section != "" {
			indent = "  "
		}
		above, beside := comment(s)
		if above != "" {
			b.WriteString(indent + "# " + above + "\n")
		}
		b.WriteString(indent + s.leaf() + ": " + text(s.field(c)))
		if beside != "" {
			b.WriteString("  # " + beside)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// text is a field's value in YAML.
func text(field any) string {
	switch p := field.(type) {
	case *string:
		return quote(*p)
	case *bool:
		return strconv.FormatBool(*p)
	case *int:
		return strconv.Itoa(*p)
	case *uint64:
		return strconv.FormatUint(*p, 10)
	case *float64:
		return number(*p)
	case *time.Duration:
		return formatDuration(*p)
	case *[]float64:
		return list(*p, number)
	case *[]Span:
		return list(*p, Span.String)
	case special:
		return p.yaml()
	}
	panic("config: field of unknown type")
}

func list[T any](values []T, one func(T) string) string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = one(v)
	}
	return "[" + strings.Join(words, ", ") + "]"
}

func number(v float64) string {
	switch {
	case math.IsInf(v, 1):
		return ".inf"
	case math.IsInf(v, -1):
		return "-.inf"
	case v != 0 && (math.Abs(v) < 1e-6 || math.Abs(v) >= 1e15):
		return strconv.FormatFloat(v, 'e', -1, 64)
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// quote writes text so that YAML reads it back as the same text.
func quote(s string) string {
	plain := !token.IsNeedQuoted(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return r > '~' || r < ' ' || strings.ContainsRune(`:#{}[]",'?`, r)
	})
	if plain && find(s) == nil {
		return s
	}
	return strconv.Quote(s)
}

// oneLine keeps a file's name from breaking out of a comment.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}

// MarshalJSON returns {"config": {…}, "sources": {"data.step": "default", …}}.
// A bound that is infinite is null.
func (c *Config) MarshalJSON() ([]byte, error) {
	values := make(map[string]any)
	sources := make(map[string]string, len(settings))
	for i := range settings {
		s := &settings[i]
		sources[s.key] = c.Source(s.key).String()
		into := values
		if s.section() != "" {
			sub, ok := values[s.section()].(map[string]any)
			if !ok {
				sub = make(map[string]any)
				values[s.section()] = sub
			}
			into = sub
		}
		into[s.leaf()] = jsonValue(s.field(c))
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(map[string]any{"config": values, "sources": sources}); err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	return b.Bytes(), nil
}

func jsonValue(field any) any {
	switch p := field.(type) {
	case *float64:
		if math.IsInf(*p, 0) || math.IsNaN(*p) {
			return nil
		}
	case *time.Duration:
		return formatDuration(*p)
	case *[]Span:
		out := make([]any, len(*p))
		for i, s := range *p {
			if out[i] = any(s.Steps); s.Steps == 0 {
				out[i] = s.String()
			}
		}
		return out
	}
	return field
}
