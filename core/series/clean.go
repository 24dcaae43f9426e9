package series

import (
	"math"

	"github.com/foretide/foretide/core/kernel"
)

const (
	unknownStep = 60      // seconds, of samples that have a single time
	stepTimes   = 1 << 16 // that a step is inferred from
	gapSteps    = 4       // a counter has no rate across a longer gap

	intervalTimes = 16 * chunkCells // that a counter's interval is the median of
)

// Samples are the raw values of one metric of one container: at any times, in any
// order.
type Samples struct {
	Metric  string
	Counter bool // a running total (bytes received, CPU seconds), of which the rate per second is wanted
	Len     int
	At      func(i int) (t int64, v float64) // a time in Unix seconds and its value
}

// Cleaned counts what Clean found in a metric's samples.
type Cleaned struct {
	Used      int // samples with a value that is in the frame, or in a rate there
	Missing   int // NaN
	Refused   int // infinite or beyond MaxMagnitude; of a counter also negative
	Old       int // from before the part that is kept
	Repeated  int // at the time of the sample before
	Unordered int // earlier than the sample before
	Resets    int // of a counter: falls, after which it counts from zero
}

// CleanOptions say what Clean makes of samples.
type CleanOptions struct {
	Step      int64 // seconds between cells; 0 infers it
	Keep      int64 // seconds of the past that are kept; 0 keeps all
	MaxValues int64 // cells of all metrics; 0 bounds only those of each, by DefaultMaxCells
}

// Clean puts the samples of a container's metrics on one grid. A cell holds the
// mean of its samples; a counter becomes its rate per second, as
// Builder.AddCounter describes, with no rate across a gap of more than four
// steps or four of its median intervals.
//
// A step of 0 is inferred (InferStep) from the first 65,536 times of the metric
// that has the most samples, and is 60 s where these have not two times. The
// frame reaches up to the last value; with Keep above 0 it has the last Keep
// seconds, in whole cells, and older samples are dropped. Columns without a value
// are left out. Where no metric has a value, the frame has every metric and no
// cell.
//
// The report has an entry for each metric, in their order. The error is a
// *SpanError where the samples need more cells than a limit allows.
func Clean(container string, metrics []Samples, o CleanOptions) (Frame, []Cleaned, error) {
	c := cleaner{metrics: metrics, step: o.Step, report: make([]Cleaned, len(metrics))}
	names := make([]string, len(metrics))
	for k := range metrics {
		names[k] = metrics[k].Metric
	}
	if c.step == 0 {
		c.step = inferStep(metrics)
	}
	f := Frame{Container: container, Step: c.step, Metrics: names, Columns: make([][]float64, len(metrics))}
	if !c.survey() {
		return f, c.report, nil
	}
	lo, hi := floorDiv(c.first, c.step), floorDiv(c.last, c.step)
	span := &SpanError{First: c.first, Last: c.last, Step: c.step, Cells: hi - lo + 1, Max: DefaultMaxCells}
	if span.Cells > span.Max {
		return f, c.report, span
	}
	if o.Keep > 0 {
		lo = max(lo, hi+1-max(o.Keep/c.step, 1))
	}
	if span.Max = o.MaxValues / int64(len(metrics)); o.MaxValues > 0 && hi-lo >= span.Max {
		span.First, span.Cells = max(c.first, lo*c.step), hi-lo+1
		return f, c.report, span
	}
	b := NewBuilder(c.step, names)
	for k := range metrics {
		c.add(b, k, lo)
	}
	if b.samples == 0 { // of counters with one sample each
		return f, c.report, nil
	}
	f, err := b.Frame(container)
	if err != nil {
		return f, c.report, err
	}
	if n := int(lo - floorDiv(f.Start, c.step)); n > 0 {
		f = f.Slice(min(n, f.Len()), f.Len())
	}
	f.DropEmpty()
	return f, c.report, nil
}

// inferStep returns the step of the metric with the most samples.
func inferStep(metrics []Samples) int64 {
	var most Samples
	for _, m := range metrics {
		if m.Len > most.Len {
			most = m
		}
	}
	if step := StepFor(interval(&most, stepTimes)); step > 0 {
		return step
	}
	return unknownStep
}

// interval is MedianInterval of the first n samples.
func interval(m *Samples, n int) int64 {
	times := make([]int64, min(m.Len, n))
	for i := range times {
		if i%pause == 0 {
			kernel.Yield()
		}
		t, _ := m.At(i)
		times[i] = min(max(t, -maxTime), maxTime)
	}
	return MedianInterval(times)
}

// A cleaner is one call of Clean.
type cleaner struct {
	metrics     []Samples
	step        int64
	report      []Cleaned
	first, last int64 // times of the samples with a value
}

// each calls yield for a metric's samples that have a value.
func (c *cleaner) each(k int, yield func(t int64, v float64)) {
	m := &c.metrics[k]
	for i := range m.Len {
		if i%pause == 0 {
			kernel.Yield()
		}
		t, v := m.At(i)
		if math.Abs(v) <= MaxMagnitude && !(m.Counter && v < 0) {
			yield(min(max(t, -maxTime), maxTime), v)
		}
	}
}

// survey counts what is wrong with the samples and finds their span; it reports
// whether any has a value.
func (c *cleaner) survey() (any bool) {
	for k := range c.metrics {
		m, r := &c.metrics[k], &c.report[k]
		prev := int64(math.MinInt64)
		for i := range m.Len {
			if i%pause == 0 {
				kernel.Yield()
			}
			t, v := m.At(i)
			switch {
			case t == prev:
				r.Repeated++
			case t < prev:
				r.Unordered++
			}
			if prev = t; math.IsNaN(v) {
				r.Missing++
			} else if math.Abs(v) > MaxMagnitude || m.Counter && v < 0 {
				r.Refused++
			}
		}
		c.each(k, func(t int64, _ float64) {
			if !any {
				c.first, c.last, any = t, t, true
			}
			c.first, c.last = min(c.first, t), max(c.last, t)
		})
	}
	return any
}

// add gives the samples of a metric to a builder, but for those that no cell
// from lo on depends on.
func (c *cleaner) add(b *Builder, k int, lo int64) {
	r := &c.report[k]
	if !c.metrics[k].Counter {
		c.each(k, func(t int64, v float64) {
			if floorDiv(t, c.step) < lo {
				r.Old++
				return
			}
			b.Add(t, k, v)
			r.Used++
		})
		return
	}
	var counter Counter
	gap := gapSteps * max(c.step, interval(&c.metrics[k], intervalTimes))
	c.each(k, func(t int64, v float64) {
		if floorDiv(t, c.step) < lo && t < lo*c.step-gap {
			r.Old++
			return
		}
		counter.Add(t, v)
		r.Used++
	})
	r.Resets, _ = counter.Resets()
	b.AddCounter(k, &counter, gap)
}
