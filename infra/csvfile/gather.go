package csvfile

import (
	"math"
	"strconv"

	"github.com/foretide/foretide/core/series"
)

const (
	firstRows   = 256     // rows of a container that its step is first inferred from
	stepRows    = 1 << 18 // rows that it is at last inferred from
	unknownStep = 60      // seconds, of a container with a single time
)

// A place is a row of a file.
type place struct {
	t    int64 // its time
	file int32 // index in Data.Files
	line int64
}

// A container is what is known of one while the files are read.
type container struct {
	name        string
	step        int64
	done        bool // its frame needs no second pass
	builder     *series.Builder
	stored      int              // values that the builder has room for
	times       []int64          // of the rows before there is a builder
	values      []float64        // their values, row after row
	counters    []series.Counter // in the order of reader.counters
	offsets     []int32          // times of the first stepRows rows, from base
	base        int64            // time of the first row
	first, last place            // the earliest and latest row
	prev        int64            // time of the row before
	rows        int64
	unordered   int64 // rows with a time before that of the row before
	repeated    int64 // rows with the time of the row before
}

// container returns the state of the container with this name; nil where it
// was not asked for.
func (r *reader) container(in *input, name []byte) (*container, error) {
	if r.last != nil && string(name) == r.last.name {
		return r.last, nil
	}
	if c := r.byName[string(name)]; c != nil {
		r.last = c
		return c, nil
	}
	key := string(trim(name))
	if key == "" {
		return nil, &Error{File: in.path, Line: in.line, Column: containerColumn, Err: ErrRow,
			Text: "the container's name is empty; every row needs one"}
	}
	if r.o.Container != "" && key != r.o.Container {
		if r.others == nil {
			r.others = map[string]bool{}
		}
		if len(r.others) < 10_000 && len(key) < 1000 {
			r.others[key] = true
		}
		return nil, nil
	}
	c := r.byName[key]
	if c == nil {
		c = &container{name: key, step: r.o.Step}
		r.byName[key] = c
		r.stored += 64 + int64(len(key))/12 // as much as some values
	}
	r.last = c
	return c, nil
}

// values sets row to the values of the fields, NaN where there is none.
func (l *layout) values(in *input, fields [][]byte, row []float64, slots []int) error {
	for i := range row {
		row[i] = math.NaN()
	}
	for i := range l.metrics {
		c := &l.metrics[i]
		s := fields[c.field]
		if len(s) == 0 || slots[i] < 0 || c.text {
			continue
		}
		v, ok := parseFloat(s)
		if !ok {
			if s = trim(s); len(s) == 0 {
				continue
			}
			if v, ok = parseFloat(s); !ok {
				if !c.known && !c.numeric {
					c.text = true
					l.warn(in, "column "+strconv.Quote(c.name)+" holds text ("+clip(string(s))+") and is left out")
					continue
				}
				return &Error{File: in.path, Line: in.line, Column: c.name, Value: string(s), Err: ErrNumber,
					Text: clip(string(s)) + " is not a number; write it without a unit, with a point for decimals, and leave the cell empty where there is no value"}
			}
		}
		if !(math.Abs(v) <= series.MaxMagnitude) && !math.IsNaN(v) {
			n, at := &c.huge, &c.hugeAt
			if math.IsInf(v, 0) {
				n, at = &c.inf, &c.infAt
			}
			if *n++; *n == 1 {
				*at = in.line
			}
			continue
		}
		c.numeric = true
		row[slots[i]] = v
	}
	return nil
}

// warn adds a warning about the row that is read.
func (l *layout) warn(in *input, text string) {
	l.warnings = append(l.warnings, in.path+":"+strconv.FormatInt(in.line, 10)+": "+text)
}

// limit is series.MaxMagnitude for people.
var limit = strconv.FormatFloat(series.MaxMagnitude, 'g', -1, 64)

// finish adds the warnings that are known when all rows are read, and returns how
// many values were taken as missing for being too large.
func (l *layout) finish(in *input) (refused int64) {
	warn := func(c *column, line int64, text string) {
		l.warnings = append(l.warnings, in.path+":"+strconv.FormatInt(line, 10)+": column "+strconv.Quote(c.name)+": "+text+" taken as missing")
	}
	for i := range l.metrics {
		c := &l.metrics[i]
		if c.inf > 0 {
			warn(c, c.infAt, plural(c.inf, "infinite value is", "infinite values are"))
		}
		if c.huge > 0 {
			warn(c, c.hugeAt, plural(c.huge, "value", "values")+" beyond "+limit+", the largest that is read, "+
				map[bool]string{true: "is", false: "are"}[c.huge == 1])
		}
		refused += c.inf + c.huge
	}
	return refused
}

// plural returns a count with the words for one or for many.
func plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.FormatInt(n, 10) + " " + many
}

// add adds a row to its container.
func (r *reader) add(in *input, c *container, t int64, row []float64, at place) error {
	if c.done {
		return nil
	}
	if !r.again {
		c.note(t, at, r.o.Step == 0)
	}
	r.count(c, t, row)
	if c.builder == nil {
		c.times = append(c.times, t)
		c.values = append(c.values, row...)
		r.stored += int64(len(row)) + 1
		if len(c.times) >= firstRows || c.step > 0 {
			r.start(c)
		}
	} else {
		for k, v := range row {
			c.builder.Add(t, k, v)
		}
		if s := c.builder.Stored(); s != c.stored {
			r.stored += int64(s - c.stored)
			c.stored = s
		}
	}
	if r.stored > r.o.MaxValues {
		return r.tooLarge(in.path, in.line)
	}
	return nil
}

// tooLarge is the error of data that does not fit Options.MaxValues.
func (r *reader) tooLarge(file string, line int64) *Error {
	return &Error{File: file, Line: line, Err: ErrTooLarge, Text: "the data takes more than " +
		plural(r.o.MaxValues, "value", "values") + " of memory; read one container or fewer metrics at a time, or give a longer step"}
}

// count gives the running totals of a row to their counters, in the first
// pass, and takes them out of the row.
func (r *reader) count(c *container, t int64, row []float64) {
	if c.counters == nil && len(r.counters) > 0 {
		c.counters = make([]series.Counter, len(r.counters))
	}
	for i, k := range r.counters {
		if !r.again && !math.IsNaN(row[k]) {
			c.counters[i].Add(t, row[k])
			r.stored += 2 // 16 bytes here, and the rate
		}
		row[k] = math.NaN()
	}
}

// note keeps what is to be known about a container's rows.
func (c *container) note(t int64, at place, offsets bool) {
	if c.rows == 0 {
		c.first, c.last, c.base = at, at, t
	} else if t > c.prev {
		if t > c.last.t {
			c.last = at
		}
	} else if t == c.prev {
		c.repeated++
	} else {
		c.unordered++
		if t < c.first.t {
			c.first = at
		}
	}
	if offsets && c.rows < stepRows {
		c.offsets = append(c.offsets, int32(min(max(t-c.base, math.MinInt32), math.MaxInt32)))
	}
	c.prev = t
	c.rows++
}

// start makes the container's builder and gives it the rows so far.
func (r *reader) start(c *container) {
	if c.step == 0 {
		if c.step = series.InferStep(c.times); c.step == 0 {
			c.step = unknownStep
		}
	}
	c.builder = series.NewBuilder(c.step, r.metrics)
	c.builder.MaxCells = r.o.MaxCells
	for i, t := range c.times {
		for k := range r.metrics {
			c.builder.Add(t, k, c.values[i*len(r.metrics)+k])
		}
	}
	c.stored = c.builder.Stored()
	r.stored += int64(c.stored) - int64(len(c.times)*(len(r.metrics)+1))
	c.times, c.values = nil, nil
}
