// Package event decodes what functions are invoked with: direct calls, messages
// of a queue, notifications of object storage and schedules. Sizes are checked
// before anything is made of the bytes.
package event

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-json"

	"github.com/foretide/foretide/internal/near"
)

// Limits of an event.
const (
	MaxBytes      = 6 << 20 // of a payload; no caller can send more
	MaxItems      = 10_000  // of a batch
	MaxMetrics    = 64      // of an item
	MaxName       = 512     // bytes of the name of a container or metric
	MaxHorizons   = 64
	MaxHorizon    = 7 * 24 * time.Hour
	MaxMessages   = 10_000 // of a queue's batch
	MaxRunName    = 80
	maxJSONDepth  = 16
	maxFieldNames = 64
)

// ErrEvent reports a malformed event. The error that wraps it names the field and
// what it can be.
var ErrEvent = errors.New("event")

// A FieldError is a field of an event that cannot be.
type FieldError struct {
	Field string // "items[3].metrics"; "" for the whole
	Text  string
}

// Error names the field.
func (e *FieldError) Error() string {
	if e.Field == "" {
		return e.Text
	}
	return e.Field + ": " + e.Text
}

// Is makes a FieldError an ErrEvent.
func (e *FieldError) Is(target error) bool { return target == ErrEvent }

// Fieldf returns a *FieldError.
func Fieldf(field, format string, args ...any) error {
	return &FieldError{Field: field, Text: fmt.Sprintf(format, args...)}
}

// An Item is metrics of a container.
type Item struct {
	// Container is "" for the model that all containers share (train).
	Container string   `json:"container"`
	Metrics   []string `json:"metrics,omitempty"` // none: all that it has
}

// String names the item for people.
func (i Item) String() string {
	what := strings.Join(i.Metrics, ", ")
	if what == "" {
		what = "all metrics"
	}
	if i.Container == "" {
		return what + " of every container"
	}
	return what + " of " + i.Container
}

// A Batch is what train or predict is to do.
type Batch struct {
	Items []Item `json:"items"`
	// Run names the execution that the batch is part of; answers are kept under
	// it. May be "".
	Run string `json:"run,omitempty"`
	// Until is the time after which no sample is read: now where it is zero. With
	// the same Until a repeated training is the same, and is not done twice.
	Until time.Time `json:"until,omitzero"`
	// Model is the family to train in place of the configuration's.
	Model string `json:"model,omitempty"`
	// Horizons of predict: "5m", "1h"; none: all that the models have.
	Horizons []string `json:"horizons,omitempty"`

	// Drift has predict judge whether the models have become worse, too.
	Drift bool `json:"drift,omitempty"`

	// Batch numbers the batches of a run, and Attempt the times that one was
	// tried: the state machine counts. They name the answer that is kept.
	Batch   int `json:"batch,omitempty"`
	Attempt int `json:"attempt,omitempty"`
}

// Check returns a *FieldError where the batch cannot be.
func (b *Batch) Check() error {
	switch {
	case len(b.Items) == 0:
		return Fieldf("items", "is empty; it lists what to do, as [{\"container\": \"web\", \"metrics\": [\"cpu\"]}]")
	case len(b.Items) > MaxItems:
		return Fieldf("items", "has %d entries; the limit is %d", len(b.Items), MaxItems)
	case len(b.Horizons) > MaxHorizons:
		return Fieldf("horizons", "has %d entries; the limit is %d", len(b.Horizons), MaxHorizons)
	case len(b.Run) > MaxRunName || strings.ContainsAny(b.Run, "/\\\x00"):
		return Fieldf("run", "is %s; it is a name of at most %d bytes without slashes", quote(b.Run), MaxRunName)
	}
	for i, item := range b.Items {
		field := "items[" + strconv.Itoa(i) + "]"
		if err := CheckName(field+".container", item.Container); err != nil && item.Container != "" {
			return err
		}
		if len(item.Metrics) > MaxMetrics {
			return Fieldf(field+".metrics", "has %d entries; the limit is %d", len(item.Metrics), MaxMetrics)
		}
		for _, m := range item.Metrics {
			if err := CheckName(field+".metrics", m); err != nil {
				return err
			}
		}
		if item.Container == "" && len(item.Metrics) == 0 {
			return Fieldf(field, "names neither a container nor a metric")
		}
	}
	_, err := ParseHorizons(b.Horizons)
	return err
}

// CheckName returns a *FieldError where a name of a container or metric cannot
// be.
func CheckName(field, name string) error {
	switch {
	case name == "":
		return Fieldf(field, "is empty")
	case len(name) > MaxName:
		return Fieldf(field, "has %d bytes; the limit is %d", len(name), MaxName)
	case strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\uFFFD' }):
		return Fieldf(field, "is %s, which has bytes that are no text", quote(name))
	}
	return nil
}

// ParseHorizons reads times ahead, as "5m" or "90s", ascending and each once.
func ParseHorizons(words []string) ([]time.Duration, error) {
	if len(words) > MaxHorizons {
		return nil, Fieldf("horizons", "has %d entries; the limit is %d", len(words), MaxHorizons)
	}
	var out []time.Duration
	for _, w := range words {
		d, err := time.ParseDuration(w)
		if err != nil || d <= 0 || d > MaxHorizon || d%time.Second != 0 {
			return nil, Fieldf("horizons", "has %s; a horizon is a time ahead in whole seconds, such as 90s, 15m or 1h, and at most %v", quote(w), MaxHorizon)
		}
		out = append(out, d)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

func quote(s string) string {
	if len(s) > 60 {
		s = s[:60] + "…"
	}
	return strconv.Quote(s)
}

// Strict decodes JSON into dst, which has exactly one value with known fields.
// The error is a *FieldError.
func Strict(data []byte, dst any) error {
	if len(data) > MaxBytes {
		return Fieldf("", "it has %d bytes; the limit is %d", len(data), MaxBytes)
	}
	if err := checkDepth(data); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	err := d.Decode(dst)
	if err == nil {
		if _, more := d.Token(); more != io.EOF {
			return Fieldf("", "there is more after the JSON value")
		}
		return nil
	}
	var field *FieldError
	var kind *json.UnmarshalTypeError
	switch text := err.Error(); {
	case errors.As(err, &field):
		return field
	case errors.As(err, &kind):
		return Fieldf(indexed(kind.Field), "is %s; it is %s", article(kind.Value), plain(kind.Type))
	case strings.HasPrefix(text, "json: unknown field "):
		name, _ := strconv.Unquote(strings.TrimPrefix(text, "json: unknown field "))
		return Fieldf(clip(name), "is not known%s", near.Hint(clip(name), fieldsOf(dst)))
	default:
		return Fieldf("", "it is no JSON of this kind: %s", strings.TrimPrefix(text, "json: "))
	}
}

// article names a JSON value: "a number 1.5", "an array".
func article(value string) string {
	if strings.HasPrefix(value, "a") || strings.HasPrefix(value, "o") {
		return "an " + value
	}
	return "a " + value
}

// plain names what JSON has for a type.
func plain(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice, reflect.Array:
		return "an array"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Struct, reflect.Map, reflect.Pointer:
		return "an object"
	}
	return "a whole number"
}

// indexed writes the path "items.3.metrics.0" as "items[3].metrics[0]".
func indexed(path string) string {
	var b strings.Builder
	for i, part := range strings.Split(path, ".") {
		if _, err := strconv.ParseUint(part, 10, 32); err == nil && i > 0 {
			b.WriteString("[" + part + "]")
			continue
		}
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(part)
	}
	return b.String()
}

func clip(s string) string { return s[:min(len(s), maxFieldNames)] }

// fieldsOf returns the names of a value's fields, as JSON has them.
func fieldsOf(v any) []string {
	data, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	var m map[string]json.RawMessage
	_ = json.Unmarshal(data, &m) // of a struct
	out := []string{"items", "run", "until", "model", "horizons", "container", "metric", "metrics", "step", "start", "values"}
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// checkDepth bounds how deep values are nested, which the decoder recurses over.
func checkDepth(data []byte) error {
	depth, text, escaped := 0, false, false
	for _, c := range data {
		switch {
		case escaped:
			escaped = false
		case text && c == '\\':
			escaped = true
		case c == '"':
			text = !text
		case text:
		case c == '{' || c == '[':
			if depth++; depth > maxJSONDepth {
				return Fieldf("", "values are nested more than %d deep", maxJSONDepth)
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}
