package series_test

import (
	"fmt"

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

// A spike does not change the scale, and comes back as it was.
func ExampleRobustScale() {
	s := series.RobustScale([]float64{9, 10, 11, 10, 9, 12, 10, 1e6, 11, 8, 10, 9, 11, 10, 12, 10, 9, 10, 11, 10, 10, 8, 9})
	z := s.Apply(1e6)
	fmt.Println(s.Center, s.Unit, s.Apply(11), s.Invert(z))
	// Output:
	// 10 2 0.5 1e+06
}

// Three hours of a grid of five minutes, and where forecasts half an hour ahead
// may be made from in each part.
func ExampleSplit() {
	s := series.SplitShares(36, 0.25, 0.25)
	fmt.Println(s)
	fmt.Println(s.Origins(6))
	// Output:
	// {{0 18} {18 27} {27 36}}
	// {{0 12} {18 21} {27 30}}
}
