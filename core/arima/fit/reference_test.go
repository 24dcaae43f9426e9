package fit

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/foretide/foretide/internal/testkit"
)

// reference is a result of auto.arima in R's forecast 8.20.
type reference struct {
	Series       string
	Order        [7]int
	Coef         map[string]float64
	Sigma2       float64
	LogLik       float64
	AICc         float64
	Mean         []float64
	Lower, Upper [][2]float64 // of 80 and 95 %
}

func readReferences(t *testing.T) []reference {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(testkit.Folder(t, testkit.Bench), "r_reference", "r_forecast_reference.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all struct{ Results []json.RawMessage }
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	var out []reference
	for _, raw := range all.Results {
		if !bytes.Contains(raw, []byte(`"auto.arima"`)) {
			continue
		}
		var r reference
		if err := json.Unmarshal(raw, &r); err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

// data returns the series that the reference is of.
func (r *reference) data(t *testing.T) []float64 {
	t.Helper()
	switch r.Series {
	case "AirPassengers":
		return airPassengers
	case "AirPassengers_to1958":
		return airPassengers[:10*12]
	case "log_AirPassengers":
		return logs(airPassengers)
	}
	id, ok := strings.CutPrefix(r.Series, "M4_")
	if !ok {
		t.Fatalf("no series %q", r.Series)
	}
	return m4Hourly(t, id)
}

// TestAgreesWithReference compares with what auto.arima estimated and forecast
// for the airline series and three of M4 Hourly, to the tolerances of
// TestAgreesWithR, up to 48 steps ahead; and the AICc of what our search
// chooses with that of its choice.
func TestAgreesWithReference(t *testing.T) {
	refs := readReferences(t)
	if len(refs) != 6 {
		t.Fatalf("%d results of auto.arima, want 6", len(refs))
	}
	for _, r := range refs {
		t.Run(r.Series, func(t *testing.T) {
			y := r.data(t)
			g := golden{Name: r.Series, Order: r.Order, Coef: r.Coef, Sigma2: r.Sigma2, LogLik: r.LogLik, Mean: r.Mean, SD: deviation(y)}
			_, drift := r.Coef["drift"]
			_, mean := r.Coef["intercept"]
			g.Constant = drift || mean
			for h := range r.Mean {
				g.Lower80, g.Lower95 = append(g.Lower80, r.Lower[h][0]), append(g.Lower95, r.Lower[h][1])
				g.Upper80, g.Upper95 = append(g.Upper80, r.Upper[h][0]), append(g.Upper95, r.Upper[h][1])
			}
			agree(t, &g, y, nil)
			o := g.order()
			ours, _, err := Auto(y, nil, DefaultSearch(len(y), o.Period))
			if err != nil {
				t.Fatal(err)
			}
			if ours.D != o.D || ours.SD != o.SD || ours.AICc > r.AICc+0.1 {
				t.Errorf("%v with AICc %.3f is chosen, R chose %v with %.3f", ours.Order, ours.AICc, o, r.AICc)
			}
		})
	}
}

// deviation is the standard deviation of y.
func deviation(y []float64) float64 {
	mean, s := meanOf(y), 0.0
	for _, v := range y {
		s += (v - mean) * (v - mean)
	}
	return math.Sqrt(s / float64(len(y)-1))
}
