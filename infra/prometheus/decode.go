package prometheus

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/goccy/go-json"
)

// reading makes something of an answer as it comes.
type reading func(d *json.Decoder) error

// labels are those of a series.
type labels map[string]string

// A stream is one series of an answer.
type stream struct {
	Metric labels `json:"metric"`
	Values pairs  `json:"values"` // of a range
	Value  pairs  `json:"value"`  // of one time: a pair alone
}

// A point is one value of a series.
type point struct {
	t int64 // Unix milliseconds
	v float64
}

// pairs are values of a series, decoded by hand: they are nearly all of an answer.
type pairs []point

var errPair = errors.New("a value is not a pair of a time and a number in quotes")

// UnmarshalJSON reads [[TIME, "VALUE"], …], or one such pair. What is beyond one
// more than can have been asked for is not kept.
func (p *pairs) UnmarshalJSON(data []byte) error {
	*p = (*p)[:0]
	if string(data) == "null" {
		return nil
	}
	if bytes.ContainsAny(data, " \t\r\n") {
		var tight bytes.Buffer
		if err := json.Compact(&tight, data); err != nil {
			return err
		}
		data = tight.Bytes()
	}
	if data = data[1:]; len(data) > 0 && data[0] != '[' && data[0] != ']' {
		one, _, err := onePair(data)
		*p = append(*p, one)
		return err
	}
	*p = make(pairs, 0, min(bytes.Count(data, []byte{'['}), maxPoints+1))
	for len(data) > 0 && data[0] == '[' {
		one, rest, err := onePair(data[1:])
		if err != nil {
			return err
		}
		if *p = append(*p, one); len(*p) > maxPoints {
			return nil
		}
		data = bytes.TrimPrefix(rest, []byte{','})
	}
	if string(data) != "]" {
		return errPair
	}
	return nil
}

// onePair reads TIME,"VALUE"] and returns what follows.
func onePair(data []byte) (p point, rest []byte, err error) {
	comma, end := bytes.IndexByte(data, ','), bytes.IndexByte(data, ']')
	if comma < 0 || end < comma+3 || data[comma+1] != '"' || data[end-1] != '"' {
		return p, nil, errPair
	}
	t, err := strconv.ParseFloat(string(data[:comma]), 64)
	if err != nil || math.Abs(t) > 1e14 {
		return p, nil, errPair
	}
	if p.v, err = strconv.ParseFloat(string(data[comma+2:end-1]), 64); err != nil {
		return p, nil, errPair
	}
	p.t = int64(math.Round(t * 1000))
	return p, data[end+1:], nil
}

// A result is the answer to a query.
type result struct {
	kind     string // "matrix", "vector", …
	series   []stream
	warnings []string
}

// read is a reading.
func (r *result) read(d *json.Decoder) (err error) {
	*r = result{} // of an attempt that ended in the middle
	r.warnings, err = envelope(d, func(d *json.Decoder) error {
		return object(d, func(name string) error {
			switch {
			case name == "resultType":
				return d.Decode(&r.kind)
			case name != "result":
				return skip(d)
			case r.kind == "matrix" || r.kind == "vector":
				return r.readSeries(d)
			case r.kind == "":
				return errors.New("its result comes before the type of it")
			}
			return skip(d) // a number or a text
		})
	})
	return err
}

func (r *result) readSeries(d *json.Decoder) error {
	return array(d, func() error {
		var s stream
		err := d.Decode(&s)
		r.series = append(r.series, s)
		return err
	})
}

// envelope reads what is around every answer, and returns its warnings.
func envelope(d *json.Decoder, data func(*json.Decoder) error) (warnings []string, err error) {
	var status, kind, text string
	err = object(d, func(name string) error {
		switch name {
		case "status":
			return d.Decode(&status)
		case "errorType":
			return d.Decode(&kind)
		case "error":
			return d.Decode(&text)
		case "warnings":
			return d.Decode(&warnings)
		case "data":
			return data(d)
		}
		return skip(d)
	})
	switch {
	case err != nil:
		return nil, err
	case status == "error":
		return nil, &refusal{kind: kind, text: text}
	case status != "success":
		return nil, fmt.Errorf("its status is %q", firstLine(status))
	}
	return warnings, nil
}

// object reads an object; field reads the value of a name. null is an object
// without any.
func object(d *json.Decoder, field func(name string) error) error {
	return nested(d, '{', func() error {
		name, err := d.Token()
		if err != nil {
			return err
		}
		return field(name.(string)) // the decoder takes no other
	})
}

// array reads an array. null is one without elements.
func array(d *json.Decoder, element func() error) error { return nested(d, '[', element) }

func nested(d *json.Decoder, open json.Delim, one func() error) error {
	t, err := d.Token()
	if err != nil || t == nil {
		return err
	}
	if t != open {
		return fmt.Errorf("there is %s in place of %v", firstLine(fmt.Sprint(t)), open)
	}
	for d.More() {
		if err := one(); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}

// skip reads over a value.
func skip(d *json.Decoder) error {
	var any json.RawMessage
	return d.Decode(&any)
}

// A watched reader keeps the error that ended it.
type watched struct {
	r   io.Reader
	err error
}

// Read implements io.Reader.
func (w *watched) Read(p []byte) (n int, err error) {
	n, err = w.r.Read(p)
	if err != nil {
		w.err = err
	}
	return n, err
}
