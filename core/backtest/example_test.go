package backtest_test

import (
	"fmt"
	"math"

	"github.com/foretide/foretide/core/backtest"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/naive"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/core/train"
)

// fortnight is two weeks of a daily pattern at five minutes.
func fortnight() []series.Frame {
	v := make([]float64, 14*288)
	for i := range v {
		v[i] = 2 + math.Sin(2*math.Pi*float64(i)/288) + 0.2*math.Sin(float64(i)*1.7)
	}
	return []series.Frame{series.FrameOf("shop/web", series.CPU, series.Series{Start: 1722470400, Step: 300, Values: v})}
}

// Run fits a model to what comes before the test part and forecasts through it.
func ExampleRun() {
	trainer := train.Trainer{Config: train.Defaults(), Model: naive.Defaults()}
	result, err := backtest.Run(fortnight(), trainer, backtest.Defaults(), forecast.Options{}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, at := range result.Series[0].At {
		fmt.Printf("%4d s: %d forecasts, better than the last value: %t\n", at.Horizon, at.Rows, at.Ratio < 1)
	}
	// Output:
	//  300 s: 173 forecasts, better than the last value: true
	//  900 s: 173 forecasts, better than the last value: true
	// 1800 s: 172 forecasts, better than the last value: true
}

// Rescore judges forecasts that another program made, here the last value with an
// interval that is far too wide.
func ExampleRescore() {
	frames := fortnight()
	last := func(container, metric string, origin, horizon int64) (point, lo, hi float64) {
		v := frames[0].Columns[0][(origin-frames[0].Start)/300]
		return v, v - 10, v + 10
	}
	result, err := backtest.Rescore(frames, backtest.Defaults(), "last value", last)
	if err != nil {
		fmt.Println(err)
		return
	}
	at := result.Series[0].At[0]
	fmt.Printf("ratio %.2f, coverage %.0f %%\n", at.Ratio, 100*at.Coverage)
	// Output: ratio 1.00, coverage 100 %
}

// Pinball weighs an actual above a quantile by its level.
func ExamplePinball() {
	fmt.Printf("%.1f %.1f\n", backtest.Pinball(10, 8, 0.9), backtest.Pinball(8, 10, 0.9))
	// Output: 1.8 0.2
}
