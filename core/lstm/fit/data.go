package fit

import (
	"cmp"
	"math"
	"slices"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/lstm"
	"github.com/foretide/foretide/core/series"
)

// A source is one container's history as windows are drawn from it.
type source struct {
	frame   *series.Frame
	values  []float64
	windows *forecast.Windows
	from    int       // first origin with enough past
	split   int       // origins and targets before it are trained on
	usual   []float64 // by horizon: mean |change| over it in the part before split
	usable  int       // origins to train on
	share   float64   // of the windows of an epoch
	other   bool      // of another metric, which stands in for the task's
}

// A dataset is what a network is trained on.
type dataset struct {
	task    forecast.Task
	ahead   []int // horizons in cells
	others  []string
	steps   int
	sources []source
}

// newDataset lists the sources. held is the share of each history, at its end,
// that is kept for validation.
func (c *Config) newDataset(history []series.Frame, task forecast.Task, held float64) (*dataset, error) {
	d := &dataset{task: task, steps: c.Steps, others: othersOf(history, task.Metric, c.MaxOthers)}
	for _, h := range task.Horizons {
		d.ahead = append(d.ahead, int(h/task.Step))
	}
	needs := lstm.NeedsOf(task.Step, c.Steps)
	for i := range history {
		f := &history[i]
		s, ok := f.Series(task.Metric)
		if !ok || f.Len() == 0 {
			continue
		}
		if s.Step != task.Step {
			return nil, forecast.ErrStep
		}
		d.add(f, needs, held, 1, c)
		for k, m := range f.Metrics {
			if m != task.Metric && c.OtherMetrics > 0 {
				d.add(asMetric(f, k, task.Metric), needs, held, c.OtherMetrics, c)
			}
		}
	}
	if !slices.ContainsFunc(d.sources, func(s source) bool { return !s.other }) {
		return nil, ErrNoWindows
	}
	total := 0.0
	for i := range d.sources {
		total += d.sources[i].share
	}
	for i := range d.sources {
		d.sources[i].share /= total
	}
	return d, nil
}

// asMetric returns a frame in which column k of f is the metric, and which has no
// other: to a network that reads changes in units of their own, one metric is
// much like another, and it learns from all what daily curves and jobs on a
// schedule look like.
func asMetric(f *series.Frame, k int, metric string) *series.Frame {
	return &series.Frame{Container: f.Container, Start: f.Start, Step: f.Step,
		Metrics: []string{metric}, Columns: [][]float64{f.Columns[k]}}
}

// add adds the series of the task's metric in a frame as a source, if there is
// something to learn from in it. Long histories count more, but do not drown
// the short ones.
func (d *dataset) add(f *series.Frame, needs forecast.Needs, held, weight float64, c *Config) {
	s, _ := f.Series(d.task.Metric)
	src := source{frame: f, values: s.Values, windows: forecast.NewWindows(f, needs), other: weight < 1}
	src.from = firstOrigin(s.Values, c.MinObservation)
	src.split = series.SplitShares(len(s.Values), held, 0).Train.To
	if src.usable = src.measure(d.ahead); src.usable > 0 {
		src.share = weight * math.Sqrt(float64(src.usable))
		d.sources = append(d.sources, src)
	}
}

// firstOrigin returns the first cell up to which so many are observed.
func firstOrigin(values []float64, observed int) int {
	for i, x := range values {
		if x == x {
			if observed--; observed <= 0 {
				return i
			}
		}
	}
	return len(values)
}

// measure computes usual and returns the number of origins that have a target
// in the part before split.
func (s *source) measure(ahead []int) (usable int) {
	s.usual = make([]float64, len(ahead))
	for k, a := range ahead {
		sum, n := 0.0, 0
		for i := s.from; i+a < s.split; i++ {
			if d := math.Abs(s.values[i+a] - s.values[i]); d == d {
				sum += d
				n++
			}
		}
		if n > 0 {
			s.usual[k] = sum / float64(n)
		}
		usable = max(usable, n)
	}
	return usable
}

// othersOf returns the other metrics of the history that most containers have,
// at most so many, sorted by name.
func othersOf(history []series.Frame, metric string, most int) []string {
	count := map[string]int{}
	for i := range history {
		for _, m := range history[i].Metrics {
			if m != metric {
				count[m]++
			}
		}
	}
	var names []string
	for m := range count {
		names = append(names, m)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b))
	})
	names = names[:min(len(names), most)]
	slices.Sort(names)
	return names
}

// windows returns the number of windows that there are to draw from.
func (d *dataset) windows() int {
	n := 0
	for i := range d.sources {
		n += d.sources[i].usable
	}
	return n
}

// A pick is a window: an origin of a source.
type pick struct{ source, origin int }

// held returns the windows that training is judged by: evenly spaced origins
// after the split of each source of the task's own metric, about n in all.
func (d *dataset) held(n int) []pick {
	own := 0.0
	for i := range d.sources {
		if !d.sources[i].other {
			own += d.sources[i].share
		}
	}
	var out []pick
	for i := range d.sources {
		s := &d.sources[i]
		if s.other {
			continue
		}
		want := max(int(float64(n)*s.share/own), 1)
		stride := max((len(s.values)-s.split)/want, 1)
		for o := s.split; o < len(s.values); o += stride {
			if s.values[o] == s.values[o] && o >= s.from {
				out = append(out, pick{i, o})
			}
		}
	}
	return out
}

// target fills target and weight, one for each horizon, of a window whose sample
// has been made. Targets lie before cell end. A weight makes errors relative to
// the source's usual change over the horizon.
func (d *dataset) target(target, weight []float32, p pick, s *lstm.Sample, end int) {
	src := &d.sources[p.source]
	for k, a := range d.ahead {
		target[k], weight[k] = 0, 0
		if p.origin+a >= end || src.usual[k] == 0 {
			continue
		}
		y := (src.values[p.origin+a] - s.Last) / s.Scale
		if y-y != 0 {
			continue
		}
		target[k] = float32(min(max(y, -1e6), 1e6))
		weight[k] = float32(min(s.Scale/src.usual[k], maxWeight))
	}
}

// maxWeight bounds how much a window counts that is far more restless than
// its container usually is.
const maxWeight = 20
