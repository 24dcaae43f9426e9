package config

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

var (
	spanType     = reflect.TypeFor[Span]()
	durationType = reflect.TypeFor[time.Duration]()
)

// A problem is why a node cannot be the value of a setting.
type problem struct {
	node   ast.Node
	reason string
}

func wrongType(n ast.Node, want string) *problem {
	return &problem{n, "must be " + want + ", got " + describe(n)}
}

// describe names a node's type for people.
func describe(n ast.Node) string {
	switch n := n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	case *ast.StringNode:
		return fmt.Sprintf("the text %q", clip(n.Value))
	case *ast.LiteralNode:
		return "a block of text"
	case *ast.BoolNode:
		return "the truth value " + n.Token.Value
	case *ast.NullNode:
		return "nothing"
	case *ast.NanNode:
		return "not a number"
	}
	return clip(n.GetToken().Value)
}

func clip(s string) string {
	if len(s) > 40 {
		return strings.ToValidUTF8(s[:40], "") + "…"
	}
	return s
}

// decode stores the node's value in the setting's field, or an element of it.
// A null leaves the field as it is.
func (s *setting) decode(dst reflect.Value, n ast.Node) *problem {
	var value any
	if scalar, ok := n.(ast.ScalarNode); ok {
		value = scalar.GetValue()
	}
	str, isText := value.(string)
	if _, literal := n.(*ast.LiteralNode); literal {
		isText = false
	}
	i, signed := value.(int64)
	u, unsigned := value.(uint64)
	whole := signed || unsigned
	if _, null := n.(*ast.NullNode); null {
		return nil
	}
	switch kind := dst.Kind(); {
	case s.toggle:
		b, isBool := value.(bool)
		switch {
		case isBool:
			dst.SetString(strconv.FormatBool(b))
		case whole && (i < 0 || i > 1000 || u > 1000):
			return &problem{n, "must be from 0 to 1000, got " + clip(n.GetToken().Value)}
		case whole:
			dst.SetString(fmt.Sprint(value))
		case str == "auto":
			dst.SetString(str)
		default:
			return wrongType(n, "auto, true, false or a number of harmonics")
		}
	case dst.Type() == durationType:
		if !isText {
			return wrongType(n, "a duration with its unit, such as 15s or 5m")
		}
		d, err := parseDuration(str)
		if err != nil {
			return wrongType(n, "a duration such as 15s, 5m or 1h30m")
		}
		dst.SetInt(int64(d))
	case dst.Type() == spanType:
		switch {
		case whole && i == 0 && u == 0:
			return &problem{n, "must be more than 0, got 0"}
		case whole:
			return s.decode(dst.FieldByName("Steps"), n)
		case isText:
			return s.decode(dst.FieldByName("Duration"), n)
		}
		return wrongType(n, "a number of steps or a duration such as 5m")
	case kind == reflect.Slice:
		return s.decodeList(dst, n)
	case kind == reflect.Struct:
		return decodeEntry(dst, n)
	case kind == reflect.String:
		if !isText {
			p := wrongType(n, "text")
			if _, scalar := n.(ast.ScalarNode); scalar {
				p.reason += "; put it in quotes"
			}
			return p
		}
		dst.SetString(str)
	case kind == reflect.Bool:
		b, ok := value.(bool)
		if !ok {
			return wrongType(n, "true or false")
		}
		dst.SetBool(b)
	case kind == reflect.Float64:
		f, ok := value.(float64)
		switch {
		case signed:
			f, ok = float64(i), true
		case unsigned:
			f, ok = float64(u), true
		case isText && n.GetToken().Type == token.StringType && strings.Trim(str, "+-.0123456789eE") == "":
			// The YAML parser takes an exponent without a point, 1e-3, for text.
			var err error
			f, err = strconv.ParseFloat(str, 64)
			ok = err == nil
		}
		if !ok || math.IsNaN(f) {
			return wrongType(n, "a number")
		}
		dst.SetFloat(f)
	case !whole:
		return wrongType(n, "a whole number")
	case dst.CanUint() && i < 0:
		return &problem{n, "must not be negative, got " + clip(n.GetToken().Value)}
	case dst.CanUint():
		dst.SetUint(u | uint64(i))
	case u > math.MaxInt || dst.OverflowInt(i):
		return &problem{n, "is too large: " + clip(n.GetToken().Value)}
	default:
		dst.SetInt(i | int64(u))
	}
	return nil
}

// decodeList stores a list. One text stands for a list of it.
func (s *setting) decodeList(dst reflect.Value, n ast.Node) *problem {
	want := "a list of numbers"
	switch e := dst.Type().Elem(); {
	case e == spanType:
		want = "a list of steps or durations"
	case e.Kind() == reflect.String:
		want = "a list of texts"
	case e.Kind() == reflect.Struct:
		want = "a list of mappings"
	}
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		if _, text := n.(*ast.StringNode); !text || dst.Type().Elem().Kind() != reflect.String {
			return wrongType(n, want)
		}
		seq = &ast.SequenceNode{Values: []ast.Node{n}}
	}
	out := reflect.MakeSlice(dst.Type(), len(seq.Values), len(seq.Values))
	for i, v := range seq.Values {
		if _, null := v.(*ast.NullNode); null {
			return wrongType(v, want)
		}
		if p := s.decode(out.Index(i), v); p != nil {
			return p
		}
	}
	if out.Len() == 0 {
		out = reflect.Zero(dst.Type())
	}
	dst.Set(out)
	return nil
}

// valuesOf returns the keys and values of a mapping.
func valuesOf(n ast.Node) ([]*ast.MappingValueNode, bool) {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	case *ast.NullNode:
		return nil, true
	}
	return nil, false
}

// decodeEntry stores a mapping of a list of mappings.
func decodeEntry(dst reflect.Value, n ast.Node) *problem {
	values, ok := valuesOf(n)
	if !ok {
		return wrongType(n, "a list of mappings")
	}
	fields := settingsOf("", dst.Type())
	for i := range fields {
		if fields[i].toggle {
			fields[i].of(dst).SetString("auto")
		}
	}
	for _, v := range values {
		key, ok := v.Key.(*ast.StringNode)
		if !ok {
			return &problem{v.Key, "a key must be text, got " + describe(v.Key)}
		}
		keys := names(fields, (*setting).leaf)
		i := slices.Index(keys, key.Value)
		if i < 0 {
			return &problem{v.Key, fmt.Sprintf("has an unknown key %q; the keys here are %s", clip(key.Value), strings.Join(keys, ", "))}
		}
		if p := fields[i].decode(fields[i].of(dst), v.Value); p != nil {
			p.reason = key.Value + " " + p.reason
			return p
		}
		fields[i].required = false
	}
	for i := range fields {
		if fields[i].required {
			return &problem{n, "needs " + fields[i].key}
		}
	}
	return nil
}

var errDuration = errors.New("not a duration")

// parseDuration reads Go's durations and, before them, whole days: "5m",
// "1h30m", "7d", "1d12h".
func parseDuration(s string) (time.Duration, error) {
	days, rest, ok := strings.Cut(s, "d")
	if !ok {
		return time.ParseDuration(s)
	}
	n, err := strconv.ParseUint(days, 10, 16)
	if err != nil {
		return 0, errDuration
	}
	d := time.Duration(n) * 24 * time.Hour
	if rest != "" {
		r, err := time.ParseDuration(rest)
		if err != nil || r < 0 || r > 24*time.Hour {
			return 0, errDuration
		}
		d += r
	}
	return d, nil
}

// formatDuration is the shortest text that parseDuration reads as d: "5m"
// rather than "5m0s".
func formatDuration(d time.Duration) string {
	if day := 24 * time.Hour; d >= day && d%day == 0 {
		return strconv.FormatInt(int64(d/day), 10) + "d"
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
