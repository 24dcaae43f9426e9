package csvfile_test

import (
	"context"
	"fmt"
	"math"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/foretide/foretide/core/backtest"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/infra/csvfile"
	"github.com/foretide/foretide/internal/testkit"
)

// precise runs evaluate.py with twelve decimals in its tables in place of
// three or four.
const precise = `
import re, sys
path = sys.argv[1] + "/evaluate.py"
source = re.sub(r":>[789]\.[34]f", ":>40.12f", open(path).read()).replace(":.4f}", ":.12f}")
sys.argv = ["evaluate.py"] + sys.argv[2:]
exec(compile(source, path, "exec"))
`

// recent forecasts a mix of the last values, with an interval of their spread:
// forecasts that are good, bad and very bad on the series of the public data.
type recent struct {
	backtest.Plain
	spec forecast.Spec
}

func (recent) Name() string { return "recent" }
func (recent) Global() bool { return false }

func (recent) Train(_ []series.Frame, task forecast.Task, _ forecast.Options) (forecast.Fitted, forecast.Report, error) {
	return recent{spec: forecast.Spec{Task: task, Model: "recent", Needs: forecast.Needs{Recent: 10}}}, forecast.Report{}, nil
}

func (f recent) Spec() *forecast.Spec          { return &f.spec }
func (recent) AppendPayload(dst []byte) []byte { return dst }
func (recent) Kind() string                    { return "recent" }

func (f recent) Forecast(dst *forecast.Forecast, w *forecast.Window) error {
	s, _, err := w.Check(&f.spec)
	if err != nil {
		return err
	}
	dst.Reset(&f.spec, w)
	last := s.Values[len(s.Values)-1]
	mean, n, spread := 0.0, 0.0, 0.0
	for _, v := range s.Values {
		if !math.IsNaN(v) {
			mean, n, spread = mean+v, n+1, spread+math.Abs(v-last)
		}
	}
	for i := range dst.At {
		h := &dst.At[i]
		h.Mean = (last + mean/n) / 2
		for k, p := range f.spec.Levels {
			h.Quantiles[k] = h.Mean + (p-0.5)*3*spread/n*math.Sqrt(float64(i+1))
		}
	}
	return nil
}

// TestEvaluate: the scores of a run equal those that evaluate.py gives the
// forecast file it wrote, to 1e-6, for every series, metric and source and
// overall; some forecasts are left out of the file.
func TestEvaluate(t *testing.T) {
	data := testkit.Folder(t, testkit.Data)
	eval := testkit.Folder(t, testkit.Eval)
	d, err := csvfile.Read(context.Background(), data, csvfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "f.csv.gz")
	w, err := csvfile.CreateForecasts(path)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	c := backtest.Defaults()
	c.Workers = runtime.GOMAXPROCS(0)
	rows := 0
	run, err := backtest.Run(d.Frames, recent{}, c, forecast.Options{}, func(r *backtest.Row) error {
		rows++
		if rows%17 == 0 {
			return nil // not in the file
		}
		if rows%13 == 0 {
			r.Lo = math.NaN() // without an interval
		}
		return w.Write(r)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	file, err := csvfile.LoadForecasts(path)
	if err != nil {
		t.Fatal(err)
	}
	result, err := backtest.Rescore(d.Frames, c, "recent", file.Lookup("recent"))
	if err != nil || len(result.Series) != len(run.Series) || len(run.Series) < 200 {
		t.Fatalf("%v; %d series of %d", err, len(result.Series), len(run.Series))
	}
	for _, by := range []backtest.By{backtest.BySource, backtest.ByMetric, backtest.BySeries} {
		t.Run(string(by), func(t *testing.T) {
			compare(t, result.Series, by, evaluate(t, eval, data, path, by))
		})
	}
}

// evaluate returns the lines that evaluate.py prints about the model: the
// numbers by the name of the group.
func evaluate(t *testing.T, eval, data, path string, by backtest.By) map[string][]string {
	t.Helper()
	out, err := exec.Command("python3", "-c", precise, eval, "score", data, path, "--by", string(by)).CombinedOutput()
	if err != nil {
		t.Fatalf("evaluate.py: %v\n%s", err, out)
	}
	lines := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		switch {
		case len(f) == 0 || f[0] != "recent":
		case f[1] == "MEAN":
			lines["MEAN"] = []string{f[5], f[6], f[7], f[9]}
		default:
			name := strings.Join(f[1:len(f)-13], " ")
			lines[name] = f[len(f)-13:]
		}
	}
	return lines
}

func compare(t *testing.T, all []backtest.Series, by backtest.By, want map[string][]string) {
	groups := backtest.Summarise(all, by)
	n := len(groups)
	for _, g := range groups {
		got := []float64{float64(g.Series)}
		for _, at := range g.At {
			got = append(got, at.Ratio, at.R2, at.Coverage)
		}
		same(t, g.Name, append(got, g.Better, g.P95, g.Missing), want[g.Name])
	}
	if by == backtest.BySource {
		o := backtest.Overalls(all, by)[0]
		same(t, "overall", append(o.Ratios, o.Ratio), want["MEAN"])
		n++
	}
	if n != len(want) {
		t.Errorf("%d groups, evaluate.py has %d", n, len(want))
	}
}

func same(t *testing.T, name string, got []float64, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: got %v, want %v", name, got, want)
		return
	}
	for i, text := range want {
		w, err := strconv.ParseFloat(text, 64)
		if err != nil && text == "-" {
			w = math.NaN()
		} else if err != nil {
			t.Fatal(err)
		}
		if math.IsNaN(w) != math.IsNaN(got[i]) || math.Abs(got[i]-w) > 1e-6*max(1, math.Abs(w)) {
			t.Errorf("%s: number %d: got %s, want %s", name, i, fmt.Sprint(got[i]), text)
		}
	}
}
