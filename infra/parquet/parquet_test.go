package parquet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/serve"
	"github.com/foretide/foretide/internal/testkit"
)

// many returns samples of containers c000 … of two metrics, in order.
func many(containers, each int) []Sample {
	var out []Sample
	for c := range containers {
		for _, m := range []string{"cpu", "memory"} {
			for i := range each {
				out = append(out, Sample{fmt.Sprintf("c%03d", c), m, 1722470400000 + int64(i)*300000, math.Sin(float64(i*(c+1))) + 2})
			}
		}
	}
	return out
}

func readAll(data []byte, first, last string) ([]Sample, error) {
	r, err := Open(data, first, last)
	if err != nil {
		return nil, err
	}
	var out []Sample
	for {
		run, err := r.Next()
		if err == io.EOF {
			return out, nil
		} else if err != nil {
			return out, err
		}
		for i, t := range run.Times {
			out = append(out, Sample{run.Container, run.Metric, t, run.Values[i]})
		}
	}
}

// TestSamples: what is written is read, bit for bit, over several groups of
// rows; a range of containers gives those alone.
func TestSamples(t *testing.T) {
	t.Parallel()
	want := many(100, 400) // 80,000 rows
	want[7].Value = math.Nextafter(1, 2)
	data, err := fileOf(want)
	if err != nil {
		t.Fatal(err)
	}
	again, _ := fileOf(want)
	if !bytes.Equal(data, again) {
		t.Error("the same samples gave other bytes")
	}
	got, err := readAll(data, "", "")
	if err != nil || !slices.Equal(got, want) {
		t.Fatalf("%d of %d samples: %v", len(got), len(want), err)
	}
	for _, r := range [][2]string{{"c010", "c012"}, {"c099", ""}, {"", "c000"}, {"b", "c"}, {"d", "e"}} {
		part := slices.DeleteFunc(slices.Clone(want), func(s Sample) bool { return s.Container < r[0] || r[1] != "" && s.Container > r[1] })
		got, err := readAll(data, r[0], r[1])
		if err != nil || !slices.Equal(got, part) {
			t.Errorf("%q: %d of %d samples: %v", r, len(got), len(part), err)
		}
	}
}

// TestBadSamples: what cannot be is refused.
func TestBadSamples(t *testing.T) {
	t.Parallel()
	s := many(3, 3)
	slices.Reverse(s)
	if _, err := fileOf(s); err == nil {
		t.Error("samples in another order were written")
	}
	s = []Sample{{"a", "cpu", 1000, math.NaN()}, {"a", "cpu", 2000, 1e200}, {"a", "cpu", 3000, 5}}
	data, err := fileOf(s)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := readAll(data, "", ""); err != nil || len(got) != 3 || !math.IsNaN(got[0].Value) || !math.IsNaN(got[1].Value) || got[2].Value != 5 {
		t.Errorf("missing values: %v %v", got, err)
	}
	for _, data := range [][]byte{nil, []byte("PAR1"), []byte("timestamp,container,cpu\n"), data[:len(data)/2], data[:len(data)-1]} {
		if _, err := readAll(data, "", ""); !errors.Is(err, ErrFile) {
			t.Errorf("%d bytes: %v", len(data), err)
		}
	}
	other, err := Forecasts([]*serve.Answer{example()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := readAll(other, "", ""); !errors.Is(err, ErrFile) {
		t.Errorf("a file of forecasts: %v", err)
	}
}

func example() *serve.Answer {
	f := &serve.Answer{}
	f.Forecast = forecast.Forecast{Container: "shop/web", Metric: "cpu", Origin: 1722470400, Levels: []float64{0.1, 0.5, 0.9}}
	for _, ahead := range []int64{300, 900} {
		f.At = append(f.At, forecast.Horizon{Ahead: ahead, Mean: 2.5, Quantiles: []float64{1, 2, 3}, Model: "arima",
			Detail: "ARIMA(1,0,0)", Reasons: forecast.Stale | forecast.Shrunk})
	}
	return f
}

// TestDuckDB: DuckDB reads both kinds of file, by their columns, and a folder of
// days as one table.
func TestDuckDB(t *testing.T) {
	t.Parallel()
	python := testkit.Python(t, "duckdb")
	dir := t.TempDir()
	samples, err := fileOf(many(3, 10))
	if err != nil {
		t.Fatal(err)
	}
	forecasts, err := Forecasts([]*serve.Answer{example()})
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"samples/day=2024-08-01/a.parquet": samples, "forecasts/day=2024-08-01/f.parquet": forecasts} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const program = `import duckdb, sys
db = duckdb.connect()
print(db.sql(f"select count(*), count(distinct container), min(epoch(time)), max(epoch(time)), round(sum(value), 6), min(day) from read_parquet('{sys.argv[1]}/samples/*/*.parquet', hive_partitioning=true)").fetchall())
print(db.sql(f"select container, metric, epoch(origin), epoch(target), horizon_s, median, lo80, hi95, levels, quantiles, model, detail, reasons from read_parquet('{sys.argv[1]}/forecasts/*/*.parquet') order by target").fetchall())
`
	out, err := exec.Command(python, "-c", program, dir).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	sum := 0.0
	for _, s := range many(3, 10) {
		sum += s.Value
	}
	want := fmt.Sprintf("(60, 3, 1722470400.0, 1722473100.0, %v, ", math.Round(sum*1e6)/1e6)
	if !strings.Contains(string(out), want) ||
		!strings.Contains(string(out), "('shop/web', 'cpu', 1722470400.0, 1722471300.0, 900, 2.0, 1.0, 3.0, [0.1, 0.5, 0.9], [1.0, 2.0, 3.0], 'arima', 'ARIMA(1,0,0)', 'stale,shrunk')") {
		t.Errorf("DuckDB read, not %s…,\n%s", want, out)
	}
}

func BenchmarkSamples(b *testing.B) {
	data, err := fileOf(many(100, 2000))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		r, err := Open(data, "", "")
		n := 0
		for err == nil {
			var run Run
			if run, err = r.Next(); err == nil {
				n += len(run.Times)
			}
		}
		if err != io.EOF || n != 400000 {
			b.Fatal(n, err)
		}
	}
}

// TestParts: a file that is written in parts has the same samples, and the same
// parts give the same bytes; without its values it has the same names and times.
func TestParts(t *testing.T) {
	t.Parallel()
	want := many(100, 400)
	written := func() []byte {
		var buf bytes.Buffer
		w := NewWriter(&buf)
		for part := range slices.Chunk(want, 999) {
			if err := w.Write(part); err != nil {
				t.Fatal(err)
			}
		}
		if w.Write(want[:1]) == nil {
			t.Error("samples in no order are written")
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return buf.Bytes()
	}
	data := written()
	if got, err := readAll(data, "", ""); err != nil || !slices.Equal(got, want) {
		t.Fatalf("%d samples, %v", len(got), err)
	}
	if !bytes.Equal(data, written()) {
		t.Error("the same samples give other bytes")
	}
	r, err := Open(data, "", "")
	if err != nil {
		t.Fatal(err)
	}
	r.SkipValues()
	n := 0
	for {
		run, err := r.Next()
		if err == io.EOF {
			break
		} else if err != nil || run.Values != nil {
			t.Fatalf("%+v, %v", run, err)
		}
		for _, at := range run.Times {
			if s := want[n]; s.Container != run.Container || s.Metric != run.Metric || s.Time != at {
				t.Fatalf("sample %d is of %s %s at %d", n, run.Container, run.Metric, at)
			}
			n++
		}
	}
	if n != len(want) {
		t.Errorf("%d of %d times", n, len(want))
	}
}

// fileOf returns a file of the samples.
func fileOf(samples []Sample) ([]byte, error) {
	var b bytes.Buffer
	w := NewWriter(&b)
	if err := w.Write(samples); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
