package config

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// A problem is why a node cannot be the value of a setting.
type problem struct {
	node   ast.Node
	reason string
}

// decode stores the node's value in the field that dst points to. A null
// leaves the field as it is.
func decode(dst any, n ast.Node) *problem {
	if _, null := n.(*ast.NullNode); null {
		return nil
	}
	switch p := dst.(type) {
	case *string:
		return decodeString(p, n)
	case *bool:
		return decodeBool(p, n)
	case *int:
		return decodeInt(p, n)
	case *uint64:
		return decodeUint(p, n)
	case *float64:
		return decodeFloat(p, n)
	case *time.Duration:
		return decodeDuration(p, n)
	case *[]float64:
		return decodeList(p, n, "a list of numbers", decodeFloat)
	case *[]Span:
		return decodeList(p, n, "a list of steps or durations", decodeSpan)
	case special:
		return p.decode(n)
	}
	panic("config: field of unknown type")
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

func wrongType(n ast.Node, want string) *problem {
	return &problem{n, "must be " + want + ", got " + describe(n)}
}

func decodeBool(dst *bool, n ast.Node) *problem {
	b, ok := n.(*ast.BoolNode)
	if !ok {
		return wrongType(n, "true or false")
	}
	*dst = b.Value
	return nil
}

func decodeString(dst *string, n ast.Node) *problem {
	s, ok := n.(*ast.StringNode)
	if !ok {
		p := wrongType(n, "text")
		if _, scalar := n.(ast.ScalarNode); scalar {
			p.reason += "; put it in quotes"
		}
		return p
	}
	*dst = s.Value
	return nil
}

func decodeInt(dst *int, n ast.Node) *problem {
	i, ok := n.(*ast.IntegerNode)
	if !ok {
		return wrongType(n, "a whole number")
	}
	switch v := i.Value.(type) {
	case int64:
		*dst = int(max(v, math.MinInt))
		return nil
	case uint64:
		if v <= math.MaxInt {
			*dst = int(v)
			return nil
		}
	}
	return &problem{n, "is too large: " + clip(i.Token.Value)}
}

func decodeUint(dst *uint64, n ast.Node) *problem {
	i, ok := n.(*ast.IntegerNode)
	if !ok {
		return wrongType(n, "a whole number")
	}
	switch v := i.Value.(type) {
	case uint64:
		*dst = v
		return nil
	case int64:
		if v >= 0 {
			*dst = uint64(v)
			return nil
		}
	}
	return &problem{n, "must not be negative, got " + clip(i.Token.Value)}
}

func decodeFloat(dst *float64, n ast.Node) *problem {
	switch n := n.(type) {
	case *ast.IntegerNode:
		switch v := n.Value.(type) {
		case int64:
			*dst = float64(v)
		case uint64:
			*dst = float64(v)
		}
		return nil
	case *ast.FloatNode:
		*dst = n.Value
		return nil
	case *ast.InfinityNode:
		*dst = n.Value
		return nil
	case *ast.StringNode:
		// The YAML parser takes an exponent without a point, 1e-3, for text.
		if n.Token.Type == token.StringType && strings.Trim(n.Value, "+-.0123456789eE") == "" {
			if v, err := strconv.ParseFloat(n.Value, 64); err == nil {
				*dst = v
				return nil
			}
		}
	}
	return wrongType(n, "a number")
}

func decodeDuration(dst *time.Duration, n ast.Node) *problem {
	s, ok := n.(*ast.StringNode)
	if !ok {
		return wrongType(n, "a duration with its unit, such as 15s or 5m")
	}
	d, err := parseDuration(s.Value)
	if err != nil {
		return wrongType(n, "a duration such as 15s, 5m or 1h30m")
	}
	*dst = d
	return nil
}

func decodeSpan(dst *Span, n ast.Node) *problem {
	switch n.(type) {
	case *ast.IntegerNode:
		p := decodeInt(&dst.Steps, n)
		if p == nil && dst.Steps == 0 {
			return &problem{n, "must be more than 0, got 0"}
		}
		return p
	case *ast.StringNode:
		return decodeDuration(&dst.Duration, n)
	}
	return wrongType(n, "a number of steps or a duration such as 5m")
}

func decodeList[T any](dst *[]T, n ast.Node, want string, one func(*T, ast.Node) *problem) *problem {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		return wrongType(n, want)
	}
	out := make([]T, len(seq.Values))
	for i, v := range seq.Values {
		if _, null := v.(*ast.NullNode); null {
			return wrongType(v, want)
		}
		if p := one(&out[i], v); p != nil {
			return p
		}
	}
	*dst = out
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
