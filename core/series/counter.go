package series

import (
	"math"

	"github.com/foretide/foretide/core/kernel"
)

// A Counter collects the samples of one counter: a total (bytes received, CPU
// seconds) that only grows, until its process restarts and it begins at zero
// again. Rates and Builder.AddCounter turn it into a rate per second. The zero
// value is empty. Samples may come in any order; of several at the same time
// the last that was added counts. A sample takes 16 bytes.
type Counter struct {
	chunks    [][]sample // of chunkCells each
	last      int64      // time of the sample before
	unordered bool
}

// Add adds the counter's value at the Unix second t. A value that no counter
// can have is missing and left out: NaN, an infinity, a negative number or one
// beyond MaxMagnitude.
func (c *Counter) Add(t int64, v float64) {
	if !(v >= 0 && v <= MaxMagnitude) {
		return
	}
	t = min(max(t, -maxTime), maxTime)
	k := len(c.chunks) - 1
	c.unordered = c.unordered || k >= 0 && t < c.last
	if k < 0 || len(c.chunks[k]) == chunkCells {
		c.chunks = append(c.chunks, make([]sample, 0, chunkCells))
		k++
	}
	c.chunks[k] = append(c.chunks[k], sample{t, v})
	c.last = t
}

// Interval returns the median of the seconds between one sample and the next,
// of the first few thousand; 0 where there are not two times.
func (c *Counter) Interval() int64 {
	var times []int64
	for _, chunk := range c.chunks[:min(len(c.chunks), intervalTimes/chunkCells)] {
		for _, s := range chunk {
			times = append(times, s.t)
		}
	}
	return MedianInterval(times)
}

// rates calls yield for each two neighbouring samples that are at most maxGap
// seconds apart, in order of time, with the times of both and the mean increase
// per second between them. A value below the one before it means that the
// counter was reset to zero in between: the increase is then the value itself,
// the least that it can have been (as Prometheus counts it). Across a longer
// gap nothing is known of the rate, and nothing is yielded.
func (c *Counter) rates(maxGap int64, yield func(from, to int64, rate float64)) {
	prev, any := sample{}, false
	c.inOrder(func(s sample) {
		if d := s.t - prev.t; any && d <= maxGap {
			increase := s.v - prev.v
			if increase < 0 {
				increase = s.v
			}
			yield(prev.t, s.t, increase/float64(d))
		}
		prev, any = s, true
	})
}

// Resets returns how often the counter fell, and the number of its intervals.
func (c *Counter) Resets() (resets, intervals int) {
	prev := sample{v: math.Inf(-1)}
	n := 0
	c.inOrder(func(s sample) {
		if s.v < prev.v {
			resets++
		}
		prev = s
		n++
	})
	return resets, max(n-1, 0)
}

type sample struct {
	t int64
	v float64
}

// order puts the samples in order of time.
func (c *Counter) order() {
	if !c.unordered {
		return
	}
	all := make([]sample, 0, len(c.chunks)*chunkCells)
	for i, chunk := range c.chunks {
		if i%(pause/chunkCells) == 0 {
			kernel.Yield()
		}
		all = append(all, chunk...)
	}
	sortByTime(all)
	for i := range c.chunks {
		n := len(c.chunks[i])
		copy(c.chunks[i], all[:n])
		all = all[n:]
	}
	last := c.chunks[len(c.chunks)-1]
	c.last, c.unordered = last[len(last)-1].t, false
}

// inOrder calls yield for the samples in order of time, the last of each time.
func (c *Counter) inOrder(yield func(sample)) {
	c.order()
	held, any := sample{}, false
	for i, chunk := range c.chunks {
		if i%(pause/chunkCells) == 0 {
			kernel.Yield()
		}
		for _, s := range chunk {
			if any && s.t != held.t {
				yield(held)
			}
			held, any = s, true
		}
	}
	if any {
		yield(held)
	}
}

// AddCounter adds a counter's rates per second as the metric with the given
// index. The rate between two samples is known at the later one, and belongs
// to the cells after that of the earlier sample up to its own, or to its own
// where both are in the same: so intervals of 299 and 301 s leave no hole in a
// grid of 300 s, and the newest cell is filled. A cell with several rates has
// their mean, weighted by their seconds, so that on the whole nothing of the
// increase is lost. Samples more than maxGap seconds apart leave the cells
// between them missing.
func (b *Builder) AddCounter(metric int, c *Counter, maxGap int64) {
	c.rates(min(maxGap, b.MaxCells*b.step), func(from, to int64, rate float64) {
		hi := floorDiv(to, b.step)
		lo := min(floorDiv(from, b.step)+1, hi)
		seconds := max((to-from)/(hi-lo+1), 1)
		for cell := lo; cell < hi; cell++ {
			b.add(cell*b.step, metric, rate, seconds)
		}
		b.add(to, metric, rate, seconds)
	})
}
