package httpapi_test

import (
	"bytes"
	std "encoding/json"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/goccy/go-json"

	"github.com/foretide/foretide/internal/event"
	"github.com/foretide/foretide/internal/httpapi"
)

type Base struct {
	Name  string  `json:"name,omitempty"`
	Share float64 `json:"share,omitzero"`
}

type More struct {
	Count int8 `json:"count"`
}

// A mixed document has what Foretide's own types have, and what they may have.
type mixed struct {
	Base
	*More
	Raw    json.RawMessage    `json:"raw,omitempty"`
	Any    any                `json:"any,omitempty"`
	Until  time.Time          `json:"until,omitzero"`
	Small  float32            `json:"small"`
	Quoted int64              `json:"quoted,string"`
	Bytes  []byte             `json:"bytes"`
	Map    map[string]float64 `json:"map"`
	Next   *mixed             `json:"next,omitempty"`
	Hidden int                `json:"-"`
}

// targets are the types that documents are decoded into.
var targets = map[string]func() any{
	"request":  func() any { return new(httpapi.Request) },
	"batch":    func() any { return new(event.Batch) },
	"forecast": func() any { return new(httpapi.Forecast) },
	"mixed":    func() any { return new(mixed) },
	"any":      func() any { return new(any) },
}

// documents are valid and malformed ones, by the trap that they are.
var documents = map[string]string{
	"empty":                  ``,
	"white space":            " \n\t",
	"duplicate keys":         `{"container":"a","container":"b","map":{"x":1,"x":2},"next":{"name":"n"},"next":{"small":1}}`,
	"other case":             `{"CONTAINER":"a","Container":"b","NAME":"n","Items":[{"CONTAINER":"c"}],"cOuNt":3}`,
	"case folding":           `{"ſmall":1,"ſhare":2,"marKs":3}`,
	"invalid UTF-8":          "{\"container\":\"a\xffb\",\"name\":\"\xc3\x28\",\"\xff\":1}",
	"lone surrogates":        `{"name":"\ud800x\udc00","container":"\ud83d\ude00"}`,
	"control character":      "{\"name\":\"a\x01b\"}",
	"NUL":                    "{\"name\":\"a\x00b\"}",
	"NUL behind":             "{\"name\":\"a\"}\x00",
	"number too large":       `{"any":1e400,"small":1}`,
	"float32 too large":      `{"small":1e39}`,
	"int8 too large":         `{"count":128}`,
	"int64 too large":        `{"quoted":"9223372036854775808","batch":9223372036854775808}`,
	"fraction for an int":    `{"count":1.0,"batch":1e2}`,
	"leading zero":           `{"count":01}`,
	"plus":                   `{"count":+1}`,
	"bare point":             `{"share":.5}`,
	"minus alone":            `{"share":-}`,
	"NaN":                    `{"share":NaN}`,
	"Infinity":               `{"share":Infinity}`,
	"negative zero":          `{"share":-0.0,"any":-0}`,
	"null everywhere":        `{"name":null,"share":null,"count":null,"any":null,"until":null,"items":null,"window":null,"next":null,"map":null}`,
	"null":                   `null`,
	"wrong kind":             `{"container":1,"name":[],"items":{},"map":[1],"origin":7}`,
	"wrong kind nested":      `{"next":{"next":{"count":"x"}},"items":[{"metrics":[1]}],"horizons":[{"quantiles":[{"p":"x"}]}]}`,
	"bad time":               `{"until":"yesterday","origin":"2024-02-30T00:00:00Z"}`,
	"bad base64":             `{"bytes":"a"}`,
	"quoted number is none":  `{"quoted":1}`,
	"unknown field":          `{"contianer":"a","nam":1}`,
	"trailing comma":         `{"name":"a",}`,
	"trailing data":          `{"name":"a"} {"name":"b"}`,
	"trailing garbage":       `{"name":"a"} x`,
	"single quotes":          `{'name':'a'}`,
	"comment":                `{"name":"a"/**/}`,
	"cut in a string":        `{"name":"a`,
	"cut in an escape":       `{"name":"a\`,
	"cut in a code point":    `{"name":"a\u00`,
	"cut in a key":           `{"na`,
	"cut in an escaped key":  `{"\`,
	"escaped key cut behind": `{"\29\`,
	"NUL and cut":            "{\"\x00d\\",
	"cut in a list":          `[{"x":1},{"y":`,
	"raw":                    `{"raw": { "a" : [ 1, 2 ] , "b":"\u0041"} ,"any":{"a":[{"b":{}}]}}`,
	"window":                 `{"container":"a","window":{"start":"2024-08-01T00:00:00Z","step":60,"values":{"cpu":[1,null,2.5]}}}`,
	"window of text":         `{"window":{"start":1,"step":60,"values":{"cpu":["x"]}}}`,
	"window of nothing":      `{"window":{"start":[],"step":60,"values":{"cpu":{}}}}`,
	"batch":                  `{"items":[{"container":"web","metrics":["cpu"]}],"run":"r","until":"2024-08-01T00:00:00.5+02:00","horizons":["5m"]}`,
	"escapes":                `{"name":"\"\\\/\b\f\n\r\t\u2028<>&"}`,
}

// decodeWith decodes strictly or not, whole or a byte at a time; rest is what
// Token reports behind the value.
func decodeWith(l library, data []byte, v any, strict, slowly bool) (rest, err error) {
	var r io.Reader = bytes.NewReader(data)
	if slowly {
		r = iotest.OneByteReader(r)
	}
	d := l.decoder(r)
	if strict {
		d.DisallowUnknownFields()
		d.UseNumber()
	}
	if err = d.Decode(v); err != nil {
		return nil, err
	}
	_, rest = d.Token()
	return rest, nil
}

// compare reports where the libraries decode data differently.
func compare(t *testing.T, name string, data []byte, target func() any) {
	t.Helper()
	differ := func(how string, want, got any, werr, gerr error) {
		t.Helper()
		switch {
		case (werr == nil) != (gerr == nil):
			t.Errorf("%s %s %.80q: error %v, want %v", how, name, data, gerr, werr)
		case unlike(werr, gerr):
			t.Errorf("%s %s %.80q: error %q, want %q", how, name, data, gerr, werr)
		case werr == nil && !same(want, got):
			t.Errorf("%s %s %.80q: got %+v, want %+v", how, name, data, got, want)
		}
	}
	want, got := target(), target()
	differ("Unmarshal", want, got, libraries[0].unmarshal(data, want), libraries[1].unmarshal(data, got))
	for _, strict := range []bool{false, true} {
		for _, slowly := range []bool{false, true} {
			want, got := target(), target()
			wrest, werr := decodeWith(libraries[0], data, want, strict, false)
			grest, gerr := decodeWith(libraries[1], data, got, strict, slowly)
			differ("Decode", want, got, werr, gerr)
			if (wrest == io.EOF) != (grest == io.EOF) {
				t.Errorf("behind %s %.80q: %v, want %v", name, data, grest, wrest)
			}
		}
	}
}

// unlike reports syntax errors that do not say the same of the same place. (Of
// what does not fit a type go-json reports the whole path, with the indices of
// lists: "items.3.metrics.0" where encoding/json has "items.metrics".)
func unlike(want, got error) bool {
	var w *std.SyntaxError
	var g *json.SyntaxError
	if !errors.As(want, &w) {
		return false
	}
	return !errors.As(got, &g) || g.Offset != w.Offset || g.Error() != w.Error()
}

// same compares as DeepEqual does, but a time's zone by its offset and NaN as
// equal to itself.
func same(a, b any) bool {
	if reflect.DeepEqual(a, b) {
		return true
	}
	x, xerr := std.Marshal(a)
	y, yerr := std.Marshal(b)
	if xerr != nil && yerr != nil { // a missing value of a window
		r, ok := a.(*httpapi.Request)
		q, _ := b.(*httpapi.Request)
		return ok && sameWindow(r.Window, q.Window)
	}
	return xerr == nil && yerr == nil && bytes.Equal(x, y)
}

func sameWindow(a, b *httpapi.Window) bool {
	if a == nil || b == nil || a.Start != b.Start || a.Step != b.Step || len(a.Values) != len(b.Values) {
		return false
	}
	for m, v := range a.Values {
		w := b.Values[m]
		if len(v) != len(w) {
			return false
		}
		for i := range v {
			if math.Float64bits(v[i]) != math.Float64bits(w[i]) && !(math.IsNaN(v[i]) && math.IsNaN(w[i])) {
				return false
			}
		}
	}
	return true
}

// TestDecodeAgrees: go-json accepts and rejects what encoding/json does, gives the
// same values, and reports the same syntax errors at the same offsets.
func TestDecodeAgrees(t *testing.T) {
	t.Parallel()
	for trap, data := range documents {
		t.Run(trap, func(t *testing.T) {
			for name, target := range targets {
				compare(t, name, []byte(data), target)
			}
		})
	}
}

// FuzzDecodeAgrees: so it is with any bytes.
func FuzzDecodeAgrees(f *testing.F) {
	for _, data := range documents {
		f.Add([]byte(data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for name, target := range targets {
			compare(t, name, data, target)
		}
	})
}

// TestErrorsOfOneCallStay: malformed documents leave nothing behind for the next
// call (earlier versions kept a cursor into another buffer, and panicked).
func TestErrorsOfOneCallStay(t *testing.T) {
	t.Parallel()
	for range 100 {
		for _, data := range documents {
			for _, target := range targets {
				_ = json.Unmarshal([]byte(data), target()) // what it returns is TestDecodeAgrees' business
			}
		}
	}
	var b event.Batch
	if err := json.Unmarshal([]byte(documents["batch"]), &b); err != nil || len(b.Items) != 1 {
		t.Errorf("after malformed documents: error %v, batch %+v", err, b)
	}
}

// TestDepth: what is nested too deep is an error, in text as in values, not an
// overflow of the stack.
func TestDepth(t *testing.T) {
	t.Parallel()
	for _, one := range []string{"[", `{"next":`, `{"any":[`, `{"raw":[`, `{"unknown":[`} {
		for _, n := range []int{1000, 11_000, 1_000_000} {
			data := []byte(strings.Repeat(one, n))
			if closed := strings.Count(one, "[") > 0 && len(one) == 1; closed && n == 1000 {
				data = append(data, strings.Repeat("]", n)...)
			}
			for name, target := range targets {
				werr, gerr := libraries[0].unmarshal(data, target()), libraries[1].unmarshal(data, target())
				if (werr == nil) != (gerr == nil) {
					t.Errorf("%d times %s into %s: error %v, want %v", n, one, name, gerr, werr)
				}
				if _, err := decodeWith(libraries[1], data, target(), false, false); n > 10_000 && err == nil {
					t.Errorf("%d times %s into %s: decoded", n, one, name)
				}
			}
		}
	}
	deep := any(1)
	for range 20_000 {
		deep = []any{deep}
	}
	_, werr := std.Marshal(deep)
	if _, err := json.Marshal(deep); err == nil && werr != nil {
		t.Errorf("Marshal of nested lists: no error, want %v", werr)
	}
}

// TestEncodeAgrees: go-json writes the same bytes.
func TestEncodeAgrees(t *testing.T) {
	t.Parallel()
	now := time.Date(2024, 8, 1, 12, 0, 0, 5e8, time.FixedZone("", 7200))
	for name, v := range map[string]any{
		"forecast":           forecastOf(3),
		"pointer":            &[]httpapi.Forecast{forecastOf(4)},
		"answer":             httpapi.Answer{Container: "<a>&\u2028"},
		"zero":               mixed{},
		"full":               &mixed{Base: Base{"n", 0.1}, More: &More{-3}, Raw: json.RawMessage(` {"a": [1, "<"]} `), Any: map[string]any{"b": 1, "a": nil, "c": []int(nil)}, Until: now, Small: 1.1, Quoted: -5, Bytes: []byte("\x00hi"), Map: map[string]float64{"z": 1e21, "a": 1e-7, "m": math.Copysign(0, -1)}, Next: &mixed{}, Hidden: 1},
		"embedded omitempty": struct{ mixed }{mixed{Base: Base{Share: 1}}},
		"nil":                nil,
		"nil pointer":        (*mixed)(nil),
		"invalid UTF-8":      "a\xffb\xc3\x28",
		"escapes":            "\"\\/\b\f\n\r\t\x01\x7f<>&\u2028\u2029😀",
		"problem":            httpapi.Problem{Type: "about:blank", Status: 400, Detail: `"x" < "y"`},
		"integer keys":       map[int]string{10: "a", 2: "b", -1: "c"},
		"keys":               map[string]int{"b": 1, "a\xff": 2, "<": 3},
		"NaN":                math.NaN(),
		"infinite in a list": []float64{1, math.Inf(-1)},
		"NaN in a struct":    httpapi.Horizon{Median: math.NaN()},
		"bad raw":            mixed{Raw: json.RawMessage(`{"a":`)},
		"channel":            make(chan int),
		"function":           map[string]any{"f": func() {}},
	} {
		want, werr := std.Marshal(v)
		got, gerr := json.Marshal(v)
		if (werr == nil) != (gerr == nil) || !bytes.Equal(got, want) {
			t.Errorf("%s: got %s, %v; want %s, %v", name, got, gerr, want, werr)
		}
		want, _ = std.MarshalIndent(v, ">", "  ")
		if got, _ = json.MarshalIndent(v, ">", "  "); !bytes.Equal(got, want) {
			t.Errorf("%s: indented, got\n%s\nwant\n%s", name, got, want)
		}
		var wantLine, gotLine bytes.Buffer
		we, ge := std.NewEncoder(&wantLine), json.NewEncoder(&gotLine)
		we.SetEscapeHTML(false)
		ge.SetEscapeHTML(false)
		if _, _ = we.Encode(v), ge.Encode(v); gotLine.String() != wantLine.String() {
			t.Errorf("%s: a line without HTML's escapes is %q, want %q", name, gotLine.String(), wantLine.String())
		}
	}
}

// TestNumbersAgree: numbers are written in the same digits, and read to the same
// bits.
func TestNumbersAgree(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 100_000 {
		v := math.Float64frombits(r.Uint64())
		if i%2 == 0 {
			v = math.Round(r.NormFloat64()*1e6) / 1e3
		}
		if math.IsNaN(v) || math.IsInf(v, 0) {
			continue
		}
		want, _ := std.Marshal([]any{v, float32(v / 1e300), int64(v / 1e300)})
		got, _ := json.Marshal([]any{v, float32(v / 1e300), int64(v / 1e300)})
		if !bytes.Equal(got, want) {
			t.Fatalf("%x is written %s, want %s", v, got, want)
		}
		var back []float64
		if err := json.Unmarshal(got, &back); err != nil || math.Float64bits(back[0]) != math.Float64bits(v) {
			t.Fatalf("%s is read as %x, error %v, want %x", got, back[0], err, v)
		}
	}
}

// TestTypesOfErrors: errors can be told apart as those of encoding/json.
func TestTypesOfErrors(t *testing.T) {
	t.Parallel()
	var syntax *json.SyntaxError
	if err := json.Unmarshal([]byte(`{"name":"a",}`), new(mixed)); !errors.As(err, &syntax) || syntax.Offset != 13 {
		t.Errorf("a trailing comma: %T %v at %+v, want a SyntaxError at 13", err, err, syntax)
	}
	var kind *json.UnmarshalTypeError
	if err := json.Unmarshal([]byte(`{"items":[{"metrics":[1]}]}`), new(event.Batch)); !errors.As(err, &kind) || kind.Field != "items.0.metrics.0" || kind.Value != "number" {
		t.Errorf("a number for a text: %T %v, %+v, want an UnmarshalTypeError of items.0.metrics.0", err, err, kind)
	}
	var field *event.FieldError
	if err := json.Unmarshal([]byte(documents["window of text"]), new(httpapi.Request)); !errors.As(err, &field) || field.Field != "window.values" {
		t.Errorf("an error of UnmarshalJSON: %T %v, want the FieldError of window.values", err, err)
	}
	broken := errors.New("the connection is gone")
	if err := json.NewDecoder(io.MultiReader(strings.NewReader(`{"name":`), iotest.ErrReader(broken))).Decode(new(mixed)); !errors.Is(err, broken) {
		t.Errorf("a reader's error: %v, want %v", err, broken)
	}
}

// TestConcurrentFirstUse: types that several goroutines use for the first time at
// once are decoded and encoded right (under the race detector, without a race).
func TestConcurrentFirstUse(t *testing.T) {
	type inner struct{ A, B map[string][]int }
	type outer struct {
		inner
		C []*inner
	}
	var wg sync.WaitGroup
	start := make(chan struct{})
	for range 16 {
		wg.Go(func() {
			<-start
			const text = `{"A":{"x":[1]},"B":null,"C":[{"A":null,"B":{"y":[2,3]}}]}`
			var v outer
			err := json.Unmarshal([]byte(text), &v)
			if out, merr := json.Marshal(&v); err != nil || merr != nil || string(out) != text {
				t.Errorf("got %s, errors %v, %v; want %s", out, err, merr, text)
			}
		})
	}
	close(start)
	wg.Wait()
}

// TestStreamOfBlanks: white space between words is read once. (encoding/json's
// Token goes over it again at each read, and takes minutes for this.)
func TestStreamOfBlanks(t *testing.T) {
	t.Parallel()
	d := json.NewDecoder(io.MultiReader(strings.NewReader(`{"a":`), iotest.OneByteReader(strings.NewReader(strings.Repeat(" ", 4<<20))), strings.NewReader(`1}`)))
	words := 0
	var err error
	for err == nil {
		if _, err = d.Token(); err == nil {
			words++
		}
	}
	if words != 4 || err != io.EOF {
		t.Errorf("%d words, error %v; want 4, EOF", words, err)
	}
}
