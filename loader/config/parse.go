package config

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Bounds on a file, far above any real configuration. They keep a hostile one
// from costing more than a moment: the YAML parser is quadratic in the depth
// of nesting.
const (
	maxSize   = 1 << 20 // bytes
	maxTokens = 10_000
	maxDepth  = 16
)

// Load reads a configuration file over the defaults of its metric. What is
// wrong with the content is reported as Errors.
func Load(path string) (*Config, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	return Parse(path, data)
}

// Parse reads a configuration in YAML over the defaults of its metric, which
// is cpu where it names none. The name stands for the file in errors and
// sources. A key that has no value keeps its default. What is wrong is
// reported as Errors, all of it at once where the YAML itself is sound.
func Parse(name string, data []byte) (*Config, error) {
	root, e := parseYAML(name, data)
	if e != nil {
		return nil, Errors{e}
	}
	p := fileParser{name: name}
	if root != nil {
		p.section("", root)
	}
	// The metric comes first, for the defaults of everything else.
	slices.SortStableFunc(p.found, func(a, b foundSetting) int { return metricFirst(a.setting.key, b.setting.key) })
	c := Defaults("cpu")
	for _, f := range p.found {
		if pr := f.setting.decode(f.setting.in(c), f.node); pr != nil {
			at := f.key
			if t := pr.node.GetToken(); t != nil && t.Position != nil {
				at = sourceOf(name, t)
			}
			p.errs = append(p.errs, &Error{Source: at, Key: f.setting.key, Reason: pr.reason})
		} else if _, null := f.node.(*ast.NullNode); !null {
			c.set(f.setting, sourceOf(name, f.node.GetToken()))
		}
	}
	if len(p.errs) > 0 {
		slices.SortStableFunc(p.errs, func(a, b *Error) int {
			return cmp.Or(cmp.Compare(a.Source.Line, b.Source.Line), cmp.Compare(a.Source.Column, b.Source.Column))
		})
		return nil, p.errs
	}
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return c, nil
}

// metricFirst orders the metric's key before all others.
func metricFirst(a, b string) int {
	if (a == keyMetric) == (b == keyMetric) {
		return 0
	} else if a == keyMetric {
		return -1
	}
	return 1
}

// set notes where a setting's value came from. A metric brings its defaults:
// every value that nothing has set takes them.
func (c *Config) set(s *setting, from Source) {
	if c.sources == nil {
		c.sources = make(map[string]Source)
	}
	c.sources[s.key] = from
	if s.key != keyMetric {
		return
	}
	d := Defaults(c.MetricName)
	for i := range settings {
		if c.Source(settings[i].key).Kind != Default {
			settings[i].copy(d, c)
		}
	}
	d.sources = c.sources
	*c = *d
}

// A fileParser walks the syntax tree of a file and collects its settings.
type fileParser struct {
	name  string
	found []foundSetting
	errs  Errors
}

// A foundSetting is a key of a file and its value.
type foundSetting struct {
	setting *setting
	key     Source
	node    ast.Node
}

func (p *fileParser) fail(n ast.Node, key, reason, near string) {
	p.errs = append(p.errs, &Error{Source: sourceOf(p.name, n.GetToken()), Key: key, Reason: reason, Nearest: near})
}

// section collects the settings of a section or, for "", of the file.
func (p *fileParser) section(section string, n ast.Node) {
	values, ok := valuesOf(n)
	switch {
	case ok:
	case section == "":
		p.fail(n, "", "a configuration must be a mapping of keys to values, got "+describe(n), "")
	default:
		p.fail(n, section, "must be a mapping of keys to values, got "+describe(n), "")
	}
	for _, v := range values {
		key, ok := v.Key.(*ast.StringNode)
		if !ok {
			p.fail(v.Key, section, "a key must be text, got "+describe(v.Key), "")
			continue
		}
		s := find(key.Value)
		switch {
		case s != nil && s.section() == section && s.leaf() == key.Value:
			p.found = append(p.found, foundSetting{s, sourceOf(p.name, v.Key.GetToken()), v.Value})
		case section == "" && key.Value != "" && len(leaves(key.Value)) > 0:
			p.section(key.Value, v.Value)
		default:
			p.unknown(section, key)
		}
	}
}

// unknown reports a key that does not exist, with the one probably meant.
func (p *fileParser) unknown(section string, key *ast.StringNode) {
	reason := fmt.Sprintf("unknown key %q", clip(key.Value))
	if section != "" {
		reason += " in " + section
	}
	meant := ""
	if s := find(key.Value); s != nil && s.leaf() == key.Value {
		reason += "; it belongs to " + cmp.Or(s.section(), "the top level")
	} else if meant = cmp.Or(nearest(key.Value, leaves(section)), nearestKey(key.Value)); meant == "" {
		reason += "; the keys here are " + strings.Join(leaves(section), ", ")
	}
	p.fail(key, "", reason, meant)
}

// leaves returns the keys of a section or, for "", of the top level.
func leaves(section string) []string {
	var out []string
	for i := range settings {
		s := &settings[i]
		switch {
		case s.section() == section:
			out = append(out, s.leaf())
		case section == "" && !slices.Contains(out, s.section()):
			out = append(out, s.section())
		}
	}
	return out
}

func sourceOf(name string, t *token.Token) Source {
	s := Source{Kind: File, Name: name, Line: 1, Column: 1}
	if t != nil && t.Position != nil {
		s.Line, s.Column = t.Position.Line, t.Position.Column
	}
	return s
}

// parseYAML returns the only document of a file, nil where it is empty.
func parseYAML(name string, data []byte) (ast.Node, *Error) {
	if len(data) > maxSize {
		return nil, &Error{Source: sourceOf(name, nil), Reason: fmt.Sprintf("is larger than %d bytes", maxSize)}
	}
	tokens := lexer.Tokenize(strings.TrimPrefix(string(data), "\ufeff"))
	if t, reason := refuse(tokens); reason != "" {
		return nil, &Error{Source: sourceOf(name, t), Reason: reason}
	}
	file, err := parser.Parse(tokens, 0)
	if err != nil {
		at, reason := sourceOf(name, nil), err.Error()
		var ye yaml.Error
		if errors.As(err, &ye) {
			at, reason = sourceOf(name, ye.GetToken()), ye.GetMessage()
		}
		return nil, &Error{Source: at, Reason: reason}
	}
	var root ast.Node
	for _, d := range file.Docs {
		if d.Body == nil {
			continue
		}
		if root != nil {
			return nil, &Error{Source: sourceOf(name, d.Body.GetToken()), Reason: "has more than one document"}
		}
		root = d.Body
	}
	if _, comment := root.(*ast.CommentGroupNode); comment {
		root = nil
	}
	return root, nil
}

// refuse returns the first token of a kind that a configuration has no use for
// or that goes beyond the bounds, and why it is refused.
func refuse(tokens token.Tokens) (*token.Token, string) {
	if len(tokens) > maxTokens {
		return tokens[maxTokens], "has too many values for a configuration"
	}
	depth := 0
	for i, t := range tokens {
		switch t.Type {
		case token.AnchorType, token.AliasType, token.MergeKeyType:
			return t, "anchors and aliases are not supported in a configuration"
		case token.TagType, token.DirectiveType:
			return t, "tags and directives are not supported in a configuration"
		case token.InvalidType:
			return t, "is not valid YAML: " + t.Error
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth--
		case token.SequenceEntryType, token.MappingKeyType:
			if i > 0 && tokens[i-1].Type == t.Type {
				return t, "is nested too deeply for a configuration"
			}
		}
		if depth > maxDepth {
			return t, "is nested too deeply for a configuration"
		}
	}
	return nil, ""
}
