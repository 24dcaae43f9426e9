package fit

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/foretide/foretide/core/feature"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

// A source is one history of one metric, as windows are drawn from it.
type source struct {
	frame   *series.Frame
	metric  string
	values  []float64
	windows *forecast.Windows
	from    int     // first origin with enough past
	aheads  []ahead // horizons that have targets
	usable  int     // origins with a target
	share   float64 // of the windows drawn
}

// An ahead is a horizon of a source.
type ahead struct {
	seconds int64
	cells   int
	usual   float64 // mean |change| over it
}

// A dataset is what a network is trained on.
type dataset struct {
	sources []source
	rows    int // horizons of a window, at most
}

// newDataset lists the sources: every metric of every frame.
func (c *Config) newDataset(histories []forecast.History, horizons []int64) (*dataset, error) {
	d := &dataset{rows: len(horizons)}
	for i := range histories {
		d.add(&histories[i], horizons, c)
	}
	if len(d.sources) == 0 {
		return nil, errNoWindows
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

// add adds a history as a source, if there is something to learn from in it.
func (d *dataset) add(h *forecast.History, horizons []int64, c *Config) {
	s, ok := h.Frame.Series(h.Metric)
	if !ok {
		return
	}
	src := source{frame: &h.Frame, metric: h.Metric, values: s.Values}
	observed := 0
	for src.from < len(s.Values) && observed < c.Observe {
		if x := s.Values[src.from]; x == x {
			observed++
		}
		src.from++
	}
	for _, seconds := range horizons {
		if seconds%s.Step != 0 {
			continue
		}
		a := ahead{seconds: seconds, cells: int(seconds / s.Step)}
		if n := src.measure(&a); n > 0 && a.usual > 0 {
			src.aheads = append(src.aheads, a)
			src.usable = max(src.usable, n)
		}
	}
	if src.usable == 0 {
		return
	}
	src.windows = forecast.NewWindows(src.frame, feature.DirectNeeds(s.Step))
	src.share = math.Pow(float64(src.usable), c.Share)
	d.sources = append(d.sources, src)
}

// measure computes a.usual, and returns the number of origins with a target.
func (s *source) measure(a *ahead) (n int) {
	sum := 0.0
	for i := s.from; i+a.cells < len(s.values); i++ {
		if d := math.Abs(s.values[i+a.cells] - s.values[i]); d == d {
			sum += d
			n++
		}
	}
	a.usual = sum / float64(max(n, 1))
	return n
}

// total returns the number of windows that there are to draw from.
func (d *dataset) total() int {
	n := 0
	for i := range d.sources {
		n += d.sources[i].usable
	}
	return n
}

// A pick is a window: an origin of a source, and how many seconds of its past it
// shows.
type pick struct {
	source, origin int
	past           int64
}

// draw fills picks with the windows of a batch, drawn with replacement: a
// source by its share, then an origin of it. The batch's number and the seed
// decide alone, so the windows do not depend on who draws them, and none are
// kept: memory is that of a batch. They are sorted, which the caches like.
func (d *dataset) draw(picks []pick, cut float64, seed uint64, batch int) {
	r := rand.New(rand.NewPCG(seed, 0x6e6574776f726b00+uint64(batch)))
	for i := range picks {
		s := d.drawSource(r.Float64())
		src := &d.sources[s]
		n := len(src.values) - src.aheads[0].cells - src.from
		picks[i] = pick{s, src.from, math.MaxInt64}
		if r.Float64() < cut {
			// Of any order of magnitude, from two cells to all.
			least := 2 * float64(src.frame.Step)
			picks[i].past = int64(least * math.Pow(longest/least, r.Float64()))
		}
		// What is not observed is drawn again; of a source with hardly a usable
		// window the bound ends the search, which does no harm.
		for range 100 {
			if o := src.from + r.IntN(n); src.values[o] == src.values[o] {
				picks[i].origin = o
				break
			}
		}
	}
	slices.SortFunc(picks, func(a, b pick) int {
		if a.source != b.source {
			return a.source - b.source
		}
		return a.origin - b.origin
	})
}

// longest is the seconds of the past that a window holds.
const longest = 8 * 24 * 3600

// window returns the recent and the long part that a pick shows; w is room.
func (s *source) window(w *forecast.Window, p *pick) (recent, long series.Series) {
	s.windows.At(w, p.origin)
	recent, _ = w.Recent.Series(s.metric)
	long, _ = w.Long.Series(s.metric)
	return since(recent, recent.End()-p.past), since(long, recent.End()-p.past)
}

// since returns the cells that begin at a time or later.
func since(s series.Series, t int64) series.Series {
	if s.Start >= t || len(s.Values) == 0 {
		return s
	}
	n := int(min((t-s.Start+s.Step-1)/s.Step, int64(len(s.Values))))
	return series.Series{Start: s.Time(n), Step: s.Step, Values: s.Values[n:]}
}

// drawSource returns the source that a number in [0,1) falls on.
func (d *dataset) drawSource(x float64) int {
	for i := range d.sources {
		if x -= d.sources[i].share; x < 0 {
			return i
		}
	}
	return len(d.sources) - 1
}

// maxWeight bounds how much a window counts that is far more restless than its
// container usually is; limit bounds what is to be explained.
const (
	maxWeight = 20
	limit     = 1e6
)

// target returns the target and its weight of a horizon from an origin, in the
// window's units. A weight makes errors relative to the source's usual change
// over the horizon; it is zero where the target is not known.
func (s *source) target(a *ahead, origin int, last, scale float64) (target, weight float32) {
	j := origin + a.cells
	if j >= len(s.values) {
		return 0, 0
	}
	y := (s.values[j] - last) / scale
	if y-y != 0 {
		return 0, 0
	}
	return float32(min(max(y, -limit), limit)), float32(min(scale/a.usual, maxWeight))
}
