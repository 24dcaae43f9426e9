package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/foretide/foretide/benchmarks/internal/trial"
)

// A rule is one way to follow. Steps move a forecast by a share rate of what the
// metric usually moves; a share pull of what was learnt is forgotten at each.
type rule struct {
	// "shift" adds to the forecast, "gain" multiplies its distance from the last
	// value; "weights" moves the weights, in units of the inputs' usual sizes and by
	// more where the window is restless, "plain" as the inputs are; "recursive" is
	// recursive least squares, weighted so that it follows absolute deviations.
	what       string
	rate, pull float64
	keep       bool    // what was learnt outlasts a renewal
	sparse     bool    // it is told of one cell in 35 minutes, as a backtest tells it
	forget     float64 // of the recursive rule, at each step
	least      float64 // what the squares of the inputs are taken to add up to, at least
}

func (r *rule) String() string {
	return fmt.Sprintf("%-9s rate %-6g pull %-6g least %-3g forget %-6g keep %-5v sparse %v", r.what, r.rate, r.pull, r.least, r.forget, r.keep, r.sparse)
}

// rules are those that are tried.
func rules() []rule {
	out := []rule{{}}
	for _, what := range []string{"shift", "gain", "weights"} {
		for _, rate := range []float64{0.003, 0.01, 0.03, 0.1} {
			for _, pull := range []float64{0, 0.003, 0.03} {
				out = append(out, rule{what: what, rate: rate, pull: pull})
			}
		}
	}
	for _, rate := range []float64{0.01, 0.02, 0.03, 0.05} {
		for _, pull := range []float64{0.01, 0.03, 0.1} {
			for _, least := range []float64{1, 10, float64(inputs)} {
				out = append(out, rule{what: "plain", rate: rate, pull: pull, least: least})
			}
		}
	}
	for _, rate := range []float64{0.02, 0.05, 0.1} {
		out = append(out, rule{what: "plain", rate: rate, pull: 0.03, least: float64(inputs), sparse: true})
	}
	out = append(out, rule{what: "plain", rate: 0.02, pull: 0.03, least: float64(inputs), keep: true})
	for _, forget := range []float64{0.999, 0.9997} {
		out = append(out, rule{what: "recursive", rate: 1, forget: forget})
	}
	return out
}

// try prints the ratio to persistence of each rule, for half of the containers to
// choose by and for the other half.
func tryRules(path string, fixed bool) error {
	tried := rules()
	// By half, rule, horizon and source: the series' ratios.
	got := make([][2][3]map[string][]float64, len(tried))
	n := 0
	err := read(path, func(c *Case) {
		n++
		source, _, _ := strings.Cut(c.Name, "/")
		container, _, _ := strings.Cut(c.Name, " ")
		half := 0
		for _, b := range []byte(container) {
			half += int(b)
		}
		half %= 2
		for k := range tried {
			ratios := c.judge(&tried[k], fixed)
			for h, x := range ratios {
				m := &got[k][half][h]
				if *m == nil {
					*m = map[string][]float64{}
				}
				if x == x {
					(*m)[source] = append((*m)[source], x)
				}
			}
		}
	})
	if err != nil {
		return err
	}
	fmt.Printf("%d series, judged at least %g of what is before the test part\n", n, trial.TestShare)
	for k := range tried {
		for half := range 2 {
			fmt.Printf("%.4f (mean log %.4f)  ", overall(&got[k][half]), meanLog(&got[k][half]))
		}
		fmt.Println(tried[k].String())
	}
	return nil
}

// overall is the mean of sources and horizons of the medians of series.
func overall(by *[3]map[string][]float64) float64 {
	sum, n := 0.0, 0.0
	for h := range by {
		for _, x := range by[h] {
			x = slices.Sorted(slices.Values(x))
			sum += (x[len(x)/2] + x[(len(x)-1)/2]) / 2
			n++
		}
	}
	return sum / n
}

func meanLog(by *[3]map[string][]float64) float64 {
	sum, n := 0.0, 0.0
	for h := range by {
		for _, x := range by[h] {
			for _, v := range x {
				sum += math.Log(max(v, 1e-3))
				n++
			}
		}
	}
	return sum / n
}

// A follower is what follows of one horizon.
type follower struct {
	rule  *rule
	unit  *[inputs]float64
	usual float64
	shift float64
	gain  float64
	delta [inputs]float64
	p     []float64 // inverse Hessian of the recursive rule
}

// judge returns each horizon's mean absolute error by persistence's, NaN where
// there is none.
func (c *Case) judge(r *rule, fixed bool) (out [3]float64) {
	every := int(2100 / c.Step)
	for h, ahead := range horizons {
		rows, cells := c.Rows[h], int(ahead/c.Step)
		f := follower{rule: r, unit: &c.Unit[h], usual: max(c.Usual[h], 1e-9), gain: 1}
		day := -1
		var sum, naive float64
		for i := range rows {
			cell := c.First + i
			for day+1 < len(c.Days) && (cell >= c.Days[day+1].From && !(fixed && day >= 0) || day < 0) {
				day++
				if !r.keep {
					f.shift, f.gain, f.delta, f.p = 0, 1, [inputs]float64{}, nil
				}
			}
			w := &c.Days[day].Weights[h]
			judged := (cell-c.Begin)%every == 0
			// What is known by now.
			if j := i - cells; r.what != "" && j >= 0 && rows[j].Actual && cell > c.Begin && (!r.sparse || (cell-cells-c.Begin)%every == 0) {
				f.see(&rows[j], w, min(rows[j].Scale/max(c.Size, 1e-300), 3))
			}
			if cell < c.Begin || !judged || !rows[i].Actual {
				continue
			}
			row := &rows[i]
			sum += row.Scale * math.Abs(row.Y-f.of(row, w))
			naive += row.Scale * math.Abs(row.Y)
		}
		out[h] = math.NaN()
		if naive > 0 {
			out[h] = sum / naive
		}
	}
	return out
}

// of returns the forecast of a row.
func (f *follower) of(row *Row, w *[inputs]float64) float64 {
	m := 0.0
	for j, x := range row.X {
		m += (w[j] + f.delta[j]) * float64(x)
	}
	return f.gain*m + f.shift
}

// see learns from a row that came true; weight is how much it counts.
func (f *follower) see(row *Row, w *[inputs]float64, weight float64) {
	r := f.rule
	m := f.of(row, w)
	e := (row.Y - m) / f.usual
	sign := weight * min(max(10*e, -1), 1)
	keep := 1 - r.pull
	switch r.what {
	case "shift":
		f.shift = keep*f.shift + r.rate*f.usual*sign
		f.shift = min(max(f.shift, -f.usual), f.usual)
	case "gain":
		base := (m - f.shift) / f.gain / f.usual
		f.gain = 1 + keep*(f.gain-1) + r.rate*sign*base/(1+math.Abs(base))
		f.gain = min(max(f.gain, 0.3), 1.7)
	case "weights":
		norm := 0.0
		for j, x := range row.X {
			if z := float64(x) / f.unit[j]; f.unit[j] > 0 {
				norm += z * z
			}
		}
		norm = max(norm, float64(inputs))
		for j, x := range row.X {
			if f.unit[j] > 0 {
				z := float64(x) / f.unit[j]
				d := keep*f.delta[j]*f.unit[j] + r.rate*f.usual*sign*z/norm
				f.delta[j] = min(max(d, -f.usual), f.usual) / f.unit[j]
			}
		}
	case "plain":
		norm := 0.0
		for _, x := range row.X {
			norm += float64(x) * float64(x)
		}
		norm = max(norm, r.least)
		sign = min(max(10*e, -1), 1)
		for j, x := range row.X {
			f.delta[j] = keep*f.delta[j] + r.rate*f.usual*sign*float64(x)/norm
		}
	case "recursive":
		f.recurse(row, e, weight)
	}
}

// recurse is a step of recursive least squares, weighted so that it follows
// absolute deviations, with forgetting.
func (f *follower) recurse(row *Row, e, weight float64) {
	const n = inputs
	if f.p == nil {
		f.p = make([]float64, n*n)
		for j := range n {
			f.p[j*n+j] = 0.003
		}
	}
	var z, pz [n]float64
	for j, x := range row.X {
		if f.unit[j] > 0 {
			z[j] = min(max(float64(x)/f.unit[j], -20), 20)
		}
	}
	zpz := 0.0
	for j := range n {
		for k := range n {
			pz[j] += f.p[j*n+k] * z[k]
		}
		zpz += z[j] * pz[j]
	}
	v := weight / max(math.Abs(e), 0.1) // of the squared error, so that it counts as the absolute
	g := v / (f.rule.forget + v*zpz)
	for j := range n {
		if f.unit[j] > 0 {
			f.delta[j] += f.rule.rate * f.usual * g * pz[j] * e / f.unit[j]
		}
		for k := range n {
			f.p[j*n+k] = (f.p[j*n+k] - g*pz[j]*pz[k]) / f.rule.forget
		}
	}
	trace := 0.0
	for j := range n {
		trace += f.p[j*n+j]
	}
	if limit := 0.01 * float64(n); trace > limit {
		for j := range f.p {
			f.p[j] *= limit / trace
		}
	}
}
