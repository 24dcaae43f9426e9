package main

import (
	"fmt"
	"io"
	"math"
	"slices"
)

// A pair is what both chose for one series.
type pair struct {
	ours, theirs       *choice
	ourMASE, theirMASE float64
}

// A summary adds pairs up.
type summary struct {
	fresh bool // the rival ran beside us: its seconds count
	pairs []pair
}

func (s *summary) add(p pair) { s.pairs = append(s.pairs, p) }

// print writes the comparison. AICc compare at the same differences only.
func (s *summary) print(w io.Writer, name string) {
	n := len(s.pairs)
	if n == 0 {
		fmt.Fprintln(w, "no series")
		return
	}
	var gaps, ratios []float64
	var seconds, mase [2]float64
	near := 0
	for _, p := range s.pairs {
		seconds[0] += p.ours.Seconds
		seconds[1] += p.theirs.Seconds
		mase[0] += p.ourMASE
		mase[1] += p.theirMASE
		ratios = append(ratios, p.theirs.Seconds/p.ours.Seconds)
		if math.IsNaN(p.theirs.AICc) || p.ours.differences() != p.theirs.differences() {
			continue
		}
		gap := p.ours.AICc - p.theirs.AICc
		gaps = append(gaps, gap)
		if gap <= 0.1 {
			near++
		}
	}
	fmt.Fprintf(w, "%d series, Foretide beside %s\n", n, name)
	if len(gaps) > 0 {
		fmt.Fprintf(w, "AICc     at the same d and D on %d; within 0.1 or better on %d (%.1f %%); median difference %.2f, 95th percentile %.2f, worst %.2f\n",
			len(gaps), near, 100*float64(near)/float64(len(gaps)), quantile(gaps, 0.5), quantile(gaps, 0.95), quantile(gaps, 1))
	}
	if !math.IsNaN(mase[0]) {
		fmt.Fprintf(w, "MASE     %.4f", mase[0]/float64(n))
		if !math.IsNaN(mase[1]) {
			fmt.Fprintf(w, ", %s %.4f", name, mase[1]/float64(n))
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "seconds  %.2f", seconds[0])
	if s.fresh {
		fmt.Fprintf(w, ", %s %.2f: %.1f times as fast; series by series the ratio has median %.1f, 10th percentile %.1f",
			name, seconds[1], seconds[1]/seconds[0], quantile(ratios, 0.5), quantile(ratios, 0.1))
	}
	fmt.Fprintln(w)
}

// quantile returns the nearest-rank quantile of v.
func quantile(v []float64, q float64) float64 {
	v = slices.Clone(v)
	slices.Sort(v)
	return v[min(len(v)-1, int(q*float64(len(v))))]
}
