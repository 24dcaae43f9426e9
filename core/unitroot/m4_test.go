package unitroot

import (
	"compress/gzip"
	"encoding/csv"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/foretide/foretide/internal/need"
)

// The reference is testdata/m4_hourly.txt, made by m4.R beside it with R 4.2.2
// and forecast 8.20.
func TestEqualsROnM4Hourly(t *testing.T) {
	dir := need.Folder(t, need.Bench)
	want, err := os.ReadFile("testdata/m4_hourly.txt")
	if err != nil {
		t.Fatal(err)
	}
	digits := strings.Fields(string(want))
	all := hourly(t, filepath.Join(dir, "m4_hourly_train.csv.gz"))
	if len(all) != len(digits[0]) || len(all) != len(digits[1]) {
		t.Fatalf("%d series, want %d", len(all), len(digits[0]))
	}
	for i, y := range all {
		sd := SeasonalDifferences(y, 24, 1)
		if sd > 0 {
			y = Diff(nil, y, 24)
		}
		d := Differences(y, Alpha, 2)
		if int(digits[0][i]-'0') != sd || int(digits[1][i]-'0') != d {
			t.Errorf("H%d: D = %d, d = %d, want %c and %c", i+1, sd, d, digits[0][i], digits[1][i])
		}
	}
}

func hourly(t *testing.T, path string) (all [][]float64) {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(z).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		var y []float64
		for _, cell := range row[1:] {
			if cell == "" {
				break
			}
			v, err := strconv.ParseFloat(cell, 64)
			if err != nil {
				t.Fatal(err)
			}
			y = append(y, v)
		}
		all = append(all, y)
	}
	return all
}
