package abi

import (
	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/forecast"
)

// A Result is the answer to a Request.
type Result struct {
	Levels  []float64
	Windows []WindowResult // one for each of the request's
}

// A WindowResult is the forecast from one window, or why there is none.
type WindowResult struct {
	Err    error // an *Error
	Origin int64
	At     []forecast.Horizon
}

func appendResultHeader(dst []byte, windows int, levels []float64) []byte {
	dst = codec.AppendUint32(dst, uint32(windows))
	dst = codec.AppendUint32(dst, uint32(len(levels)))
	return appendFloats(dst, levels)
}

func appendForecast(dst []byte, origin int64, at []forecast.Horizon) []byte {
	start := len(dst)
	var why forecast.Reasons
	for i := range at {
		why |= at[i].Reasons
	}
	dst = codec.AppendUint64(dst, 0) // size and status
	dst = codec.AppendUint64(dst, uint64(origin))
	dst = codec.AppendUint32(dst, uint32(len(at)))
	dst = codec.AppendUint32(dst, uint32(why))
	for i := range at {
		h := &at[i]
		dst = codec.AppendUint64(dst, uint64(h.Ahead))
		dst = appendFloat(dst, h.Mean)
		dst = codec.AppendUint32(dst, uint32(h.Reasons))
		dst = codec.AppendUint32(dst, 0)
		dst = appendFloats(dst, h.Quantiles)
	}
	for i := range at {
		dst = appendString(appendString(dst, at[i].Model), at[i].Detail)
	}
	dst = pad(dst, start)
	setSize(dst, start)
	return dst
}

func appendFailure(dst []byte, s Status, message string) []byte {
	start := len(dst)
	dst = codec.AppendUint32(dst, 0)
	dst = codec.AppendUint32(dst, uint32(s))
	dst = pad(appendString(dst, message), start)
	setSize(dst, start)
	return dst
}

// ParseResult returns the result that the bytes are; nothing in it shares them.
// The bytes come from a guest, which may be anybody's: what they do not hold is
// an error, and what is allocated is a small multiple of their length.
func ParseResult(b []byte) (*Result, error) {
	r := &reader{b: b}
	n, levels := r.count(maxWindows, "windows"), r.count(len(b)/8, "levels")
	out := &Result{Levels: r.floats(nil, levels, "levels")}
	if n > len(b)/16 {
		r.fail(TooLarge, "more windows than bytes")
	}
	for i := 0; i < n && r.err == nil; i++ {
		out.Windows = append(out.Windows, r.windowResult(levels))
	}
	return out, r.err
}

func (r *reader) windowResult(levels int) WindowResult {
	start := r.off
	size, status := r.u32("a result's size"), Status(int32(r.u32("a status")))
	if r.err == nil && (size < 16 || size%8 != 0 || size > len(r.b)-start) {
		r.fail(badRequest, "a result of an impossible size")
	}
	if r.err != nil {
		return WindowResult{}
	}
	in := reader{b: r.b[:start+size], off: r.off}
	r.off = start + size
	if status < 0 {
		message := in.string(size, "message")
		r.err = in.err
		return WindowResult{Err: &Error{status, message}}
	}
	out := WindowResult{Origin: in.i64("an origin")}
	n := in.count((size-24)/(24+8*levels)+1, "horizons")
	in.u32("reasons")
	for i := 0; i < n && in.err == nil; i++ {
		h := forecast.Horizon{Ahead: in.i64("a horizon"), Mean: in.f64("a mean"), Reasons: forecast.Reasons(in.u32("reasons"))}
		in.u32("a reserved number")
		h.Quantiles = in.floats(make([]float64, 0, levels), levels, "quantiles")
		out.At = append(out.At, h)
	}
	for i := range out.At {
		out.At[i].Model, out.At[i].Detail = in.string(size, "a model"), in.string(size, "a detail")
	}
	r.err = in.err
	return out
}
