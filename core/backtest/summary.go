package backtest

import (
	"math"
	"slices"
	"strings"
)

// By says how series are grouped in a summary.
type By string

// The groupings. The source is the container's name up to its first slash.
const (
	BySource By = "source"
	ByMetric By = "metric"
	BySeries By = "series"
)

// A Group sums up the series of one model that belong together.
type Group struct {
	Model, Name string
	Series      int       // the most series that a horizon has
	At          []GroupAt // one for each horizon, ascending
	// Better is the share of series and horizons with a ratio below 1, P95 the
	// 95th percentile of their ratios, Missing their mean share of rows
	// without a forecast.
	Better, P95, Missing float64
}

// A GroupAt holds medians over a group's series at one horizon. A median over
// nothing is NaN.
type GroupAt struct {
	Horizon           int64 // seconds
	Series            int
	Ratio, R2         float64
	Coverage, Width   float64
	MAE, RMSE, SMAPE  float64
	MASE, Persistence float64
	Winkler, Pinball  float64 // by the MAE of persistence, so that units do not matter
}

// An Overall is a model's summary over all groups.
type Overall struct {
	Model string
	// Horizons and Ratios are the mean over the groups of each horizon's
	// median ratio, and Ratio is the mean over the horizons.
	Horizons []int64
	Ratios   []float64
	Ratio    float64
	Coverage float64 // the same, of the coverage
	// Better and P95 are as in Group, over everything.
	Better, P95 float64
}

// name is the group that a series belongs to.
func (b By) name(s *Series) string {
	switch b {
	case ByMetric:
		return s.Metric
	case BySeries:
		return s.Container + " " + s.Metric
	}
	source, _, _ := strings.Cut(s.Container, "/")
	return source
}

// Summarise groups the series of all models: models in the order in which
// they come, groups by name. A series and horizon at which persistence makes
// no error is left out.
func Summarise(all []Series, by By) []Group {
	var out []Group
	for _, model := range Models(all) {
		members := map[string][]*Series{}
		var names []string
		for i := range all {
			s := &all[i]
			if s.Model != model {
				continue
			}
			name := by.name(s)
			if members[name] == nil {
				names = append(names, name)
			}
			members[name] = append(members[name], s)
		}
		slices.Sort(names)
		for _, name := range names {
			if g := newGroup(model, name, members[name]); g.Series > 0 {
				out = append(out, g)
			}
		}
	}
	return out
}

// Models returns the models of the series in the order in which they come.
func Models(all []Series) []string {
	var out []string
	for i := range all {
		if !slices.Contains(out, all[i].Model) {
			out = append(out, all[i].Model)
		}
	}
	return out
}

// horizons returns the horizons of the series, ascending.
func horizons(all []*Series) []int64 {
	var out []int64
	for _, s := range all {
		for i := range s.At {
			if !slices.Contains(out, s.At[i].Horizon) {
				out = append(out, s.At[i].Horizon)
			}
		}
	}
	slices.Sort(out)
	return out
}

func newGroup(model, name string, members []*Series) Group {
	g := Group{Model: model, Name: name, Better: nan, P95: nan, Missing: nan}
	var every []*Score
	for _, h := range horizons(members) {
		var scores []*Score
		for _, s := range members {
			for i := range s.At {
				if s.At[i].Horizon == h && finite(s.At[i].Ratio) {
					scores = append(scores, &s.At[i])
				}
			}
		}
		g.At = append(g.At, newGroupAt(h, scores))
		g.Series = max(g.Series, len(scores))
		every = append(every, scores...)
	}
	g.Better, g.P95 = tail(every)
	g.Missing = meanOf(every, func(s *Score) float64 { return s.Missing })
	return g
}

func newGroupAt(h int64, scores []*Score) GroupAt {
	med := func(get func(*Score) float64) float64 {
		v := make([]float64, len(scores))
		for i, s := range scores {
			v[i] = get(s)
		}
		return Median(v)
	}
	return GroupAt{
		Horizon: h, Series: len(scores),
		Ratio:       med(func(s *Score) float64 { return s.Ratio }),
		R2:          med(func(s *Score) float64 { return s.R2 }),
		Coverage:    med(func(s *Score) float64 { return s.Coverage }),
		Width:       med(func(s *Score) float64 { return s.Width }),
		MAE:         med(func(s *Score) float64 { return s.MAE }),
		RMSE:        med(func(s *Score) float64 { return s.RMSE }),
		SMAPE:       med(func(s *Score) float64 { return s.SMAPE }),
		MASE:        med(func(s *Score) float64 { return s.MASE }),
		Persistence: med(func(s *Score) float64 { return s.Persistence }),
		Winkler:     med(func(s *Score) float64 { return s.Winkler / s.Persistence }),
		Pinball:     med(func(s *Score) float64 { return s.MeanPinball() / s.Persistence }),
	}
}

// tail returns the share of ratios below 1 and their 95th percentile.
func tail(scores []*Score) (better, p95 float64) {
	if len(scores) == 0 {
		return nan, nan
	}
	ratios := make([]float64, len(scores))
	for i, s := range scores {
		ratios[i] = s.Ratio
		if s.Ratio < 1 {
			better++
		}
	}
	slices.Sort(ratios)
	return better / float64(len(ratios)), ratios[int(0.95*float64(len(ratios)-1))]
}

// Overalls sums up each model over the groups: the published figure is that
// by source.
func Overalls(all []Series, by By) []Overall {
	groups := Summarise(all, by)
	var out []Overall
	for _, model := range Models(all) {
		o := Overall{Model: model}
		ratios, covers := map[int64][]float64{}, map[int64][]float64{}
		for i := range groups {
			if groups[i].Model != model {
				continue
			}
			for _, at := range groups[i].At {
				if at.Series > 0 {
					ratios[at.Horizon] = append(ratios[at.Horizon], at.Ratio)
					covers[at.Horizon] = append(covers[at.Horizon], at.Coverage)
				}
			}
		}
		var cover []float64
		for h := range ratios {
			o.Horizons = append(o.Horizons, h)
		}
		slices.Sort(o.Horizons)
		for _, h := range o.Horizons {
			o.Ratios = append(o.Ratios, sum(ratios[h])/float64(len(ratios[h])))
			cover = append(cover, sum(covers[h])/float64(len(covers[h])))
		}
		o.Ratio, o.Coverage = sum(o.Ratios)/float64(len(o.Ratios)), sum(cover)/float64(len(cover))
		o.Better, o.P95 = tail(scored(all, model))
		out = append(out, o)
	}
	return out
}

// scored returns the scores of a model that count in summaries.
func scored(all []Series, model string) []*Score {
	var out []*Score
	for i := range all {
		for k := range all[i].At {
			if all[i].Model == model && finite(all[i].At[k].Ratio) {
				out = append(out, &all[i].At[k])
			}
		}
	}
	return out
}

func meanOf(scores []*Score, get func(*Score) float64) float64 {
	s := 0.0
	for _, x := range scores {
		s += get(x)
	}
	return s / float64(len(scores))
}

// Median returns the median of the values that are not NaN, the mean of the
// middle two of an even number; NaN where there are none. It sorts v.
func Median(v []float64) float64 {
	v = slices.DeleteFunc(v, math.IsNaN)
	if len(v) == 0 {
		return nan
	}
	slices.Sort(v)
	m := len(v) / 2
	if len(v)%2 == 1 {
		return v[m]
	}
	return (v[m-1] + v[m]) / 2
}
