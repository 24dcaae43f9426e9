package prophetjson

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime/metrics"
	"strings"
	"testing"

	"github.com/foretide/foretide/core/series"
)

var models = []string{"everything", "logistic", "flat", "none"}

func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestForecastsAsProphetDoes: models of testdata/models.py forecast what
// Prophet 1.5.0 forecasts with them.
func TestForecastsAsProphetDoes(t *testing.T) {
	t.Parallel()
	for _, name := range models {
		t.Run(name, func(t *testing.T) {
			c, err := Decode(read(t, name), series.Zone{})
			if err != nil {
				t.Fatal(err)
			}
			var want struct {
				At          []int64
				Yhat, Trend []float64
				Columns     map[string][]float64
			}
			if err := json.Unmarshal(read(t, name+".forecast"), &want); err != nil {
				t.Fatal(err)
			}
			if len(want.At) < 8 {
				t.Fatalf("%d forecasts", len(want.At))
			}
			for i, at := range want.At {
				var in []float64
				for _, x := range c.Inputs {
					in = append(in, want.Columns[x.Name][i])
				}
				p := c.At(at, in)
				if math.Abs(p.Value()-want.Yhat[i]) > 1e-6*math.Abs(want.Yhat[i]) || math.Abs(p.Trend-want.Trend[i]) > 1e-6*math.Abs(want.Trend[i]) {
					t.Errorf("at %d: %v with trend %v, not %v with %v", at, p.Value(), p.Trend, want.Yhat[i], want.Trend[i])
				}
			}
		})
	}
}

// TestTypicalInputs are those of the last row, not standardised.
func TestTypicalInputs(t *testing.T) {
	t.Parallel()
	c, err := Decode(read(t, "everything"), series.Zone{})
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range c.Inputs {
		want := map[string]float64{"on": 0, "queue": 109 % 11 * 2.5, "flag": 0}[in.Name]
		if math.Abs(in.Typical-want) > 1e-9 {
			t.Errorf("%s is %v, not %v", in.Name, in.Typical, want)
		}
	}
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	whole := string(read(t, "everything"))
	for name, text := range map[string]string{
		"nothing":              "",
		"other JSON":           "[1, 2]",
		"not fitted":           `{"growth": "linear", "start": 0, "t_scale": 1, "y_scale": 1}`,
		"an unknown growth":    strings.Replace(whole, `"growth": "linear"`, `"growth": "cubic"`, 1),
		"another time scale":   strings.Replace(whole, `"t_scale": 9417600.0`, `"t_scale": -1`, 1),
		"a missing term":       strings.Replace(whole, `["queue", "flag"]`, `["queue"]`, 1),
		"a term without":       strings.Replace(whole, `["queue", "flag"]`, `["queue", "flag", "x"]`, 1),
		"a country's holidays": strings.Replace(whole, `"country_holidays": null`, `"country_holidays": "DE"`, 1),
		"an impossible window": strings.Replace(whole, `\"upper_window\":1`, `\"upper_window\":1e300`, 1),
	} {
		if text == whole {
			t.Fatalf("%s: nothing replaced", name)
		}
		if c, err := Decode([]byte(text), series.Zone{}); c != nil || !errors.Is(err, ErrModel) {
			t.Errorf("%s: %v, %v", name, c, err)
		}
	}
}

// FuzzDecode: no bytes panic or take much memory, and what is accepted
// forecasts.
func FuzzDecode(f *testing.F) {
	for _, name := range models {
		f.Add(read(f, name))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
		metrics.Read(sample)
		before := sample[0].Value.Uint64()
		c, err := Decode(data, series.Zone{})
		metrics.Read(sample)
		if n := sample[0].Value.Uint64() - before; n > 64<<20+100*uint64(len(data)) {
			t.Fatalf("%d bytes allocated %d", len(data), n)
		}
		if err != nil {
			if !errors.Is(err, ErrModel) {
				t.Fatal(err)
			}
			return
		}
		in := make([]float64, len(c.Inputs))
		c.At(1_700_000_000, in)
	})
}
