package prophetjson

import (
	"maps"
	"slices"
	"strconv"

	"github.com/goccy/go-json"

	"github.com/foretide/foretide/core/prophet"
)

// terms hands out the coefficients in the order of Prophet's design:
// seasonalities, holidays by the names of their columns, regressors.
type terms struct {
	model  *model
	params *prophet.Params
	beta   []float64
	last   map[string]any // row of the history
}

func (t *terms) all() error {
	if err := t.history(); err != nil {
		return err
	}
	if t.params.Growth == prophet.Logistic {
		t.params.CapInput = t.input("cap")
		if t.model.LogisticFloor {
			t.params.FloorInput = t.input("floor")
		}
	}
	for _, step := range []func() error{t.seasons, t.events, t.regressors} {
		if err := step(); err != nil {
			return err
		}
	}
	// Without any term Prophet has a column of zeros.
	terms := len(t.params.Seasons) + len(t.params.Events) + len(t.params.Regressors)
	if len(t.beta) > 0 && !(terms == 0 && len(t.beta) == 1) {
		return wrong("it has %d coefficients more than terms", len(t.beta))
	}
	return nil
}

// table is a data frame (orient='table').
type table struct {
	Data []map[string]any `json:"data"`
}

func (t *terms) history() error {
	if t.model.History == nil {
		return nil
	}
	var h table
	if err := json.Unmarshal([]byte(*t.model.History), &h); err != nil {
		return wrong("history: %v", err)
	}
	if n := len(h.Data); n > 0 {
		t.last = h.Data[n-1]
	}
	return nil
}

// input makes a column an input. Its typical value is the last in the history.
func (t *terms) input(name string) int {
	for i := range t.params.Inputs {
		if t.params.Inputs[i].Name == name {
			return i
		}
	}
	in := prophet.Input{Name: name}
	switch v := t.last[name].(type) {
	case float64:
		in.Typical = v
	case bool:
		if v {
			in.Typical = 1
		}
	}
	t.params.Inputs = append(t.params.Inputs, in)
	return len(t.params.Inputs) - 1
}

// take returns the next n coefficients.
func (t *terms) take(n int, of string) ([]float64, error) {
	if n < 0 || n > len(t.beta) {
		return nil, wrong("it has no coefficients for %q", of)
	}
	b := t.beta[:n]
	t.beta = t.beta[n:]
	return b, nil
}

func mode(name string) (prophet.Mode, error) {
	switch name {
	case "additive":
		return prophet.Additive, nil
	case "multiplicative":
		return prophet.Multiplicative, nil
	}
	return 0, wrong("a mode is %q", name)
}

func (t *terms) seasons() error {
	for _, name := range t.model.Seasonalities.keys {
		s, ok := t.model.Seasonalities.values[name]
		if !ok || s.FourierOrder < 1 || s.FourierOrder > 1<<20 {
			return wrong("seasonality %q is incomplete", name)
		}
		m, err := mode(s.Mode)
		if err != nil {
			return err
		}
		beta, err := t.take(2*s.FourierOrder, name)
		if err != nil {
			return err
		}
		condition := prophet.None
		if s.Condition != nil {
			condition = t.input(*s.Condition)
		}
		t.params.Seasons = append(t.params.Seasons, prophet.Season{Name: name, Period: s.Period, Mode: m, Condition: condition, Beta: beta})
	}
	return nil
}

// mostDays bounds the days of all windows of all holidays.
const mostDays = 1 << 16

func (t *terms) events() error {
	if t.model.Holidays == nil {
		return nil
	}
	var rows table
	if err := json.Unmarshal([]byte(*t.model.Holidays), &rows); err != nil {
		return wrong("holidays: %v", err)
	}
	name := t.model.HolidaysMode
	if name == "" { // before 1.1.5
		name = t.model.SeasonalityMode
	}
	m, err := mode(name)
	if err != nil {
		return err
	}
	byColumn := map[string]*prophet.Event{}
	days := 0
	for _, r := range rows.Data {
		holiday, _ := r["holiday"].(string)
		when, _ := r["ds"].(string)
		at, ok := moment(when, &t.params.Zone)
		lower, upper := whole(r["lower_window"]), whole(r["upper_window"])
		days += upper - lower + 1
		if holiday == "" || !ok || lower > 0 || upper < 0 || days > mostDays {
			return wrong("a holiday is %v", r)
		}
		for o := lower; o <= upper; o++ {
			sign := "+"
			if o < 0 {
				sign = "-"
			}
			column := holiday + "_delim_" + sign + strconv.Itoa(max(o, -o))
			e := byColumn[column]
			if e == nil {
				e = &prophet.Event{Name: holiday, Offset: o, Mode: m}
				byColumn[column] = e
			}
			e.Spans = append(e.Spans, prophet.DaySpan(&t.params.Zone, at, int64(o)))
		}
	}
	for _, column := range slices.Sorted(maps.Keys(byColumn)) {
		e := byColumn[column]
		b, err := t.take(1, column)
		if err != nil {
			return err
		}
		e.Beta, e.Spans = b[0], prophet.MergeSpans(e.Spans)
		t.params.Events = append(t.params.Events, *e)
	}
	return nil
}

// whole returns a number of days; 0 for what is none.
func whole(v any) int {
	f, _ := v.(float64)
	if f != f || f < -mostDays || f > mostDays {
		return 2 * mostDays // refused
	}
	return int(f)
}

func (t *terms) regressors() error {
	for _, name := range t.model.Regressors.keys {
		r, ok := t.model.Regressors.values[name]
		if !ok {
			return wrong("regressor %q is incomplete", name)
		}
		m, err := mode(r.Mode)
		if err != nil {
			return err
		}
		beta, err := t.take(1, name)
		if err != nil {
			return err
		}
		in := t.input(name)
		// The history has it standardised.
		t.params.Inputs[in].Typical = t.params.Inputs[in].Typical*r.Std + r.Mu
		t.params.Regressors = append(t.params.Regressors, prophet.Regressor{Input: in, Mode: m, Mean: r.Mu, Std: r.Std, Beta: beta[0]})
	}
	return nil
}
