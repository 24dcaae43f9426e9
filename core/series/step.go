package series

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
	earlier := func(a, b int64) bool { return a < b }
	for i := 1; i < len(times); i++ {
		if times[i] < times[i-1] {
			times = append([]int64(nil), times...)
			sortStable(times, earlier)
			break
		}
	}
	gaps := make([]int64, 0, max(len(times), 1)-1)
	for i := 1; i < len(times); i++ {
		if d := times[i] - times[i-1]; d > 0 {
			gaps = append(gaps, d)
		}
	}
	if len(gaps) == 0 {
		return 0
	}
	sortStable(gaps, earlier)
	return gaps[len(gaps)/2]
}
