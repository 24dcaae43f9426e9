package calibrate

import (
	"math"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

// A Drift tells how a horizon's forecasts did on a recent part of a series, and
// whether that is worse than when the model was calibrated.
//
// The part is cut into eight blocks of time. The mean over the blocks of what is
// in question, by its standard error, is compared with the 99.9 % quantile of
// Student's t with seven degrees of freedom: errors of neighbouring origins are
// alike, those of blocks hardly. In question are
//
//	worse    |error| less Was times the last value's |error|
//	missing  values outside the 80 % interval less one in five
//
// and each must be more than a tenth, of the last value's mean error or of all
// values, to count: what is certain need not matter. Without drift one check in
// a thousand finds one by chance.
type Drift struct {
	Ahead      int64   // seconds
	Rows       int     // forecasts whose value is known
	Ratio      float64 // mean |error| by the last value's; 0 where that is 0
	Was        float64 // the same when the model was calibrated, 1 at most; 1 where it is not known
	Coverage80 float64 // share of values within the 80 % interval
	Worse      bool    // the point forecasts have become worse
	Missing    bool    // the intervals miss too much
}

// Drifted reports whether the model is due to be trained.
func (d *Drift) Drifted() bool { return d.Worse || d.Missing }

const (
	driftBlocks = 8
	driftRows   = 4 * driftBlocks // fewer are not judged
	driftT      = 4.785           // of seven degrees of freedom, one-sided 0.1 %
	driftLeast  = 0.1
)

// Drift forecasts from every stride-th cell of a part of the frame, which the
// model has not been fitted to, and compares. Horizons with too few values (32)
// are not judged. The errors are those of Forecast.
func (f *Fitted) Drift(frame *series.Frame, part series.Part, stride int, opts forecast.Options) ([]Drift, error) {
	rows, err := f.replay(frame, part, max(stride, 1), opts)
	if err != nil {
		return nil, err
	}
	out := make([]Drift, len(rows))
	for k, r := range rows {
		d := &out[k]
		*d = Drift{Ahead: f.spec.Horizons[k], Rows: len(r), Was: f.at[k].ratio}
		if !(d.Was > 0 && d.Was < 1) {
			d.Was = 1
		}
		d.judge(r)
	}
	return out, nil
}

// An outcome is what became of a forecast.
type outcome struct {
	error, last float64 // |errors| of the forecast and of the last value
	missed      float64 // 1 where the value was outside the 80 % interval
}

// replay forecasts as the model serves.
func (f *Fitted) replay(frame *series.Frame, part series.Part, stride int, opts forecast.Options) ([][]outcome, error) {
	s, ok := frame.Series(f.spec.Metric)
	if !ok {
		return nil, forecast.ErrMetric
	}
	out := make([][]outcome, len(f.spec.Horizons))
	windows := forecast.NewWindows(frame, f.spec.Needs)
	var w forecast.Window
	var dst forecast.Forecast
	for i := max(part.From, 0); i < min(part.To, len(s.Values)) && !opts.Interrupted(); i += stride {
		if math.IsNaN(s.Values[i]) {
			continue
		}
		windows.At(&w, i)
		if err := f.Forecast(&dst, &w); err != nil {
			return nil, err
		}
		for k := range dst.At {
			h := &dst.At[k]
			j := i + int(h.Ahead/f.spec.Step)
			if j >= min(part.To, len(s.Values)) || math.IsNaN(s.Values[j]) {
				continue
			}
			o := outcome{error: math.Abs(s.Values[j] - dst.Median(h)), last: math.Abs(s.Values[j] - s.Values[i])}
			if lo, hi := dst.Interval(h, 0.8); s.Values[j] < lo || s.Values[j] > hi {
				o.missed = 1
			}
			out[k] = append(out[k], o)
		}
	}
	return out, nil
}

// judge fills d from what became of its forecasts.
func (d *Drift) judge(rows []outcome) {
	var errors, last, missed float64
	for _, r := range rows {
		errors, last, missed = errors+r.error, last+r.last, missed+r.missed
	}
	n := float64(len(rows))
	if n == 0 {
		return
	}
	d.Coverage80 = 1 - missed/n
	if last > 0 {
		d.Ratio = errors / last
	}
	if len(rows) < driftRows {
		return
	}
	d.Worse = last > 0 && beyond(rows, driftLeast*last/n, func(r *outcome) float64 { return r.error - d.Was*r.last })
	d.Missing = beyond(rows, driftLeast, func(r *outcome) float64 { return r.missed - 0.2 })
}

// beyond reports whether the mean of a quantity is above least, and above zero
// beyond doubt.
func beyond(rows []outcome, least float64, of func(r *outcome) float64) bool {
	var sum, squares float64
	for b := range driftBlocks {
		block := rows[b*len(rows)/driftBlocks : (b+1)*len(rows)/driftBlocks]
		mean := 0.0
		for i := range block {
			mean += of(&block[i]) / float64(len(block))
		}
		sum += mean
		squares += mean * mean
	}
	mean := sum / driftBlocks
	variance := max(squares/driftBlocks-mean*mean, 0) / (driftBlocks - 1)
	return mean > least && mean > driftT*math.Sqrt(variance)
}
