package torch

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/goccy/go-json"
)

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrFormat, fmt.Sprintf(format, args...))
}

// headerEntry is what the header says of a tensor.
type headerEntry struct {
	Type    *dtype  `json:"dtype"`
	Shape   []int64 `json:"shape"`
	Offsets []int64 `json:"data_offsets"`
}

// parseHeader reads the JSON of a header, the data of which begins at so many
// bytes of the file and has so many.
func parseHeader(b []byte, begin, size int64) (tensors []fileTensor, metadata map[string]string, err error) {
	if len(b) == 0 || b[0] != '{' || !utf8.Valid(b) {
		return nil, nil, malformed("the header is not a JSON object")
	}
	d := json.NewDecoder(bytes.NewReader(b))
	if _, err := d.Token(); err != nil { // {
		return nil, nil, malformed("the header: %v", err)
	}
	seen := map[string]bool{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, nil, malformed("the header: %v", err)
		}
		name := key.(string) // a key is nothing else
		if seen[name] {
			return nil, nil, malformed("the header has %.80q twice", name)
		}
		if seen[name] = true; len(seen) > maxTensors {
			return nil, nil, malformed("it has more than %d tensors", maxTensors)
		}
		if name == "__metadata__" {
			if err := d.Decode(&metadata); err != nil {
				return nil, nil, malformed("__metadata__ is not an object of strings: %v", err)
			}
			continue
		}
		var e headerEntry
		if err := d.Decode(&e); err != nil {
			return nil, nil, malformed("tensor %.80q: %v", name, err)
		}
		t, err := e.tensor(name, begin, size)
		if err != nil {
			return nil, nil, err
		}
		tensors = append(tensors, t)
	}
	if _, err := d.Token(); err != nil { // }
		return nil, nil, malformed("the header: %v", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, nil, malformed("something follows the header's JSON object")
	}
	return tensors, metadata, checkWhole(tensors, begin, size)
}

// tensor returns the tensor that an entry of the header describes.
func (e *headerEntry) tensor(name string, begin, size int64) (fileTensor, error) {
	fail := func(format string, args ...any) (fileTensor, error) {
		return fileTensor{}, malformed("tensor %.80q: %s", name, fmt.Sprintf(format, args...))
	}
	if e.Type == nil || e.Shape == nil || len(e.Offsets) != 2 {
		return fail("it lacks one of dtype, shape and data_offsets [from, to]")
	}
	width, ok := bitsOf[*e.Type]
	if !ok {
		return fail("dtype %.20q is none that is known", string(*e.Type))
	}
	if len(e.Shape) > maxRank {
		return fail("it has %d dimensions, of at most %d", len(e.Shape), maxRank)
	}
	from, to := e.Offsets[0], e.Offsets[1]
	if from < 0 || from > to || to > size {
		return fail("data_offsets %d to %d are not within the %d bytes of data that the file has", from, to, size)
	}
	n, empty := int64(1), slices.Contains(e.Shape, 0)
	t := fileTensor{Name: name, Type: *e.Type, from: begin + from, to: begin + to}
	for _, d := range e.Shape {
		if d < 0 || d > math.MaxInt32 || !empty && n > math.MaxInt64/64/max(d, 1) {
			return fail("shape %v is impossible", e.Shape)
		}
		n *= d
		t.Shape = append(t.Shape, int(d))
	}
	if empty {
		n = 0
	}
	if n*width%8 != 0 || n*width/8 != to-from {
		return fail("%d elements of %s take %d bytes, data_offsets give it %d", n, *e.Type, (n*width+7)/8, to-from)
	}
	return t, nil
}

// whole sorts the tensors by where they lie, and checks that all data belong to
// exactly one of them.
func checkWhole(tensors []fileTensor, begin, size int64) error {
	slices.SortFunc(tensors, func(a, b fileTensor) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to), cmp.Compare(a.Name, b.Name))
	})
	at, last := begin, "the header"
	for i := range tensors {
		t := &tensors[i]
		if t.from != at {
			return malformed("tensor %.80q begins at byte %d, and %.80s ends at %d", t.Name, t.from, last, at)
		}
		at, last = t.to, t.Name
	}
	if at != begin+size {
		return malformed("%d bytes at its end belong to no tensor", begin+size-at)
	}
	return nil
}
