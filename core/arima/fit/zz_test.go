package fit

import (
	"context"
	"fmt"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/infra/csvfile"
	"math"
	"os"
	"strings"
	"testing"
	"time"
)

func zzSeries(t testing.TB, want string) map[string][]float64 {
	d, err := csvfile.Read(context.Background(), os.Getenv("FORETIDE_DATA"), csvfile.Options{Metrics: []string{"cpu"}})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]float64{}
	for i := range d.Frames {
		s, ok := d.Frames[i].Series("cpu")
		if !ok || 300%s.Step != 0 || !strings.Contains(d.Frames[i].Container, want) {
			continue
		}
		s = series.Coarsen(s.Trim(), 300)
		if n := len(s.Values); n >= 2000 {
			out[d.Frames[i].Container] = s.Values[n-2000:]
		}
	}
	return out
}
func TestZZ(t *testing.T) {
	for k, y := range zzSeries(t, os.Getenv("ZZ")) {
		miss := 0
		gaps := 0
		for i, v := range y {
			if math.IsNaN(v) {
				miss++
				if i > 0 && !math.IsNaN(y[i-1]) {
					gaps++
				}
			}
		}
		b := time.Now()
		r, tried, err := Auto(y, nil, DefaultSearch(len(y), 1))
		if err != nil {
			t.Fatal(err)
		}
		ex := 0
		for _, c := range tried {
			if c.Exact {
				ex++
			}
		}
		fmt.Printf("%-30s miss %d gaps %d  %v %.2f tried %d exact %d  %.3fs\n", k, miss, gaps, r.Order, r.AICc, len(tried), ex, time.Since(b).Seconds())
	}
}
