package config

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// A special is a kind of value that reads and writes itself.
type special interface {
	decode(n ast.Node) *problem
	yaml() string
	assign(from special)
}

// Texts is a list of texts. One text stands for a list of it.
type Texts []string

func (t *Texts) decode(n ast.Node) *problem {
	if s, ok := n.(*ast.StringNode); ok {
		*t = Texts{s.Value}
		return nil
	}
	var out []string
	if p := decodeList(&out, n, "a list of texts", decodeString); p != nil {
		return p
	}
	*t = Texts(out)
	if len(out) == 0 {
		*t = nil
	}
	return nil
}

func (t *Texts) yaml() string        { return list(*t, quote) }
func (t *Texts) assign(from special) { *t = slices.Clone(*from.(*Texts)) }

// A Switch is auto, true, false or a whole number: how Prophet's built-in
// seasonalities are turned on.
type Switch string

func (s *Switch) decode(n ast.Node) *problem {
	switch n := n.(type) {
	case *ast.BoolNode:
		*s = Switch(strconv.FormatBool(n.Value))
		return nil
	case *ast.IntegerNode:
		var i int
		if p := decodeInt(&i, n); p != nil {
			return p
		}
		if i < 0 || i > 1000 {
			return &problem{n, fmt.Sprintf("must be from 0 to 1000, got %d", i)}
		}
		*s = Switch(strconv.Itoa(i))
		return nil
	case *ast.StringNode:
		if n.Value == "auto" {
			*s = "auto"
			return nil
		}
	}
	return wrongType(n, "auto, true, false or a number of harmonics")
}

func (s *Switch) yaml() string        { return string(*s) }
func (s *Switch) assign(from special) { *s = *from.(*Switch) }

// A Flagged is true or false.
type Flagged bool

func (b *Flagged) decode(n ast.Node) *problem {
	v, ok := n.(*ast.BoolNode)
	if !ok {
		return wrongType(n, "true or false")
	}
	*b = Flagged(v.Value)
	return nil
}

func (b *Flagged) yaml() string        { return strconv.FormatBool(bool(*b)) }
func (b *Flagged) assign(from special) { *b = *from.(*Flagged) }

// An entry is one mapping of a Table: it names its keys and sets the values of
// those that are left out.
type entry[T any] interface {
	*T
	fields() []entryField
}

// entryField is a key of an entry and where its value goes.
type entryField struct {
	name     string
	required bool
	to       any
}

// A Table is a list of mappings.
type Table[T any, E entry[T]] []T

func (t *Table[T, E]) decode(n ast.Node) *problem {
	const want = "a list of mappings"
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		return wrongType(n, want)
	}
	var out Table[T, E]
	for _, v := range seq.Values {
		var values []*ast.MappingValueNode
		switch m := v.(type) {
		case *ast.MappingNode:
			values = m.Values
		case *ast.MappingValueNode:
			values = []*ast.MappingValueNode{m}
		default:
			return wrongType(v, want)
		}
		var one T
		if p := decodeEntry(E(&one).fields(), v, values); p != nil {
			return p
		}
		out = append(out, one)
	}
	*t = out
	return nil
}

func decodeEntry(fields []entryField, n ast.Node, values []*ast.MappingValueNode) *problem {
	seen := map[string]bool{}
	for _, v := range values {
		key, ok := v.Key.(*ast.StringNode)
		if !ok {
			return &problem{v.Key, "a key must be text, got " + describe(v.Key)}
		}
		i := slices.IndexFunc(fields, func(f entryField) bool { return f.name == key.Value })
		if i < 0 {
			var names []string
			for _, f := range fields {
				names = append(names, f.name)
			}
			return &problem{v.Key, fmt.Sprintf("has an unknown key %q; the keys here are %s", clip(key.Value), strings.Join(names, ", "))}
		}
		if p := decode(fields[i].to, v.Value); p != nil {
			p.reason = key.Value + " " + p.reason
			return p
		}
		seen[key.Value] = true
	}
	for _, f := range fields {
		if f.required && !seen[f.name] {
			return &problem{n, "needs " + f.name}
		}
	}
	return nil
}

func (t *Table[T, E]) yaml() string {
	return list(*t, func(v T) string {
		var words []string
		for _, f := range E(&v).fields() {
			words = append(words, f.name+": "+text(f.to))
		}
		return "{" + strings.Join(words, ", ") + "}"
	})
}

func (t *Table[T, E]) assign(from special) { *t = slices.Clone(*from.(*Table[T, E])) }

// MarshalJSON writes the entries with the keys that the file has.
func (t Table[T, E]) MarshalJSON() ([]byte, error) {
	out := []map[string]any{}
	for i := range t {
		m := map[string]any{}
		for _, f := range E(&t[i]).fields() {
			m[f.name] = jsonValue(f.to)
		}
		out = append(out, m)
	}
	return json.Marshal(out)
}

// A Moment is a date, or a date and a time of day, of local time.
type Moment struct {
	Time time.Time // in UTC, as the clock shows it
	Day  bool      // a date alone
}

// momentForms are how a moment may be written.
var momentForms = []string{"2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02 15:04:05"}

// ParseMoment reads 2024-05-01, 2024-05-01T14:05 and 2024-05-01 14:05:30.
func ParseMoment(s string) (Moment, bool) {
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return Moment{t, true}, true
	}
	for _, form := range momentForms {
		if t, err := time.Parse(form, s); err == nil {
			return Moment{t, false}, true
		}
	}
	return Moment{}, false
}
