package fit

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/foretide/foretide/core/prophet"
)

// A builder turns data and configuration into a problem.
type builder struct {
	config   *Config
	data     Data // observed rows
	params   prophet.Params
	columns  [][]float64 // of params.Inputs
	y        []float64   // scaled
	capacity []float64   // scaled; nil without logistic growth
	terms    []term
	notes    []string
}

// A term is one or more columns of the design with one prior.
type term struct {
	name  string
	mode  prophet.Mode
	prior float64
	width int
	fill  func(dst []float64, stride int)
	keep  func(beta []float64) // stores the estimate in params
}

const day = 86400

// times sets the time scale and places the changepoints (Prophet's
// set_changepoints).
func (b *builder) times() error {
	t, p := b.data.T, &b.params
	n := len(t)
	p.Growth, p.Zone = b.config.Growth, b.config.Zone
	p.Start, p.Span = t[0], float64(t[n-1]-t[0])
	if b.config.Growth == prophet.Flat {
		// Prophet keeps changepoints without effect; their number matters to
		// nothing.
		return nil
	}
	if b.config.Changepoints != nil {
		for _, c := range b.config.Changepoints {
			if c < t[0] || c > t[n-1] {
				return errChangepoint
			}
			p.Changes = append(p.Changes, float64(c-t[0])/p.Span)
		}
		slices.Sort(p.Changes)
		return nil
	}
	size := int(math.Floor(float64(n) * b.config.ChangepointRange))
	count := b.config.NChangepoints
	if count+1 > size {
		count = size - 1
		if b.config.NChangepoints > 0 {
			b.notes = append(b.notes, "few values: changepoints are "+strconv.Itoa(max(count, 0)))
		}
	}
	for i := 1; i <= count; i++ {
		at := int(math.RoundToEven(float64(i) * (float64(size-1) / float64(count))))
		p.Changes = append(p.Changes, float64(t[at]-t[0])/p.Span)
	}
	return nil
}

// seasons adds the seasonalities: the user's, then the built-in ones (Prophet's
// set_auto_seasonalities). A user's of a built-in name takes its place.
func (b *builder) seasons() error {
	for i := range b.config.Seasonalities {
		s := &b.config.Seasonalities[i]
		condition, err := b.condition(s.Condition)
		if err != nil {
			return err
		}
		b.season(s, condition)
	}
	t := b.data.T
	span := t[len(t)-1] - t[0]
	least := int64(math.MaxInt64)
	for i := 1; i < len(t); i++ {
		if d := t[i] - t[i-1]; d > 0 {
			least = min(least, d)
		}
	}
	for _, s := range []struct {
		name     string
		period   float64
		order    int
		standard int
		off      bool
	}{
		{"yearly", 365.25, b.config.YearlySeasonality, 10, span < 730*day},
		{"weekly", 7, b.config.WeeklySeasonality, 3, span < 14*day || least >= 7*day},
		{"daily", 1, b.config.DailySeasonality, 4, span < 2*day || least >= day},
	} {
		named := slices.ContainsFunc(b.config.Seasonalities, func(o Seasonality) bool { return o.Name == s.name })
		order := s.order
		if order == Auto {
			order = s.standard
			if s.off || named {
				order = 0
			}
		}
		if order == 0 || named {
			continue
		}
		if span < int64(s.period*day) {
			b.notes = append(b.notes, s.name+" seasonality is longer than the history")
		}
		b.season(&Seasonality{Name: s.name, Period: s.period, FourierOrder: order,
			PriorScale: b.config.SeasonalityPriorScale, Mode: b.config.SeasonalityMode}, prophet.None)
	}
	return nil
}

// condition returns the input of a condition.
func (b *builder) condition(name string) (int, error) {
	switch {
	case name == "":
		return prophet.None, nil
	case b.data.Columns[name] == nil && name == "is_weekend":
		return prophet.Weekend, nil
	case b.data.Columns[name] == nil && name == "is_weekday":
		return prophet.Weekday, nil
	}
	c, err := b.data.column(name)
	if err != nil {
		return 0, err
	}
	return b.input(name, c), nil
}

func (b *builder) season(s *Seasonality, condition int) {
	at := len(b.params.Seasons)
	b.params.Seasons = append(b.params.Seasons, prophet.Season{Name: s.Name, Period: s.Period, Mode: s.Mode, Condition: condition})
	b.terms = append(b.terms, term{
		name: s.Name, mode: s.Mode, prior: s.PriorScale, width: 2 * s.FourierOrder,
		fill: func(dst []float64, stride int) { b.harmonics(dst, stride, s.Period, s.FourierOrder, condition) },
		keep: func(beta []float64) { b.params.Seasons[at].Beta = slices.Clone(beta) },
	})
}

// harmonics writes the features of a seasonality (Prophet's fourier_series).
func (b *builder) harmonics(dst []float64, stride int, period float64, order, condition int) {
	zone := &b.config.Zone
	for i, t := range b.data.T {
		row := dst[i*stride:][:2*order]
		switch {
		case condition >= 0 && b.columns[condition][i] < 0.5,
			condition == prophet.Weekend && zone.Weekday(t) < 5,
			condition == prophet.Weekday && zone.Weekday(t) >= 5:
			clear(row)
			continue
		}
		sin, cos := math.Sincos(prophet.Angle(prophet.Local(zone, t), period))
		s, c := sin, cos
		for k := 0; k < len(row); k += 2 {
			row[k], row[k+1] = s, c
			s, c = s*cos+c*sin, c*cos-s*sin
		}
	}
}

// holidays adds the events, a column for each day of their windows, in the
// order of Prophet's column names.
func (b *builder) holidays() error {
	type key struct {
		name   string
		offset int
	}
	spans := map[key][]prophet.Span{}
	priors := map[string]float64{}
	for i := range b.config.Holidays {
		h := &b.config.Holidays[i]
		if p, ok := priors[h.Name]; ok && p != h.PriorScale {
			return &configError{"holidays", "has several prior scales for " + strconv.Quote(h.Name)}
		}
		priors[h.Name] = h.PriorScale
		for o := h.Lower; o <= h.Upper; o++ {
			k := key{h.Name, o}
			spans[k] = append(spans[k], b.occurrence(h, int64(o)))
		}
	}
	keys := make([]key, 0, len(spans))
	for k := range spans {
		keys = append(keys, k)
	}
	label := func(k key) string {
		sign := "+"
		if k.offset < 0 {
			sign = "-"
		}
		return k.name + "_delim_" + sign + strconv.Itoa(max(k.offset, -k.offset))
	}
	slices.SortFunc(keys, func(a, c key) int { return strings.Compare(label(a), label(c)) })
	for _, k := range keys {
		at := len(b.params.Events)
		b.params.Events = append(b.params.Events, prophet.Event{Name: k.name, Offset: k.offset, Mode: b.config.HolidaysMode, Spans: prophet.MergeSpans(spans[k])})
		b.terms = append(b.terms, term{
			name: k.name, mode: b.config.HolidaysMode, prior: priors[k.name], width: 1,
			fill: func(dst []float64, stride int) {
				e := &b.params.Events[at]
				for i, t := range b.data.T {
					dst[i*stride] = 0
					if e.Covers(t) {
						dst[i*stride] = 1
					}
				}
			},
			keep: func(beta []float64) { b.params.Events[at].Beta = beta[0] },
		})
	}
	return nil
}

// occurrence returns when an event is, the given number of days or lengths
// away from its own.
func (b *builder) occurrence(h *Holiday, offset int64) prophet.Span {
	if h.Length > 0 {
		at := h.At + offset*h.Length
		// Cells that begin earlier and reach into it.
		return prophet.Span{From: at - max(b.data.Cell-1, 0), To: at + h.Length}
	}
	return prophet.DaySpan(&b.config.Zone, h.At, offset)
}

// regressors adds the extra regressors, standardised by Prophet's rule.
func (b *builder) regressors() error {
	for i := range b.config.Regressors {
		r := &b.config.Regressors[i]
		x, err := b.data.column(r.Name)
		if err != nil {
			return err
		}
		mean, std := standard(x, r.Standardize)
		at := len(b.params.Regressors)
		b.params.Regressors = append(b.params.Regressors, prophet.Regressor{Input: b.input(r.Name, x), Mode: r.Mode, Mean: mean, Std: std})
		b.terms = append(b.terms, term{
			name: r.Name, mode: r.Mode, prior: r.PriorScale, width: 1,
			fill: func(dst []float64, stride int) {
				for i, v := range x {
					dst[i*stride] = (v - mean) / std
				}
			},
			keep: func(beta []float64) { b.params.Regressors[at].Beta = beta[0] },
		})
	}
	return nil
}

// standard returns what is subtracted from a regressor and what it is then
// divided by.
func standard(x []float64, how Standardize) (mean, std float64) {
	binary, zero, one, single := true, false, false, true
	sum := 0.0
	for _, v := range x {
		zero, one = zero || v == 0, one || v == 1
		binary = binary && (v == 0 || v == 1)
		single = single && v == x[0]
		sum += v
	}
	if single || how == StandardizeNo || how == StandardizeAuto && binary && zero && one {
		return 0, 1
	}
	mean = sum / float64(len(x))
	ss := 0.0
	for _, v := range x {
		ss += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(ss / float64(len(x)-1))
}
