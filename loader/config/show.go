package config

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-json"
	"github.com/goccy/go-yaml"
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
		b.WriteString(indent + s.leaf() + ": " + s.text(s.in(c)))
		if beside != "" {
			b.WriteString("  # " + beside)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// text is a field's value in YAML.
func (s *setting) text(v reflect.Value) string {
	switch v := v.Interface().(type) {
	case time.Duration:
		return formatDuration(v)
	case Span:
		return v.String()
	}
	switch v.Kind() {
	case reflect.String:
		if s.toggle {
			return v.String()
		}
		return quote(v.String())
	case reflect.Float64:
		return number(v.Float())
	case reflect.Slice:
		words := make([]string, v.Len())
		for i := range words {
			words[i] = s.text(v.Index(i))
		}
		return "[" + strings.Join(words, ", ") + "]"
	case reflect.Struct:
		fields := settingsOf("", v.Type())
		return "{" + strings.Join(names(fields, func(s *setting) string { return s.key + ": " + s.text(s.of(v)) }), ", ") + "}"
	}
	return fmt.Sprint(v) // a whole number, or true or false
}

func number(v float64) string {
	switch {
	case math.IsInf(v, 1):
		return ".inf"
	case math.IsInf(v, -1):
		return "-.inf"
	case v != 0 && (math.Abs(v) < 1e-6 || math.Abs(v) >= 1e15):
		// Without a point YAML reads it as text.
		digits, exponent, _ := strings.Cut(strconv.FormatFloat(v, 'e', -1, 64), "e")
		if !strings.Contains(digits, ".") {
			digits += ".0"
		}
		return digits + "e" + exponent
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
	if err := yaml.Unmarshal([]byte(c.YAML()), &values); err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	sources := make(map[string]string, len(settings))
	for i := range settings {
		s := &settings[i]
		sources[s.key] = c.Source(s.key).String()
		if section, ok := values[s.section()].(map[string]any); ok && s.in(c).Kind() == reflect.Float64 && math.IsInf(s.in(c).Float(), 0) {
			section[s.leaf()] = nil
		}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(map[string]any{"config": values, "sources": sources}); err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	return b.Bytes(), nil
}
