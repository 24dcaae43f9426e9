package fleet

import (
	"errors"
	"slices"
	"testing"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/core/serve"
	"github.com/foretide/foretide/loader/config"
)

// TestTask: at every step the horizons that nobody chose are those that there are
// without a checkpoint; chosen ones are refused where the data cannot have them.
func TestTask(t *testing.T) {
	for _, step := range []int64{7, 15, 60, 300, 420, 600, 900, 1800, 3600, 86400} {
		got, err := Task(config.Defaults(series.CPU), step)
		if err != nil {
			t.Fatal(err)
		}
		m, err := serve.StandIn(series.CPU, step, nil, serve.DefaultHorizons, 0)
		if err != nil {
			t.Fatal(err)
		}
		if want := m.Spec().Horizons; !slices.Equal(got.Horizons, want) {
			t.Errorf("a value every %d s: %v s ahead, without a checkpoint %v", step, got.Horizons, want)
		}
	}
	c, err := config.Parse("x.yaml", []byte("data: {prediction_horizons: [5m, 10m]}"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Task(c, 600); !errors.Is(err, forecast.ErrHorizon) {
		t.Errorf("chosen horizons off the grid: %v", err)
	}
	if got, err := Task(c, 300); err != nil || !slices.Equal(got.Horizons, []int64{300, 600}) {
		t.Errorf("chosen horizons: %v, %v", got.Horizons, err)
	}
}
