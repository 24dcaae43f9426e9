package serving

import (
	"maps"
	"math"
	"slices"
	"sync"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

// A history is the recent values of every container on one grid. Cells are only
// ever added, so that a frame that was handed out stays as it is.
type history struct {
	step    int64 // seconds
	window  int   // cells that are kept
	room    int   // cells that there is storage for
	most    int   // series
	forget  int64 // seconds without a value after which a container is gone
	metrics []string

	mu      sync.RWMutex
	records map[string]*record
	through int64 // of the last cell that frames show; 0: none
	series  int
	// Containers with a series more than there may be: of this reading, and how
	// many they were in the last.
	refused     map[string]bool
	refusedLast int
}

// mostRefused bounds how many names of refused containers are kept.
const mostRefused = 10_000

type record struct {
	start   int64       // of the first cell
	columns [][]float64 // by the history's metrics; nil where there was no value yet
	last    int64       // of the last value
}

func newHistory(step, window, forget int64, most int) *history {
	cells := int(window / step)
	return &history{step: step, window: cells, room: cells + cells/8 + 64, most: most, forget: forget,
		records: map[string]*record{}, refused: map[string]bool{}}
}

// add takes the values of a container at a time; NaN is a missing one. Times
// ascend; what comes twice is what it was at first.
func (h *history) add(t int64, container string, metrics []string, values []float64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.metrics == nil {
		h.metrics = slices.Clone(metrics)
	}
	r := h.records[container]
	if r == nil {
		r = &record{start: t / h.step * h.step, columns: make([][]float64, len(h.metrics))}
	}
	i := int((t - r.start) / h.step)
	if i < 0 {
		return
	}
	if i >= h.room {
		i = h.shift(r, i)
	}
	for k, v := range values {
		if !(math.Abs(v) <= series.MaxMagnitude) || i < len(r.columns[k]) {
			continue
		}
		if r.columns[k] == nil {
			if h.series >= h.most {
				if len(h.refused) < mostRefused {
					h.refused[container] = true
				}
				continue
			}
			h.series++
			r.columns[k] = make([]float64, 0, h.room)
		}
		r.columns[k] = append(pad(r.columns[k], i), v)
		r.last = max(r.last, t)
		h.records[container] = r
	}
}

// pad appends missing values up to a length.
func pad(c []float64, n int) []float64 {
	for len(c) < n {
		c = append(c, math.NaN())
	}
	return c
}

// shift leaves out a record's oldest cells, so that cell i is the window's last,
// and returns its new index. The columns are new ones: frames may hold the old.
func (h *history) shift(r *record, i int) int {
	drop := i - h.window + 1
	for k, c := range r.columns {
		if c != nil {
			r.columns[k] = append(make([]float64, 0, h.room), c[min(drop, len(c)):]...)
		}
	}
	r.start += int64(drop) * h.step
	return i - drop
}

// end returns where what is visible ends.
func (h *history) end() int64 {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.through + h.step
}

// settle makes everything up to a time visible, and forgets what is gone.
func (h *history) settle(to int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.through = to / h.step * h.step
	h.refusedLast = len(h.refused)
	clear(h.refused)
	for name, r := range h.records {
		if h.through-r.last > h.forget {
			for _, c := range r.columns {
				if c != nil {
					h.series--
				}
			}
			delete(h.records, name)
			continue
		}
		i := int((h.through - r.start) / h.step)
		if i >= h.room {
			i = h.shift(r, i)
		}
		for k, c := range r.columns {
			if c != nil {
				r.columns[k] = pad(c, i+1)
			}
		}
	}
}

// settled reports whether there was a reading.
func (h *history) settled() bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.through > 0
}

// frame returns a container's recent values; the error is forecast.ErrEmpty where
// there are none.
func (h *history) frame(name string) (series.Frame, error) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	r := h.records[name]
	if r == nil {
		return series.Frame{}, forecast.ErrEmpty
	}
	n := int((h.through-r.start)/h.step) + 1
	from := max(0, n-h.window)
	f := series.Frame{Container: name, Start: r.start + int64(from)*h.step, Step: h.step}
	for k, c := range r.columns {
		if c != nil && n > 0 && n <= len(c) {
			f.Metrics = append(f.Metrics, h.metrics[k])
			f.Columns = append(f.Columns, c[from:n:n])
		}
	}
	if len(f.Columns) == 0 {
		return series.Frame{}, forecast.ErrEmpty
	}
	return f, nil
}

// frames returns those of all containers, by name.
func (h *history) frames() []series.Frame {
	h.mu.RLock()
	names := slices.Sorted(maps.Keys(h.records))
	h.mu.RUnlock()
	out := make([]series.Frame, 0, len(names))
	for _, name := range names {
		if f, err := h.frame(name); err == nil {
			out = append(out, f)
		}
	}
	return out
}

// counts returns how many containers and series there are, and how many
// containers have series that found no room in the last reading.
func (h *history) counts() (containers, series, refused int) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return len(h.records), h.series, h.refusedLast
}
