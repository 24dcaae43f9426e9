package serve_test

import (
	"fmt"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/naive"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/core/serve"
)

// An engine serves a container with its own model and falls back to the built-in
// model where there is none.
func ExampleEngine() {
	web := naive.Unfitted(forecast.Task{Metric: series.CPU, Step: 300, Horizons: []int64{300, 900},
		Levels: forecast.DefaultLevels(), Bounds: series.DefaultBounds(series.CPU)}, 0)
	e := serve.Engine{Models: stored{{series.CPU, "web"}: web}}
	frame := wave("", 300, 3000)
	for _, container := range []string{"web", "db"} {
		a, err := e.Forecast(&frame, series.CPU, container, []int64{900})
		if err != nil {
			fmt.Println(err)
			return
		}
		h := &a.At[0]
		fmt.Printf("%s: %s forecasts %s ahead (%s)\n", a.Container, h.Model, serve.Duration(h.Ahead), h.Reasons&forecast.Fallback)
	}
	// Output:
	// web: naive forecasts 15m ahead ()
	// db: general forecasts 15m ahead (no_checkpoint)
}
