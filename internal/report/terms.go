package report

import (
	"math"
	"slices"

	"github.com/foretide/foretide/core/forecast"
)

const (
	termPoints = 336 // about the most points of a term
	mostTerms  = 8   // that are told; the rest is summed up
)

// terms walks through the judged part and takes each forecast apart at the
// shortest horizon.
func (j *judge) terms(e forecast.Explainer) error {
	spec := e.Spec()
	windows := forecast.NewWindows(&j.frame, spec.Needs)
	ahead := spec.Horizons[0]
	n := j.frame.Len()
	from := max(0, int((j.s.Test-j.frame.Start)/j.frame.Step))
	stride := max(1, (n-from)/termPoints)
	var all []Term
	var w forecast.Window
	for i := from; i < n; i += stride {
		windows.At(&w, i)
		terms, err := e.Components(nil, &w, ahead)
		if err != nil {
			return err
		}
		for k, c := range terms {
			if k == len(all) {
				all = append(all, Term{Name: c.Name, Multiplies: c.Multiplies})
			}
			t := &all[k]
			t.Time = append(t.Time, j.frame.Time(i)+ahead)
			t.Value = append(t.Value, c.Value)
		}
	}
	j.s.Terms = largest(all)
	return nil
}

// largest keeps the terms that move the most and sums up the others: a
// regression has dozens.
func largest(all []Term) []Term {
	if len(all) <= mostTerms {
		return all
	}
	size := make([]float64, len(all))
	order := make([]int, len(all))
	for k := range all {
		order[k] = k
		lo, hi := math.Inf(1), math.Inf(-1)
		for _, v := range all[k].Value {
			lo, hi = min(lo, v), max(hi, v)
		}
		size[k] = hi - lo
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case size[a] > size[b]:
			return -1
		case size[a] < size[b]:
			return 1
		}
		return 0
	})
	kept := order[:mostTerms-1]
	slices.Sort(kept)
	var out []Term
	rest := Term{Name: "the rest, summed up", Time: all[0].Time, Value: make([]float64, len(all[0].Value))}
	for k := range all {
		if slices.Contains(kept, k) {
			out = append(out, all[k])
			continue
		}
		for i, v := range all[k].Value[:min(len(all[k].Value), len(rest.Value))] {
			rest.Value[i] += v
		}
	}
	return append(out, rest)
}
