package testkit_test

import (
	"math"
	"testing"

	"github.com/foretide/foretide/internal/testkit"
)

// The competition's published MASE of the seasonal naive forecasts of the
// hourly series is 1.193.
func TestSeasonalNaiveAsPublished(t *testing.T) {
	all, err := testkit.M4Hourly(testkit.Folder(t, testkit.Bench))
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 414 {
		t.Fatalf("%d series, want 414", len(all))
	}
	sum := 0.0
	f := make([]float64, 48)
	for _, s := range all {
		for i := range f {
			f[i] = s.Train[len(s.Train)-testkit.M4Period+i%testkit.M4Period]
		}
		sum += s.MASE(f)
	}
	if got := sum / 414; math.Abs(got-1.193) > 5e-4 {
		t.Errorf("MASE %.4f, published 1.193", got)
	}
}

func TestHourlyMissing(t *testing.T) {
	if _, err := testkit.M4Hourly(t.TempDir()); err == nil {
		t.Error("no error for a folder without the files")
	}
}
