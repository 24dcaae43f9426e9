package config

import (
	"errors"
	"fmt"
	"io"
	"os"
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
	MaxSize   = 1 << 20 // bytes
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
	data, err := io.ReadAll(io.LimitReader(f, MaxSize+1))
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
	c := Defaults("cpu")
	p := fileParser{name: name, config: c}
	if root != nil {
		// The metric comes first, for the defaults of everything else.
		p.mapping("", root, func(leaf string, n ast.Node, at Source) {
			if leaf == "metric_name" {
				p.value(find(leaf), n, at)
				c.redefault()
			}
		})
		if len(p.errs) == 0 {
			p.mapping("", root, p.topLevel)
		}
	}
	if len(p.errs) > 0 {
		return nil, p.errs
	}
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return c, nil
}

// redefault gives every value that nothing has set the default of the metric.
func (c *Config) redefault() {
	d := Defaults(c.MetricName)
	d.sources = nil
	for i := range settings {
		s := &settings[i]
		if c.Source(s.key).Kind != Default {
			assign(s.field(d), s.field(c))
			d.setSource(s.key, c.Source(s.key))
		}
	}
	*c = *d
}

// A fileParser walks the syntax tree of a file and fills a configuration.
type fileParser struct {
	name   string
	config *Config
	errs   Errors
}

func (p *fileParser) fail(at Source, key, reason, near string) {
	p.errs = append(p.errs, &Error{Source: at, Key: key, Reason: reason, Nearest: near})
}

func (p *fileParser) at(n ast.Node) Source { return sourceOf(p.name, n.GetToken()) }

// mapping calls do for each key of a node that must be a mapping.
func (p *fileParser) mapping(section string, n ast.Node, do func(leaf string, value ast.Node, at Source)) {
	var values []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	case *ast.NullNode:
		return
	default:
		if section == "" {
			p.fail(p.at(n), "", "a configuration must be a mapping of keys to values, got "+describe(n), "")
		} else {
			p.fail(p.at(n), section, "must be a mapping of keys to values, got "+describe(n), "")
		}
		return
	}
	for _, v := range values {
		at := sourceOf(p.name, v.Key.GetToken())
		if key, ok := v.Key.(*ast.StringNode); ok {
			do(key.Value, v.Value, at)
		} else {
			p.fail(at, section, "a key must be text, got "+describe(v.Key), "")
		}
	}
}

// topLevel handles one key of the file's outermost mapping.
func (p *fileParser) topLevel(leaf string, n ast.Node, at Source) {
	if leaf == "metric_name" {
		return // read before everything else
	}
	if s := find(leaf); s != nil && s.key == leaf {
		p.value(s, n, at)
		return
	}
	if len(leaves(leaf)) == 0 || leaf == "" {
		p.unknown("", leaf, at)
		return
	}
	p.mapping(leaf, n, func(l string, n ast.Node, at Source) {
		if s := find(leaf + "." + l); s != nil {
			p.value(s, n, at)
		} else {
			p.unknown(leaf, l, at)
		}
	})
}

// value stores a node in a setting's field.
func (p *fileParser) value(s *setting, n ast.Node, at Source) {
	if pr := decode(s.field(p.config), n); pr != nil {
		if t := pr.node.GetToken(); t != nil && t.Position != nil {
			at = sourceOf(p.name, t)
		}
		p.fail(at, s.key, pr.reason, "")
		return
	}
	if _, null := n.(*ast.NullNode); !null {
		p.config.setSource(s.key, p.at(n))
	}
}

// unknown reports a key that does not exist, with the one probably meant.
func (p *fileParser) unknown(section, leaf string, at Source) {
	where := ""
	if section != "" {
		where = " in " + section
	}
	reason := fmt.Sprintf("unknown key %q%s", clip(leaf), where)
	if s := find(leaf); s != nil && !strings.Contains(leaf, ".") {
		place := "the top level"
		if s.section() != "" {
			place = s.section()
		}
		p.fail(at, "", reason+"; it belongs to "+place, "")
		return
	}
	if near := nearest(leaf, leaves(section)); near != "" {
		p.fail(at, "", reason, near)
		return
	}
	if near := nearestKey(leaf); near != "" { // a key of another section
		p.fail(at, "", reason, near)
		return
	}
	p.fail(at, "", reason+"; the keys here are "+strings.Join(leaves(section), ", "), "")
}

// leaves returns the keys of a section or, for "", of the top level.
func leaves(section string) []string {
	var out []string
	for i := range settings {
		s := &settings[i]
		switch {
		case s.section() == section:
			out = append(out, s.leaf())
		case section == "" && (len(out) == 0 || out[len(out)-1] != s.section()):
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
	if len(data) > MaxSize {
		return nil, &Error{Source: sourceOf(name, nil), Reason: fmt.Sprintf("is larger than %d bytes", MaxSize)}
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
