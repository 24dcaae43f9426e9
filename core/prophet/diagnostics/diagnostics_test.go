package diagnostics

import (
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/foretide/foretide/core/prophet/fit"
	"github.com/foretide/foretide/internal/need"
)

// golden is what Prophet 1.5.0 made of them; see testdata/golden.py.
type golden struct {
	Cutoffs []struct {
		Name                     string
		Horizon, Initial, Period float64
		Cutoffs                  []int64
	}
	Rows struct {
		T, Cutoff []int64
		Yhat      []float64
		Lower     []float64 `json:"yhat_lower"`
		Upper     []float64 `json:"yhat_upper"`
	}
	Scores []struct {
		Window                                      float64
		Horizon, MSE, RMSE, MAE, MAPE, MdAPE, SMAPE []float64
		Coverage                                    []float64
	}
}

func read(t testing.TB) golden {
	t.Helper()
	b, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(b, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

// data returns the rows of a data set; of a container only the times.
func data(t testing.TB, name string) fit.Data {
	t.Helper()
	if container, metric, ok := strings.Cut(name, " "); ok {
		return fit.Data{T: cells(t, container, metric)}
	}
	file := map[string]string{"peyton": "peyton_manning_wp_log.csv", "air": "air_passengers.csv"}[name]
	b, err := os.ReadFile(filepath.Join(need.Folder(t, need.Bench), file))
	if err != nil {
		t.Fatal(err)
	}
	var d fit.Data
	for _, r := range rows(t, strings.NewReader(strings.ReplaceAll(string(b), "\r", "\n")))[1:] {
		at, err := time.Parse(time.DateOnly, r[0])
		if err != nil {
			t.Fatal(err)
		}
		y, err := strconv.ParseFloat(r[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		d.T, d.Y = append(d.T, at.Unix()), append(d.Y, y)
	}
	return d
}

func rows(t testing.TB, r io.Reader) [][]string {
	t.Helper()
	all, err := csv.NewReader(r).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// cells returns the five minutes that a container has values in.
func cells(t testing.TB, container, metric string) []int64 {
	t.Helper()
	f, err := os.Open(filepath.Join(need.Folder(t, need.Data), container+".csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	all := rows(t, z)
	column := slices.Index(all[0], metric)
	var out []int64
	for _, r := range all[1:] {
		if at, err := strconv.ParseInt(r[0], 10, 64); err == nil && r[column] != "" {
			out = append(out, at/300*300)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func TestCutoffs(t *testing.T) {
	for _, c := range read(t).Cutoffs {
		t.Run(c.Name, func(t *testing.T) {
			got, err := Cutoffs(data(t, c.Name).T, int64(c.Horizon), int64(c.Initial), int64(c.Period))
			if err != nil || !slices.Equal(got, c.Cutoffs) {
				t.Errorf("%v\n%v, not\n%v", err, got, c.Cutoffs)
			}
		})
	}
	if _, err := Cutoffs([]int64{0, 10}, 11, 1, 1); err != ErrShort {
		t.Errorf("a horizon longer than the data: %v", err)
	}
	if _, err := Cutoffs([]int64{0, 10}, 2, 20, 1); err != ErrShort {
		t.Errorf("an initial part longer than the data: %v", err)
	}
}

// TestPerformance: the scores of the same forecasts are Prophet's.
func TestPerformance(t *testing.T) {
	g := read(t)
	d := data(t, "peyton")
	value := map[int64]float64{}
	for i, at := range d.T {
		value[at] = d.Y[i]
	}
	var forecasts []Row
	for i, at := range g.Rows.T {
		forecasts = append(forecasts, Row{at, g.Rows.Cutoff[i], value[at], g.Rows.Yhat[i], g.Rows.Lower[i], g.Rows.Upper[i]})
	}
	for _, want := range g.Scores {
		got := Performance(forecasts, want.Window)
		if len(got) != len(want.Horizon) {
			t.Errorf("window %v: %d horizons, not %d", want.Window, len(got), len(want.Horizon))
			continue
		}
		for i, s := range got {
			for k, pair := range [][2]float64{{float64(s.Horizon), want.Horizon[i]}, {s.MSE, want.MSE[i]}, {s.RMSE, want.RMSE[i]}, {s.MAE, want.MAE[i]},
				{s.MAPE, want.MAPE[i]}, {s.SMAPE, want.SMAPE[i]}, {s.Coverage, want.Coverage[i]}} {
				if math.Abs(pair[0]-pair[1]) > 1e-8*max(1, math.Abs(pair[1])) {
					t.Errorf("window %v, horizon %d, score %d: %v, not %v", want.Window, s.Horizon, k, pair[0], pair[1])
				}
			}
			// Which rows of a shorter horizon fill up a median's window is left
			// to the sort there.
			if math.Abs(s.MdAPE-want.MdAPE[i]) > 0.1*want.MdAPE[i] {
				t.Errorf("window %v, horizon %d: MdAPE %v, not %v", want.Window, s.Horizon, s.MdAPE, want.MdAPE[i])
			}
		}
	}
}

// TestCrossValidate: the forecasts are Prophet's to 1 % of the range.
func TestCrossValidate(t *testing.T) {
	g := read(t)
	d := data(t, "peyton")
	cutoffs := slices.Compact(slices.Clone(g.Rows.Cutoff))
	got, err := CrossValidate(fit.Defaults(), d, cutoffs, 60*86400, 0.8)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(g.Rows.T) {
		t.Fatalf("%d rows, not %d", len(got), len(g.Rows.T))
	}
	span := slices.Max(d.Y) - slices.Min(d.Y)
	for i, r := range got {
		if r.T != g.Rows.T[i] || r.Cutoff != g.Rows.Cutoff[i] {
			t.Fatalf("row %d is of %d from %d", i, r.T, r.Cutoff)
		}
		if math.Abs(r.Yhat-g.Rows.Yhat[i]) > 0.01*span {
			t.Errorf("row %d: %v, not %v", i, r.Yhat, g.Rows.Yhat[i])
		}
		if w := (r.Upper - r.Lower) / (g.Rows.Upper[i] - g.Rows.Lower[i]); !(w > 0.85 && w < 1.15) { // 1000 draws there
			t.Errorf("row %d: an interval %v as wide", i, w)
		}
	}
}
