package csvfile

import (
	"errors"
	"maps"
	"math"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/foretide/foretide/core/series"
)

// collectAt is the storage of builders, in units of 12 bytes, that is given up
// before memory is collected.
const collectAt = 64 << 20 / 12

// settleSteps infers each container's step from all of its rows. It reports
// whether some were gridded with another, for which the files must be read
// again; the builders of those are dropped.
func (r *reader) settleSteps() (again bool) {
	for _, c := range r.byName {
		if c.builder == nil {
			r.start(c)
		}
		if r.o.Step > 0 {
			continue
		}
		step := series.InferStep(r.elapsed(c.offsets))
		if c.done = step == c.step || step == 0; c.done {
			continue
		}
		again = true
		r.stored -= int64(c.stored)
		c.step, c.stored = step, 0
		c.builder = series.NewBuilder(step, r.metrics)
		c.builder.MaxCells = r.o.MaxCells
	}
	return again
}

// elapsed returns the seconds from the first row to other rows, until the next
// call.
func (r *reader) elapsed(offsets []int32) []int64 {
	r.scratch = r.scratch[:0]
	for _, o := range offsets {
		r.scratch = append(r.scratch, int64(o))
	}
	return r.scratch
}

// frames makes the result of what was gathered.
func (r *reader) frames() error {
	if r.data.Rows == 0 {
		return &Error{File: r.path, Text: "there is a header but no row of data", Err: ErrEmpty}
	}
	if len(r.byName) == 0 {
		return containerError(r.path, r.o.Container, slices.Sorted(maps.Keys(r.others)))
	}
	made, given := int64(0), int64(0)
	for _, name := range slices.Sorted(maps.Keys(r.byName)) {
		c := r.byName[name]
		r.judge(c)
		r.rates(c)
		if made += min(c.builder.Cells(), r.o.MaxCells) * int64(len(r.metrics)); made > r.o.MaxValues {
			return r.tooLarge(r.path, 0)
		}
		f, err := c.builder.Frame(name)
		given += int64(c.builder.Stored())
		c.builder, c.offsets = nil, nil
		if given > collectAt {
			// What the builders held is garbage now, but the collector waits
			// until there is as much of it as was live after the last row.
			runtime.GC()
			given = 0
		}
		var span *series.SpanError
		switch {
		case errors.Is(err, series.ErrNoSamples):
			text := "has no value"
			if len(r.counters) > 0 {
				text += " and no two samples of a counter"
			}
			r.warn(c, text+" and is left out")
			continue
		case errors.As(err, &span):
			return r.spanError(c, span)
		case err != nil:
			return err
		}
		f.DropEmpty()
		r.data.Frames = append(r.data.Frames, f)
	}
	r.judgeTotals()
	if len(r.data.Frames) == 0 {
		text := "every value is missing in " + plural(r.data.Rows, "row", "rows")
		if r.refused > 0 {
			text += ": " + plural(r.refused, "is", "are") + " infinite or beyond " + limit + ", the largest that is read"
		}
		return &Error{File: r.path, Text: text, Err: ErrEmpty}
	}
	return nil
}

// rates gives the rates of the container's counters to its builder.
func (r *reader) rates(c *container) {
	for i := range c.counters {
		counter, k := &c.counters[i], r.counters[i]
		if resets, n := counter.Resets(); resets >= 10 && resets > n/10 {
			r.warn(c, "has a "+r.metrics[k]+" that falls in "+strconv.Itoa(resets)+" of "+strconv.Itoa(n)+
				" intervals and is read as a counter; if it is none, do not name it as one")
		}
		c.builder.AddCounter(k, counter, 4*max(c.step, counter.Interval()))
	}
	c.counters = nil
}

func (r *reader) warn(c *container, text string) {
	r.data.Warnings = append(r.data.Warnings, "container "+strconv.Quote(c.name)+" "+text)
}

// judge adds the warnings about a container's times.
func (r *reader) judge(c *container) {
	if c.rows == 1 && r.o.Step == 0 {
		r.warn(c, "has a single row; its step is taken as "+seconds(c.step))
	}
	if c.unordered > 0 {
		r.warn(c, "has "+plural(c.unordered, "row", "rows")+" earlier than the row before; they are put in order")
	}
	if c.repeated > 0 {
		r.warn(c, "has "+plural(c.repeated, "row", "rows")+" at the time of the row before; values of a cell are averaged")
	}
	if third := len(c.offsets) / 3; third >= 10 && c.unordered == 0 {
		from := series.MedianInterval(r.elapsed(c.offsets[:third]))
		to := series.MedianInterval(r.elapsed(c.offsets[2*third:]))
		if series.StepFor(from) != series.StepFor(to) {
			r.warn(c, "is sampled every "+seconds(from)+" at first and every "+seconds(to)+" later; its grid has a step of "+
				seconds(c.step)+", and cells without a sample are missing")
		}
	}
	span := c.last.t - c.first.t + c.step
	switch {
	case r.o.Horizon > 0 && span < r.o.Horizon:
		r.warn(c, "has "+seconds(span)+" of history, less than the longest horizon of "+seconds(r.o.Horizon)+
			": too little to learn from, so forecasts are naive")
	case r.o.Window > 0 && span < r.o.Window:
		r.warn(c, "has "+seconds(span)+" of history, less than the window of "+seconds(r.o.Window)+": models see less than they ask for")
	}
}

// judgeTotals warns of metrics that should be rates and grow like a total.
func (r *reader) judgeTotals() {
	for _, m := range []string{series.DiskRead, series.DiskWrite, series.NetRx, series.NetTx, series.Requests} {
		first, n := "", int64(0)
		for i := range r.data.Frames {
			f := &r.data.Frames[i]
			if s, ok := f.Series(m); ok && !slices.Contains(r.o.Counters, m) && grows(s.Values) {
				if n++; n == 1 {
					first = f.Container
				}
			}
		}
		if n > 0 {
			r.data.Warnings = append(r.data.Warnings, "metric "+strconv.Quote(m)+" only grows in "+plural(n, "container", "containers")+
				" ("+strconv.Quote(first)+"): it looks like a running total and should be read as a counter")
		}
	}
}

// grows reports whether the values, 60 at least, grow at every other step and
// fall at hardly any.
func grows(values []float64) bool {
	up, down, n := 0, 0, 0
	prev := math.NaN()
	for _, v := range values {
		if math.IsNaN(v) {
			continue
		}
		if n++; v > prev {
			up++
		} else if v < prev {
			down++
		}
		prev = v
	}
	return n >= 60 && up > n/2 && down <= n/100
}

// spanError says which rows lie too far apart.
func (r *reader) spanError(c *container, span *series.SpanError) *Error {
	at := func(p place) string {
		return time.Unix(p.t, 0).UTC().Format(time.RFC3339) + " (" + r.data.Files[p.file] + ":" + strconv.FormatInt(p.line, 10) + ")"
	}
	return &Error{File: r.path, Column: timeColumn, Err: ErrSpan, Text: "container " + strconv.Quote(c.name) + " has rows from " +
		at(c.first) + " to " + at(c.last) + ": " + strconv.FormatInt(span.Cells, 10) + " cells of " + seconds(span.Step) + ", more than " +
		strconv.FormatInt(span.Max, 10) + "; remove the row with the wrong time, or give a longer step"}
}

// seconds writes a duration for people: "45 s", "5 min", "36 h", "9 days".
func seconds(s int64) string {
	switch {
	case s < 120 && s != 60 || s%60 != 0 && s < 7200:
		return strconv.FormatInt(s, 10) + " s"
	case s < 7200:
		return strconv.FormatInt(s/60, 10) + " min"
	case s < 3*86400:
		return strconv.FormatInt(s/3600, 10) + " h"
	}
	return strconv.FormatInt(s/86400, 10) + " days"
}
