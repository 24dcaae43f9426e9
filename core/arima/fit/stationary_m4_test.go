package fit

import (
	"os"
	"strings"
	"testing"

	"github.com/foretide/foretide/internal/testkit"
)

// The reference is testdata/stationary/m4_hourly.txt, made by m4.R beside it with R 4.2.2
// and forecast 8.20.
func TestEqualsROnM4Hourly(t *testing.T) {
	all, err := testkit.M4Hourly(testkit.Folder(t, testkit.Bench))
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/stationary/m4_hourly.txt")
	if err != nil {
		t.Fatal(err)
	}
	digits := strings.Fields(string(want))
	if len(all) != len(digits[0]) || len(all) != len(digits[1]) {
		t.Fatalf("%d series, want %d", len(all), len(digits[0]))
	}
	for i := range all {
		y := all[i].Train
		sd := seasonalDifferences(y, 24, 1)
		if sd > 0 {
			y = diff(nil, y, 24)
		}
		d := differences(y, kpssAlpha, 2)
		if int(digits[0][i]-'0') != sd || int(digits[1][i]-'0') != d {
			t.Errorf("H%d: D = %d, d = %d, want %c and %c", i+1, sd, d, digits[0][i], digits[1][i])
		}
	}
}
