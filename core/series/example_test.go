package series_test

import (
	"fmt"
	"math"

	"github.com/foretide/foretide/core/series"
)

// Samples of a gauge and of a counter, on one grid of minutes. The counter was
// reset between the third and the fourth sample, and nothing came for a minute.
func ExampleBuilder() {
	b := series.NewBuilder(60, []string{series.CPU, series.NetRx})
	var received series.Counter
	for _, s := range []struct {
		t     int64
		cpu   float64
		total float64
	}{
		{0, 0.5, 9000}, {30, 0.7, 9300}, {61, 0.4, 9610}, {185, 0.9, 1240},
	} {
		b.Add(s.t, 0, s.cpu)
		received.Add(s.t, s.total)
	}
	b.AddCounter(1, &received, 240)
	f, err := b.Frame("web")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("cpu    %.1f\n", f.Columns[0])
	fmt.Printf("net_rx %.0f\n", f.Columns[1])
	// Output:
	// cpu    [0.6 0.4 NaN 0.9]
	// net_rx [10 10 10 10]
}

// Three hours of a grid of five minutes.
func ExampleSplit() {
	s := series.SplitShares(36, 0.25, 0.25)
	fmt.Println(s)
	// Output:
	// {{0 18} {18 27} {27 36}}
}

// Clean grids raw samples, infers their step, and reports what it did.
func ExampleClean() {
	times, values := []int64{0, 60, 120, 120, 180, 240}, []float64{1, 2, math.Inf(1), 3, 4, math.NaN()}
	samples := series.Samples{Metric: series.CPU, Len: len(times), At: func(i int) (int64, float64) { return times[i], values[i] }}
	frame, report, err := series.Clean("web", []series.Samples{samples}, series.CleanOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(frame.Step, frame.Columns[0])
	fmt.Printf("%d used, %d refused, %d missing\n", report[0].Used, report[0].Refused, report[0].Missing)
	// Output:
	// 60 [1 2 3 4]
	// 4 used, 1 refused, 1 missing
}
