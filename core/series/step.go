package series

import "github.com/foretide/foretide/core/kernel"

// InferStep returns the grid step in seconds for samples at the given Unix
// seconds, in any order: from their median interval d it is 15 for d under 30,
// 60 for d under 294, 300 for d under 600, and else d rounded to a whole
// minute. (A source that samples every five minutes is often a second or two
// early; anything within 2 % is five minutes.) Duplicate times are ignored. It
// returns 0 where there are not two distinct times. It does not modify times.
func InferStep(times []int64) int64 { return StepFor(MedianInterval(times)) }

// StepFor returns the grid step for samples at a median interval of d seconds,
// as InferStep describes; 0 for 0.
func StepFor(d int64) int64 {
	switch {
	case d <= 0:
		return 0
	case d < 30:
		return 15
	case d < 294:
		return 60
	case d < 600:
		return 300
	}
	return (d + 30) / 60 * 60
}

// MedianInterval returns the median of the seconds between one distinct time
// and the next, the upper one of two; 0 where there are not two.
func MedianInterval(times []int64) int64 {
	times = ascending(times)
	counts := make([]uint32, 1<<12) // of intervals of as many seconds: of nearly all
	var others []sample             // the longer ones, as times
	n := 0
	for i := 1; i < len(times); i++ {
		if i%pause == 0 {
			kernel.Yield()
		}
		switch d := times[i] - times[i-1]; {
		case d <= 0:
			continue
		case d < int64(len(counts)):
			counts[d]++
		default:
			others = append(others, sample{t: d})
		}
		n++
	}
	if n == 0 {
		return 0
	}
	n /= 2
	for d, count := range counts {
		if n < int(count) {
			return int64(d)
		}
		n -= int(count)
	}
	sortByTime(others)
	return others[n].t
}

// ascending returns the times in ascending order, a copy where they are not.
func ascending(times []int64) []int64 {
	for i := 1; i < len(times); i++ {
		if times[i] >= times[i-1] {
			continue
		}
		x := make([]sample, len(times))
		for i, t := range times {
			x[i].t = t
		}
		sortByTime(x)
		times = make([]int64, len(x))
		for i := range x {
			times[i] = x[i].t
		}
		break
	}
	return times
}
