package naive

import (
	"math"
	"slices"
	"strconv"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/internal/plain"
)

// fitted is a fitted naive model: for each horizon a mix of predictors.
type fitted struct {
	spec  forecast.Spec
	level float64 // the median of the history, the forecast where all is missing
	at    []mix
}

// A mix is the model of one horizon.
type mix struct {
	full    []member // weights sum to 1
	short   []member // for windows without a long part
	detail  string
	reasons forecast.Reasons // of the fit
	lacks   forecast.Reasons // what its predictors need of the past: NoHour, NoDay, NoWeek
}

// A member is a predictor in a mix.
type member struct {
	rule   int
	weight float64
}

// Unfitted returns a naive model of a fixed mix that has seen no history: for
// containers without a checkpoint or with too little history. Every forecast
// of it carries why.
func Unfitted(task forecast.Task, why forecast.Reasons) forecast.Fitted { return unfitted(task, why) }

func unfitted(task forecast.Task, why forecast.Reasons) *fitted {
	f := &fitted{
		spec: forecast.Spec{Task: task, Model: Name, Needs: NeedsOf(task.Step)},
		at:   make([]mix, len(task.Horizons)),
	}
	f.spec.Horizons = slices.Clone(task.Horizons)
	f.spec.Levels = slices.Clone(task.Levels)
	for h := range f.at {
		f.at[h] = mix{full: unfittedFull(), short: unfittedShort(), reasons: why}
		f.at[h].describe()
	}
	return f
}

// unfittedFull is the mix of all horizons where nothing is known of a series.
func unfittedFull() []member {
	return []member{
		{rule: ruleIndex("last"), weight: 0.25},
		{rule: ruleIndex("median_30m"), weight: 0.25},
		{rule: ruleIndex("median_2h"), weight: 0.25},
		{rule: ruleIndex("days_median_raw_moved_1h"), weight: 0.25},
	}
}

// unfittedShort is the same without a long part.
func unfittedShort() []member {
	return []member{
		{rule: ruleIndex("last"), weight: 0.4},
		{rule: ruleIndex("median_30m"), weight: 0.3},
		{rule: ruleIndex("median_2h"), weight: 0.3},
	}
}

// ruleIndex returns the index of a predictor, or -1.
func ruleIndex(name string) int {
	return slices.IndexFunc(rules[:], func(r rule) bool { return r.name == name })
}

// describe sets the text for people, "0.75 median_1h + 0.25 last", and what the
// predictors need.
func (m *mix) describe() {
	m.detail, m.lacks = "", 0
	for _, x := range m.full {
		m.lacks |= rules[x.rule].lacks()
	}
	byWeight := slices.Clone(m.full)
	plain.SortStable(byWeight, func(a, b member) bool { return a.weight > b.weight })
	for i, x := range byWeight {
		if i > 0 {
			m.detail += " + "
		}
		m.detail += plain.Two(x.weight) + " " + rules[x.rule].name
	}
}

// durationName gives seconds as people write them: "5m", "90s".
func durationName(seconds int64) string {
	if seconds%minute == 0 {
		return strconv.FormatInt(seconds/minute, 10) + "m"
	}
	return strconv.FormatInt(seconds, 10) + "s"
}

// Spec describes the model.
func (f *fitted) Spec() *forecast.Spec { return &f.spec }

// Forecast implements forecast.Fitted. The median and the mean are the mix of
// predictors; the other quantiles are those of the changes over the horizon
// within the window, a rough guess that core/calibrate replaces.
func (f *fitted) Forecast(dst *forecast.Forecast, w *forecast.Window) error {
	recent, long, err := w.Check(&f.spec)
	if err != nil {
		return err
	}
	dst.Reset(&f.spec, w)
	reasons := w.Reasons(&f.spec, recent, long)
	var v View
	v.Reset(recent, long, dst.Scratch())
	for i := range dst.At {
		h := &dst.At[i]
		m := &f.at[i]
		h.Detail, h.Reasons = m.detail, reasons|m.reasons|m.lacks&forecast.Lacks(recent, long, h.Ahead)
		point := v.mixed(m, h.Ahead)
		if math.IsNaN(point) || math.IsInf(point, 0) {
			point = f.level
		}
		h.Mean = f.spec.Bounds.Clamp(point)
		v.quantiles(h, f.spec.Levels, point)
		for q, x := range h.Quantiles {
			h.Quantiles[q] = f.spec.Bounds.Clamp(x)
		}
	}
	return nil
}

// mixed returns the forecast of a mix. Where the window holds too little for
// one of its members, the short mix stands in; what even that lacks counts as
// the last value.
func (v *View) mixed(m *mix, ahead int64) float64 {
	sum := 0.0
	for _, x := range m.full {
		p := v.predict(x.rule, ahead)
		if math.IsNaN(p) && rules[x.rule].needsLong() {
			return v.mixedShort(m, ahead)
		}
		if math.IsNaN(p) {
			p = v.last
		}
		sum += x.weight * p
	}
	return sum
}

func (v *View) mixedShort(m *mix, ahead int64) float64 {
	sum := 0.0
	for _, x := range m.short {
		p := v.predict(x.rule, ahead)
		if math.IsNaN(p) {
			p = v.last
		}
		sum += x.weight * p
	}
	return sum
}
