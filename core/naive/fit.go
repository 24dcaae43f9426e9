package naive

import (
	"math"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

// Fit chooses the mix of predictors of each horizon by absolute error over the
// origins of the history, each seen through the window that it would have had.
// history is one frame. A history with too little for that gives the fixed mix
// of Unfitted, with ShortHistory. The errors are forecast.ErrMetric and
// forecast.ErrEmpty, and those of forecast.Task.Check.
func (c Config) Fit(history []series.Frame, task forecast.Task, opts forecast.Options) (forecast.Fitted, forecast.Report, error) {
	f, report, err := c.fit(history, task, opts)
	if err != nil {
		return nil, report, err
	}
	return f, report, nil
}

func (c Config) fit(history []series.Frame, task forecast.Task, opts forecast.Options) (*fitted, forecast.Report, error) {
	var report forecast.Report
	s, err := task.Only(history)
	if err != nil {
		return nil, report, err
	}
	f := unfitted(task, 0)
	report.Points = s.Count()
	var scratch forecast.Scratch
	f.level = levelOf(s.Values, &scratch)
	rows := newRows(&history[0], s, task, c.MaxRows)
	enough := false
	for h := range task.Horizons {
		if opts.Interrupted() {
			return nil, report, forecast.ErrInterrupted
		}
		opts.Emit(forecast.Event{Stage: "fit", Done: h, Total: len(task.Horizons), Loss: math.NaN()})
		r := &rows[h]
		if len(r.actual) < minRows {
			f.at[h].reasons |= forecast.ShortHistory
			report.Reasons |= forecast.ShortHistory
			continue
		}
		enough = true
		weights := r.weights(c)
		f.at[h].full = c.choose(r, weights, false)
		f.at[h].short = c.choose(r, weights, true)
		f.at[h].describe()
	}
	opts.Emit(forecast.Event{Stage: "fit", Done: len(task.Horizons), Total: len(task.Horizons), Loss: math.NaN()})
	if !enough {
		report.Status = forecast.NothingToFit
	}
	for h := range f.at {
		report.Summary += durationName(task.Horizons[h]) + ": " + f.at[h].detail
		if h < len(f.at)-1 {
			report.Summary += "; "
		}
	}
	return f, report, nil
}

// minRows is the fewest origins that a mix is chosen from.
const minRows = 24

// levelOf returns the median of the observed values, 0 where there are none.
func levelOf(values []float64, scratch *forecast.Scratch) float64 {
	v := View{scratch: scratch}
	if m := v.median(values); !math.IsNaN(m) {
		return m
	}
	return 0
}

// rows are the origins of a history for one horizon.
type rows struct {
	forecasts []float64 // Count values for each origin
	actual    []float64
	age       []float64 // share of the history between the origin and its end
	scale     []float64 // recent volatility as the window shows it
}

func newRows(frame *series.Frame, s series.Series, task forecast.Task, maxRows int) []rows {
	out := make([]rows, len(task.Horizons))
	windows := forecast.NewWindows(frame, NeedsOf(task.Step))
	var w forecast.Window
	var v View
	var scratch forecast.Scratch
	var row [Count]float64
	n := len(s.Values)
	for i := 0; i < n; i += stride(n, maxRows, task.Step) {
		if math.IsNaN(s.Values[i]) {
			continue
		}
		windows.At(&w, i)
		recent, _ := w.Recent.Series(task.Metric)
		long, _ := w.Long.Series(task.Metric)
		v.Reset(recent, long, &scratch)
		scale := v.volatility()
		for k, ahead := range task.Horizons {
			j := i + int(ahead/task.Step)
			if j >= n || math.IsNaN(s.Values[j]) {
				continue
			}
			v.Fill(row[:], ahead)
			for p, x := range row {
				if math.IsNaN(x) {
					row[p] = v.last
				}
			}
			r := &out[k]
			r.forecasts = append(r.forecasts, row[:]...)
			r.actual = append(r.actual, s.Values[j])
			r.age = append(r.age, float64(n-i)/float64(n))
			r.scale = append(r.scale, scale)
		}
	}
	return out
}

// stride returns how many cells lie between the origins that are used of n. It
// has no divisor in common with the cells of an hour, so that the origins
// visit every phase of the hour.
func stride(n, maxRows int, step int64) int {
	k := max(1, (n+maxRows-1)/max(maxRows, 1))
	perHour := int(hour / step)
	for k > 1 && perHour > 1 && gcd(k, perHour) > 1 {
		k++
	}
	return k
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// weights returns the weight of each row's error.
func (r *rows) weights(c Config) []float64 {
	w := make([]float64, len(r.actual))
	floor := 0.3 * mean(r.scale)
	for i := range w {
		w[i] = 1
		if c.Halving > 0 {
			w[i] = math.Exp2(-r.age[i] / c.Halving)
		}
		if x := r.scale[i] + floor; c.Scaling > 0 && x > 0 {
			w[i] *= math.Pow(x/floor, -c.Scaling)
		}
	}
	return w
}

// choose builds a mix by greedy selection with replacement (Caruana et al.,
// "Ensemble selection from libraries of models", ICML 2004): each of the Parts
// steps adds the predictor that lowers the weighted absolute error of the mean
// of all added so far the most. The first that is added is thus the best
// single one. It keeps the best mix on the way. Where short is true, only
// predictors that need no long part take part.
func (c Config) choose(r *rows, weights []float64, short bool) []member {
	var times, best [Count]int
	total := make([]float64, len(r.actual))
	bestError, bestN, members := math.Inf(1), 0, 0
	for n := 1; n <= c.Parts; n++ {
		pick, pickError := -1, math.Inf(1)
		for p := range times {
			if (short && rules[p].needsLong()) || (members >= c.Members && times[p] == 0) {
				continue
			}
			if e := r.error(total, p, n, weights, pickError); e < pickError {
				pick, pickError = p, e
			}
		}
		if pick < 0 {
			break
		}
		if times[pick] == 0 {
			members++
		}
		times[pick]++
		for i := range total {
			total[i] += r.forecasts[i*Count+pick]
		}
		if pickError < bestError*(1-minGain) {
			bestError, bestN, best = pickError, n, times
		}
	}
	return membersOf(best, bestN)
}

// minGain is the least relative gain for which a mix is made of more parts.
const minGain = 0.0005

// error returns the weighted absolute error of the mean of n forecasts: those
// in total and predictor p's. It gives up where it exceeds limit.
func (r *rows) error(total []float64, p, n int, weights []float64, limit float64) float64 {
	e, share := 0.0, 1/float64(n)
	for i, y := range r.actual {
		e += weights[i] * math.Abs(y-(total[i]+r.forecasts[i*Count+p])*share)
		if e > limit {
			return e
		}
	}
	return e
}

func membersOf(times [Count]int, n int) []member {
	var out []member
	for p, k := range times {
		if k > 0 {
			out = append(out, member{rule: p, weight: float64(k) / float64(n)})
		}
	}
	return out
}
