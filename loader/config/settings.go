package config

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/foretide/foretide/internal/near"
)

// A setting is one key: of a configuration or, without a section, of an entry
// of a list of mappings. Its field's tags describe it.
type setting struct {
	key      string   // "data.window_size"
	help     string   // a sentence for the configuration files
	models   []string // the families that use it; none for all
	index    []int    // of the field in its struct
	required bool     // entries: there is no entry without it
	toggle   bool     // text that is auto, true, false or a number
	limits   *limits
	oneOf    []string
	check    func(c *Config, v any) string
}

const (
	keyMetric   = "metric_name"
	keyHorizons = "data.prediction_horizons"
	keyModel    = "model.model_type"
)

// settings lists every key in the order in which a configuration is shown.
var settings = settingsOf("", reflect.TypeFor[Config]())

// settingsOf returns the settings that the fields of a struct type hold.
func settingsOf(section string, t reflect.Type) []setting {
	var out []setting
	for i := range t.NumField() {
		f := t.Field(i)
		name, option, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if name == "" {
			continue
		}
		if f.Type.Kind() == reflect.Struct && section == "" && t == reflect.TypeFor[Config]() {
			for _, s := range settingsOf(name+".", f.Type) {
				s.index = append([]int{i}, s.index...)
				out = append(out, s)
			}
			continue
		}
		s := setting{key: section + name, help: strings.Replace(f.Tag.Get("help"), "%s", strings.Join(families, ", "), 1), index: []int{i},
			required: option == "required", toggle: option == "switch", limits: limitsOf(f.Tag.Get("range"))}
		if m := f.Tag.Get("models"); m != "" {
			s.models = strings.Split(m, ",")
		}
		if words, ok := f.Tag.Lookup("oneof"); ok {
			s.oneOf = strings.Split(words, ",")
		}
		if name, ok := f.Tag.Lookup("check"); ok {
			if s.check = checks[name]; s.check == nil {
				panic("config: no check " + name)
			}
		}
		out = append(out, s)
	}
	return out
}

// of returns the setting's field of a configuration or an entry.
func (s *setting) of(v reflect.Value) reflect.Value { return v.FieldByIndex(s.index) }

// in returns the setting's field of a configuration.
func (s *setting) in(c *Config) reflect.Value { return s.of(reflect.ValueOf(c).Elem()) }

// copy sets the setting of to to a copy of that of from.
func (s *setting) copy(to, from *Config) {
	v := s.in(from)
	if v.Kind() == reflect.Slice && !v.IsNil() {
		v = reflect.AppendSlice(reflect.MakeSlice(v.Type(), 0, v.Len()), v)
	}
	s.in(to).Set(v)
}

// section returns the part of a key before its last dot: "data", or "".
func (s *setting) section() string {
	section, _, ok := strings.Cut(s.key, ".")
	if !ok {
		return ""
	}
	return section
}

// leaf returns the part of a key after its last dot. It is unique.
func (s *setting) leaf() string { return s.key[strings.LastIndexByte(s.key, '.')+1:] }

// uses reports whether a model family reads the setting.
func (s *setting) uses(family string) bool {
	return len(s.models) == 0 || slices.Contains(s.models, family)
}

// find returns the setting of a key, whole or its last part, or nil.
func find(key string) *setting {
	for i := range settings {
		if settings[i].key == key || settings[i].leaf() == key {
			return &settings[i]
		}
	}
	return nil
}

// Keys returns every key, whole ("data.step"), in the order of a file.
func Keys() []string { return names(settings, func(s *setting) string { return s.key }) }

func names(settings []setting, name func(*setting) string) []string {
	out := make([]string, len(settings))
	for i := range settings {
		out[i] = name(&settings[i])
	}
	return out
}

// nearest returns the candidate that word was probably meant to be, or "".
func nearest(word string, candidates []string) string {
	return strings.Join(near.Names(clip(word), candidates, 1), "")
}

// nearestKey returns the whole key of any section whose last part is nearest
// to that of the word; "" where none is near.
func nearestKey(word string) string {
	if s := find(nearest(word[strings.LastIndexByte(word, '.')+1:], names(settings, (*setting).leaf))); s != nil {
		return s.key
	}
	return ""
}

// Used calls do with every key that the chosen model reads, in the order of a
// file, and its value as YAML.
func (c *Config) Used(do func(key, value string)) {
	for i := range settings {
		if s := &settings[i]; s.uses(c.Model.ModelType) {
			do(s.key, s.text(s.in(c)))
		}
	}
}

// Unused returns the keys that were set by a file, the environment or a flag
// and that the chosen model does not read.
func (c *Config) Unused() []string {
	var out []string
	for i := range settings {
		s := &settings[i]
		if c.Source(s.key).Kind != Default && !s.uses(c.Model.ModelType) {
			out = append(out, s.key)
		}
	}
	return out
}

// Validate returns everything that is impossible in c as Errors, or nil.
func (c *Config) Validate() error {
	var errs Errors
	for i := range settings {
		s := &settings[i]
		reason, near := s.restrict(c, s.in(c))
		if reason != "" {
			errs = append(errs, &Error{Source: c.Source(s.key), Key: s.key, Reason: reason, Nearest: near})
		}
	}
	return errs.orNil()
}

// restrict returns why a value of the setting is impossible, and what was
// probably meant; "" where it is possible.
func (s *setting) restrict(c *Config, v reflect.Value) (reason, near string) {
	elements := []reflect.Value{v}
	if v.Kind() == reflect.Slice {
		elements = elements[:0]
		for i := range v.Len() {
			elements = append(elements, v.Index(i))
		}
	}
	for _, v := range elements {
		if s.limits != nil {
			reason = s.limits.refuse(v)
		}
		if v.Kind() == reflect.Struct && v.Type() != spanType {
			fields := settingsOf("", v.Type())
			for i := range fields {
				if reason, _ = fields[i].restrict(c, fields[i].of(v)); reason != "" {
					reason = fields[i].key + " " + reason
					break
				}
			}
		}
		if reason != "" {
			return reason, ""
		}
	}
	if s.oneOf != nil && !slices.Contains(s.oneOf, v.String()) {
		return fmt.Sprintf("must be one of %q, got %q", s.oneOf, v.String()), nearest(v.String(), s.oneOf)
	}
	if s.check != nil {
		reason = s.check(c, v.Interface())
	}
	if reason != "" && s.key == keyModel {
		near = nearest(c.Model.ModelType, families)
	}
	return reason, near
}

// limits of a number, written as mathematicians do: "[0,1)" has 0 and does not
// have 1. A unit may follow.
type limits struct {
	lo, hi         float64
	openLo, openHi bool
	unit           string
}

func limitsOf(tag string) *limits {
	if tag == "" {
		return nil
	}
	interval, unit, _ := strings.Cut(tag, " ")
	end := len(interval) - 1
	lo, hi, _ := strings.Cut(interval[1:end], ",")
	l := limits{openLo: interval[0] == '(', openHi: interval[end] == ')', unit: unit}
	var err1, err2 error
	l.lo, err1 = strconv.ParseFloat(lo, 64)
	l.hi, err2 = strconv.ParseFloat(hi, 64)
	if err1 != nil || err2 != nil {
		panic("config: no range: " + tag)
	}
	return &l
}

// refuse returns why a number is beyond the limits, or "".
func (l *limits) refuse(v reflect.Value) string {
	x := 0.0
	if v.CanInt() {
		x = float64(v.Int())
	} else {
		x = v.Float()
	}
	if (x > l.lo || x == l.lo && !l.openLo) && (x < l.hi || x == l.hi && !l.openHi) {
		return ""
	}
	lo, hi := number(l.lo), number(l.hi)
	var want string
	switch {
	case math.IsInf(l.lo, -1) && math.IsInf(l.hi, 1):
		return "must be a number or " + map[bool]string{true: hi, false: lo}[l.openLo]
	case !l.openLo && !l.openHi:
		want = "from " + lo + " to " + hi
	default:
		want = map[bool]string{true: "more than ", false: "at least "}[l.openLo] + lo
		if !math.IsInf(l.hi, 1) {
			want += map[bool]string{true: " and less than ", false: " and at most "}[l.openHi] + hi
		}
	}
	if l.unit != "" {
		want += " " + l.unit
	}
	return fmt.Sprintf("must be %s, got %v", want, v)
}
