package abi

import (
	"math"
	"strconv"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/series"
)

// RawSamples are the samples of one metric as they go into the guest.
type RawSamples struct {
	Metric  string
	Counter bool
	Times   []int64 // Unix seconds; nil: those of the metric before
	Values  []float64
}

const (
	flagCounter   = 1
	flagSameTimes = 2

	rawHeader = 16
)

// AppendRaw appends the bytes of a request to clean samples; step and keep are
// those of series.CleanOptions.
func AppendRaw(dst []byte, container string, step, keep int64, metrics []RawSamples) []byte {
	start := len(dst)
	dst = codec.AppendUint32(dst, uint32(len(metrics)))
	dst = codec.AppendUint32(dst, 0)
	dst = appendInts(dst, []int64{step, keep})
	dst = pad(appendString(dst, container), start)
	for _, m := range metrics {
		start := len(dst)
		flags := uint32(0)
		if m.Counter {
			flags |= flagCounter
		}
		if m.Times == nil {
			flags |= flagSameTimes
		}
		for _, n := range []uint32{0, flags, uint32(len(m.Values)), 0} {
			dst = codec.AppendUint32(dst, n)
		}
		dst = pad(appendString(dst, m.Metric), start)
		dst = appendFloats(appendInts(dst, m.Times), m.Values)
		setSize(dst, start)
	}
	return dst
}

// readSamples reads the metrics of a request to clean; their samples stay in the
// request's bytes.
func (r *reader) readSamples(metrics int) []series.Samples {
	out := make([]series.Samples, 0, metrics)
	var times []byte
	total := 0
	for k := 0; k < metrics && r.err == nil; k++ {
		start := r.off
		size, flags, n := r.u32("a metric's size"), r.u32("flags"), r.u32("samples")
		if zero := r.u32("a reserved number"); flags&^(flagCounter|flagSameTimes) != 0 || zero != 0 {
			r.fail(badRequest, "unknown flags")
		}
		if total += n; total > maxSamples {
			r.fail(TooLarge, "more than "+strconv.Itoa(maxSamples)+" samples")
		}
		name := r.string(maxName, "a metric's name")
		r.pad("padding")
		if flags&flagSameTimes == 0 {
			times = r.take(8*n, "times")
		} else if k == 0 || 8*n != len(times) {
			r.fail(badRequest, strconv.Itoa(n)+" samples at the times of the metric before, which has "+strconv.Itoa(len(times)/8))
		}
		values := r.take(8*n, "values")
		if r.err == nil && (r.off-start != size || size < rawHeader) {
			r.fail(badRequest, "a metric of other bytes than its counts say")
		}
		at := times
		out = append(out, series.Samples{Metric: name, Counter: flags&flagCounter != 0, Len: n, At: func(i int) (int64, float64) {
			return int64(codec.Uint64(at[8*i:])), math.Float64frombits(codec.Uint64(values[8*i:]))
		}})
	}
	return out
}

// appendCleaned appends a frame and what was found in the samples of its
// metrics: the report, and then a window of a request.
func appendCleaned(dst []byte, f *series.Frame, report []series.Cleaned) []byte {
	dst = codec.AppendUint32(dst, uint32(len(report)))
	dst = codec.AppendUint32(dst, 0)
	for _, c := range report {
		for _, n := range [...]int{c.Used, c.Missing, c.Refused, c.Old, c.Repeated, c.Unordered, c.Resets, 0} {
			dst = codec.AppendUint32(dst, uint32(n))
		}
	}
	w := Window{Frame: true}
	w.Recent = *f
	return w.append(dst)
}
