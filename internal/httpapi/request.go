package httpapi

import (
	"bytes"
	"math"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-json"

	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/internal/event"
)

// Limits of a request.
const (
	MaxBody   = 4 << 20 // bytes
	MaxPoints = 200_000 // values of a window, over all metrics
	MaxStep   = 86400   // seconds
)

// A Request asks for a forecast.
type Request struct {
	Container string   `json:"container,omitempty"`
	Metrics   []string `json:"metrics,omitempty"`  // none: all that there are
	Horizons  []string `json:"horizons,omitempty"` // "5m"; none: all that the model has
	Window    *Window  `json:"window,omitempty"`   // nil: the container's samples
}

// A Window is recent values on a regular grid.
type Window struct {
	Start  Start             `json:"start"` // of the first cell
	Step   int64             `json:"step"`  // seconds between cells
	Values map[string]Column `json:"values"`
}

// A Start is a time, as Unix seconds or as text of RFC 3339.
type Start int64

// UnmarshalJSON implements json.Unmarshaler.
func (s *Start) UnmarshalJSON(b []byte) error {
	if n, err := strconv.ParseInt(string(b), 10, 64); err == nil {
		*s = Start(n)
		return nil
	}
	var t time.Time
	if err := json.Unmarshal(b, &t); err != nil {
		return event.Fieldf("window.start", "is %.40s; it is Unix seconds, or a time such as \"2024-08-01T00:00:00Z\"", b)
	}
	*s = Start(t.Unix())
	return nil
}

// A Column is values; null is a missing one.
type Column []float64

// UnmarshalJSON implements json.Unmarshaler. The values are counted before there
// is room for them.
func (c *Column) UnmarshalJSON(b []byte) error {
	n := bytes.Count(b, []byte{','}) + 1
	if n > MaxPoints {
		return event.Fieldf("window.values", "has more than %d values", MaxPoints)
	}
	b = bytes.TrimSpace(b)
	if len(b) < 2 || b[0] != '[' {
		return event.Fieldf("window.values", "is %.20s; it is a list of numbers for each metric", b)
	}
	out := make([]float64, 0, n)
	rest := b[1 : len(b)-1]
	if len(bytes.TrimSpace(rest)) == 0 {
		*c = out
		return nil
	}
	for len(rest) > 0 || len(out) < n {
		word, after, _ := bytes.Cut(rest, []byte{','})
		rest = after
		word = bytes.TrimSpace(word)
		v := math.NaN()
		if string(word) != "null" {
			var err error
			if v, err = strconv.ParseFloat(string(word), 64); err != nil || !(math.Abs(v) <= series.MaxMagnitude) {
				return event.Fieldf("window.values", "entry %d is %.20s; it is a number, or null where a value is missing", len(out), word)
			}
		}
		out = append(out, v)
	}
	*c = out
	return nil
}

// Check returns an error of package event for a malformed request.
func (r *Request) Check() error {
	if r.Container != "" {
		if err := event.CheckName("container", r.Container); err != nil {
			return err
		}
	} else if r.Window == nil {
		return event.Fieldf("container", "is missing, and so is window: one of them says what to forecast from")
	}
	if len(r.Metrics) > event.MaxMetrics {
		return event.Fieldf("metrics", "has %d entries; the limit is %d", len(r.Metrics), event.MaxMetrics)
	}
	for _, m := range r.Metrics {
		if err := event.CheckName("metrics", m); err != nil {
			return err
		}
	}
	if _, err := event.ParseHorizons(r.Horizons); err != nil {
		return err
	}
	return r.Window.check(r.Metrics)
}

func (w *Window) check(metrics []string) error {
	switch {
	case w == nil:
		return nil
	case w.Step < 1 || w.Step > MaxStep:
		return event.Fieldf("window.step", "is %d; it is seconds between values, from 1 to %d", w.Step, MaxStep)
	case w.Start < 0 || w.Start > 1<<40:
		return event.Fieldf("window.start", "is %d, which is no time", w.Start)
	case len(w.Values) == 0 || len(w.Values) > event.MaxMetrics:
		return event.Fieldf("window.values", "has %d metrics; it has from 1 to %d", len(w.Values), event.MaxMetrics)
	}
	length := -1
	for _, m := range sorted(w.Values) {
		v := w.Values[m]
		if err := event.CheckName("window.values", m); err != nil {
			return err
		}
		switch {
		case len(v) == 0:
			return event.Fieldf("window.values."+m, "is empty")
		case length >= 0 && len(v) != length:
			return event.Fieldf("window.values."+m, "has %d values, others have %d; all metrics have the same times", len(v), length)
		case len(v)*len(w.Values) > MaxPoints:
			return event.Fieldf("window.values", "has %d values of %d metrics; the limit is %d in all", len(v), len(w.Values), MaxPoints)
		}
		length = len(v)
	}
	for _, m := range metrics {
		if _, ok := w.Values[m]; !ok {
			return event.Fieldf("metrics", "has %q, which the window has no values of", m)
		}
	}
	return nil
}

// frame returns the window as a frame. Its start is moved to the grid.
func (w *Window) frame(container string) series.Frame {
	f := series.Frame{Container: container, Start: int64(w.Start) / w.Step * w.Step, Step: w.Step}
	for _, m := range sorted(w.Values) {
		f.Metrics = append(f.Metrics, m)
		f.Columns = append(f.Columns, w.Values[m])
	}
	return f
}

// Parse reads a request over HTTP: GET with parameters, or POST with a body. The
// body is called where it is needed. The error is a *Problem.
func Parse(method string, query map[string]string, contentType string, body func() ([]byte, error)) (*Request, error) {
	switch method {
	case http.MethodGet, http.MethodHead:
		return parseQuery(query)
	case http.MethodPost:
		if media, _, err := mime.ParseMediaType(contentType); contentType != "" && (err != nil || media != "application/json") {
			return nil, &Problem{Status: http.StatusUnsupportedMediaType, Detail: "the content type is " + clip(contentType) + "; it is application/json"}
		}
		b, err := body()
		if err != nil {
			return nil, err
		}
		return ParseBody(b)
	}
	return nil, &Problem{Status: http.StatusMethodNotAllowed, Detail: "the method is " + clip(method) + "; it is GET with ?container=, or POST"}
}

func clip(s string) string { return strconv.Quote(s[:min(len(s), 40)]) }

func parseQuery(query map[string]string) (*Request, error) {
	r := &Request{}
	for name, value := range query {
		switch name {
		case "container":
			r.Container = value
		case "metric", "metrics":
			r.Metrics = append(r.Metrics, strings.Split(value, ",")...)
		case "horizon", "horizons":
			r.Horizons = append(r.Horizons, strings.Split(value, ",")...)
		default:
			return nil, invalid(event.Fieldf(clip(name), "is no parameter; there are container, metric and horizon"))
		}
	}
	return r, r.checked()
}

// ParseBody reads a request that is JSON. The error is a *Problem.
func ParseBody(body []byte) (*Request, error) {
	if len(body) > MaxBody {
		return nil, TooLarge(len(body))
	}
	r := &Request{}
	if err := event.Strict(body, r); err != nil {
		return nil, invalid(err)
	}
	return r, r.checked()
}

func (r *Request) checked() error {
	if err := r.Check(); err != nil {
		return invalid(err)
	}
	return nil
}
