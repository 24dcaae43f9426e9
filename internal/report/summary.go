package report

import (
	"slices"

	"github.com/foretide/foretide/core/forecast"
)

// summarise computes everything that is about several series.
func (r *Report) summarise() {
	every := make([]*Series, len(r.Series))
	for i := range r.Series {
		every[i] = &r.Series[i]
	}
	r.All = group("", every)
	for _, m := range r.Metrics {
		r.ByMetric = append(r.ByMetric, group(m, where(every, func(s *Series) bool { return s.Metric == m })))
	}
	for _, c := range r.Containers {
		r.ByName = append(r.ByName, group(c, where(every, func(s *Series) bool { return s.Container == c })))
	}
	slices.SortStableFunc(r.ByName, func(a, b Group) int { return worse(a.Ratio, b.Ratio, a.Name, b.Name) })
	r.Served = served(r.Metrics, every)
	r.Hours = byHour(every)
	r.Cover, r.Levels = covers(every)
}

func where(all []*Series, keep func(*Series) bool) (out []*Series) {
	for _, s := range all {
		if keep(s) {
			out = append(out, s)
		}
	}
	return out
}

// group sums up series as backtest.Summarise does, with last week beside.
func group(name string, members []*Series) Group {
	g := Group{Name: name, Better: nan, P95: nan}
	var ratios []float64
	for _, h := range horizons(members) {
		var scores []Score
		for _, s := range members {
			for k := range s.Scores {
				if sc := &s.Scores[k]; sc.Horizon == h && finite(sc.Ratio) {
					scores = append(scores, *sc)
					ratios = append(ratios, sc.Ratio)
				}
			}
		}
		at := groupAt(h, scores)
		g.Series = max(g.Series, at.Series)
		g.At = append(g.At, at)
	}
	g.Ratio = meanOf(g.At, func(a *GroupAt) float64 { return a.Ratio })
	g.Week = meanOf(g.At, func(a *GroupAt) float64 { return a.Week })
	g.Coverage = meanOf(g.At, func(a *GroupAt) float64 { return a.Coverage })
	if len(ratios) > 0 {
		slices.Sort(ratios)
		better, _ := slices.BinarySearch(ratios, 1)
		g.Better = float64(better) / float64(len(ratios))
		g.P95 = ratios[int(0.95*float64(len(ratios)-1))]
	}
	return g
}

func groupAt(h int64, scores []Score) GroupAt {
	at := GroupAt{
		Horizon: h, Series: len(scores),
		MAE:         medianOf(scores, func(s *Score) float64 { return s.MAE }),
		Persistence: medianOf(scores, func(s *Score) float64 { return s.Persistence }),
		WeekMAE:     medianOf(scores, func(s *Score) float64 { return s.WeekMAE }),
		Ratio:       medianOf(scores, func(s *Score) float64 { return s.Ratio }),
		Week:        medianOf(scores, func(s *Score) float64 { return s.WeekRatio }),
		Coverage:    medianOf(scores, func(s *Score) float64 { return s.Coverage }),
		R2:          medianOf(scores, func(s *Score) float64 { return s.R2 }),
	}
	for i := range scores {
		s := &scores[i]
		if s.Ratio < 1 {
			at.BetterThanLast++
		}
		if finite(s.WeekRatio) {
			at.WeekHas++
			if s.Ratio < s.WeekRatio {
				at.BetterThanWeek++
			}
		}
	}
	return at
}

// horizons returns the horizons of the series, ascending.
func horizons(all []*Series) []int64 {
	var out []int64
	for _, s := range all {
		for i := range s.Scores {
			if !slices.Contains(out, s.Scores[i].Horizon) {
				out = append(out, s.Scores[i].Horizon)
			}
		}
	}
	slices.Sort(out)
	return out
}

// served lists the models that serve each metric.
func served(metrics []string, all []*Series) (out []Served) {
	for _, m := range metrics {
		of := map[string][]*Series{}
		var names []string
		for _, s := range all {
			if s.Metric == m {
				if of[s.Serving.Asked] == nil {
					names = append(names, s.Serving.Asked)
				}
				of[s.Serving.Asked] = append(of[s.Serving.Asked], s)
			}
		}
		slices.Sort(names)
		for _, name := range names {
			out = append(out, newServed(m, name, of[name]))
		}
	}
	return out
}

func newServed(metric, asked string, members []*Series) Served {
	x := Served{Metric: metric, Asked: asked, Series: len(members)}
	for i, s := range members {
		v := &s.Serving
		if v.Shared {
			x.Shared++
		}
		if v.Reasons&forecast.Fallback != 0 {
			x.StandIn++
		}
		if i == 0 || v.FittedTo < x.From {
			x.From = v.FittedTo
		}
		x.To = max(x.To, v.FittedTo)
	}
	x.Ratio = medianOf(members, func(s **Series) float64 { return (*s).Ratio })
	x.Validation = medianOf(members, func(s **Series) float64 { return (*s).Serving.Validation })
	return x
}
