package fit

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/foretide/foretide/core/ets"
	"github.com/foretide/foretide/internal/testkit"
)

// reference is a result of ets in R's forecast 8.20, R 4.2.2.
type reference struct {
	Series       string
	Model        string // "ETS(M,Ad,M)"
	Par          map[string]float64
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
		if !bytes.Contains(raw, []byte(`"method": "ets"`)) && !bytes.Contains(raw, []byte(`"method":"ets"`)) {
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

// data returns the series that the reference is of, and its period.
func (r *reference) data(t *testing.T) ([]float64, int) {
	t.Helper()
	id, hourly := strings.CutPrefix(r.Series, "M4_")
	if hourly {
		all, err := testkit.M4Hourly(testkit.Folder(t, testkit.Bench))
		if err != nil {
			t.Fatal(err)
		}
		for i := range all {
			if all[i].ID == id {
				return all[i].Train, testkit.M4Period
			}
		}
		t.Fatalf("M4 has no hourly series %q", id)
	}
	y := airPassengers(t)
	switch r.Series {
	case "AirPassengers_to1958":
		y = y[:10*12]
	case "log_AirPassengers":
		for i, v := range y {
			y[i] = math.Log(v)
		}
	}
	return y, 12
}

// airPassengers reads the monthly totals of international airline passengers,
// 1949 to 1960 (Box and Jenkins 1976, series G).
func airPassengers(t *testing.T) []float64 {
	b, err := os.ReadFile(filepath.Join(testkit.Folder(t, testkit.Bench), "air_passengers.csv"))
	if err != nil {
		t.Fatal(err)
	}
	var y []float64
	for _, line := range strings.Fields(string(b))[1:] {
		_, v, _ := strings.Cut(line, ",")
		x, err := strconv.ParseFloat(strings.Trim(strings.TrimSpace(v), `"`), 64)
		if err != nil {
			t.Fatal(err)
		}
		y = append(y, x)
	}
	return y
}

// form returns the form that R names.
func (r *reference) form(t *testing.T) ets.Form {
	for _, f := range forms() {
		if f.Label() == r.Model {
			return f
		}
	}
	t.Fatalf("no form %q", r.Model)
	return ets.Form{}
}

// estimated returns what R estimated, as ours. R names the initial seasons from
// the last to the second; the first makes up their sum.
func (r *reference) estimated(f ets.Form, period int) (ets.Process, ets.State) {
	p := ets.Process{Form: f, Period: period, Alpha: r.Par["alpha"], Beta: r.Par["beta"], Gamma: r.Par["gamma"], Phi: r.Par["phi"]}
	if f.Trend == ets.Additive {
		p.Phi = 1
	}
	s := ets.State{Level: r.Par["l"], Slope: r.Par["b"], Seasons: make([]float64, period)}
	rest := 0.0
	if f.Season == ets.Multiplies {
		rest = float64(period)
	}
	for i := range period - 1 {
		v := r.Par["s"+strconv.Itoa(i)]
		s.Seasons[period-1-i] = v
		rest -= v
	}
	s.Seasons[0] = rest
	return p, s
}

// TestAgreesWithR compares the likelihood at R's estimates with R's, the
// forecasts and bounds from them, and that our own estimate of the same form is
// as good.
func TestAgreesWithR(t *testing.T) {
	refs := readReferences(t)
	if len(refs) != 6 {
		t.Fatalf("%d results of ets, want 6", len(refs))
	}
	for _, r := range refs {
		t.Run(r.Series, func(t *testing.T) {
			y, period := r.data(t)
			f := r.form(t)
			p, s := r.estimated(f, period)
			l := newLikelihood(y, period)
			l.use(f, period)
			l.p = p
			l.start.Level, l.start.Slope = s.Level, s.Slope
			copy(l.season, s.Seasons)
			var logs float64
			var ok bool
			if f.Season == ets.Multiplies {
				logs, ok = l.products()
			} else {
				logs, ok = l.sums()
			}
			at := -(l.n*math.Log(l.sum) + logs) / 2
			if !ok || math.Abs(at-r.LogLik) > 1e-4 {
				t.Errorf("log-likelihood at R's estimates %.5f, R has %.5f", at, r.LogLik)
			}
			p.Sigma2 = l.sigma2()
			for _, v := range y {
				p.Step(&s, v)
			}
			if f.Trend == ets.Damped && f.Season == ets.Multiplies {
				// What R forecasts with leaves the first damping out: the mean one
				// step ahead is (l+b) s, not (l+φb) s as when it filters.
				s.Slope /= p.Phi
				p.Beta /= p.Phi
			}
			h := len(r.Mean)
			mean, variance := make([]float64, h), make([]float64, h)
			p.Moments(mean, variance, make([]float64, len(mean)), &s)
			for i := range mean {
				sd := math.Sqrt(variance[i])
				for j, z := range [...]float64{1.2815515655, 1.9599639845} {
					if lo, hi := mean[i]-z*sd, mean[i]+z*sd; math.Abs(lo-r.Lower[i][j]) > 1e-4*sd || math.Abs(hi-r.Upper[i][j]) > 1e-4*sd {
						t.Errorf("%d steps ahead: %.6f to %.6f, R has %.6f to %.6f", i+1, lo, hi, r.Lower[i][j], r.Upper[i][j])
					}
				}
				if math.Abs(mean[i]-r.Mean[i]) > 1e-4*sd {
					t.Errorf("%d steps ahead: mean %.6f, R has %.6f", i+1, mean[i], r.Mean[i])
				}
			}
			same, err := Estimate(y, period, f)
			if err != nil {
				t.Fatal(err)
			}
			best, err := Auto(y, period)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%v: R %.4f, ours %.4f (converged %v); chosen %v AICc %.3f, R %.3f", f, r.LogLik, same.LogLik, same.Converged, best.Form, best.AICc, r.AICc)
			if same.LogLik < r.LogLik-1e-3*math.Abs(r.LogLik) {
				t.Errorf("log-likelihood %.4f, R has %.4f", same.LogLik, r.LogLik)
			}
		})
	}
}

func BenchmarkAuto(b *testing.B) {
	all, err := testkit.M4Hourly(testkit.Folder(b, testkit.Bench))
	if err != nil {
		b.Fatal(err)
	}
	for _, period := range [...]int{1, 24} {
		b.Run(strconv.Itoa(period), func(b *testing.B) {
			for b.Loop() {
				for _, i := range [...]int{0, 149, 200, 399} {
					if _, err := Auto(all[i].Train, period); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
