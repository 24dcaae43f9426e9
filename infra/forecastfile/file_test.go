package forecastfile

import (
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/foretide/foretide/core/backtest"
	"github.com/foretide/foretide/internal/need"
)

var nan = math.NaN()

func same(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }

// write makes a file of the rows and returns its path.
func write(t *testing.T, name string, rows []backtest.Row) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	w, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		if err := w.Write(&rows[i]); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("the file is there before Commit")
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestRoundTrip: every number comes back bit by bit, plain and compressed,
// and nothing but the file is left in the folder.
func TestRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	rows := []backtest.Row{
		{Container: `a/"x", y`, Metric: "cpu", Origin: 1722467370, Horizon: 300, Model: "naive", Point: 0.1, Lo: nan, Hi: nan},
		{Container: "b", Metric: "memory", Origin: -5, Horizon: 900, Model: "arima", Point: math.Inf(1), Lo: 5e-324, Hi: math.MaxFloat64},
	}
	for range 1000 {
		v := math.Float64frombits(r.Uint64())
		if math.IsNaN(v) || math.IsInf(v, 0) {
			v = 0
		}
		rows = append(rows, backtest.Row{Container: "c", Metric: "cpu", Origin: r.Int64N(1 << 40), Horizon: 1800, Model: "m", Point: v, Lo: -v, Hi: v / 3})
	}
	for _, name := range []string{"f.csv", "f.csv.gz"} {
		path := write(t, name, rows)
		n := 0
		err := Read(path, func(got *backtest.Row) error {
			want := rows[n]
			if math.IsInf(want.Point, 0) {
				want.Point = nan
			}
			if got.Container != want.Container || got.Metric != want.Metric || got.Origin != want.Origin || got.Horizon != want.Horizon ||
				got.Model != want.Model || !same(got.Point, want.Point) || !same(got.Lo, want.Lo) || !same(got.Hi, want.Hi) {
				t.Fatalf("row %d: got %+v, want %+v", n, got, want)
			}
			n++
			return nil
		})
		if err != nil || n != len(rows) {
			t.Errorf("%s: %v, %d rows of %d", name, err, n, len(rows))
		}
		b, _ := os.ReadFile(path)
		if gz := string(b[:2]) == "\x1f\x8b"; gz != strings.HasSuffix(name, ".gz") {
			t.Errorf("%s: compressed %v", name, gz)
		}
		if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
			t.Errorf("left behind: %v", left)
		}
	}
}

// TestAbort: an aborted file leaves what was there before, and nothing else.
func TestAbort(t *testing.T) {
	path := write(t, "f.csv", nil)
	before, _ := os.ReadFile(path)
	w, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(&backtest.Row{Container: "x"})
	w.Abort()
	w.Abort()
	after, _ := os.ReadFile(path)
	left, _ := os.ReadDir(filepath.Dir(path))
	if string(after) != string(before) || len(left) != 1 {
		t.Errorf("file %q, folder %v", after, left)
	}
}

// TestCommitFails: where the file cannot take its name, nothing is left.
func TestCommitFails(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f.csv")
	w, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	os.Mkdir(path, 0o777)
	if err := w.Commit(); err == nil || !strings.HasPrefix(err.Error(), path+": cannot write the forecasts: ") {
		t.Errorf("got %v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

// TestFullDisk writes to the device that is always full.
func TestFullDisk(t *testing.T) {
	need.File(t, "/dev/full")
	path := write(t, "f.csv", nil)
	w, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	w.buf.Reset(full)
	for range 10_000 {
		if err = w.Write(&backtest.Row{Container: "x", Point: 1.0 / 3}); err != nil {
			break
		}
	}
	if err == nil {
		err = w.Commit()
	}
	w.Abort()
	if err == nil || err.Error() != path+": cannot write the forecasts: no space left on device" {
		t.Errorf("got %v", err)
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

func TestCreateErrors(t *testing.T) {
	dir := t.TempDir()
	for path, want := range map[string]string{
		dir:                               ": is a folder; give the name of a file in it",
		filepath.Join(dir, "no", "f.csv"): ": cannot write the forecasts: no such file or directory",
	} {
		if _, err := Create(path); err == nil || err.Error() != path+want {
			t.Errorf("got %v, want %s%s", err, path, want)
		}
	}
}

func TestReadErrors(t *testing.T) {
	const head = "container,metric,origin,horizon,model,mean\n"
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "not a forecast file: it is empty"},
		{"no column", "container,metric,origin,model,mean\n", `line 1 has no column "horizon"`},
		{"text for a time", head + "a,cpu,1,300,m,1\na,cpu,noon,300,m,1\n", `line 3: not a forecast file: column origin: "noon" is not a number of seconds`},
		{"short row", head + "a,cpu\n", "line 2: record on line 2: wrong number of fields"},
		{"cut gzip", "\x1f\x8b\x08", "damaged gzip: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "f.csv")
			os.WriteFile(path, []byte(c.text), 0o666)
			_, err := Load(path)
			if err == nil || !strings.HasPrefix(err.Error(), path+": ") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
	stop := errors.New("stop")
	path := write(t, "f.csv", []backtest.Row{{Container: "a"}})
	if err := Read(path, func(*backtest.Row) error { return stop }); err != stop {
		t.Errorf("got %v", err)
	}
}

func TestLookup(t *testing.T) {
	f, err := Load(write(t, "f.csv.gz", []backtest.Row{
		{Container: "a", Metric: "cpu", Origin: 300, Horizon: 300, Model: "n", Point: 1, Lo: 0, Hi: 2},
		{Container: "a", Metric: "cpu", Origin: 300, Horizon: 300, Model: "m", Point: 5, Lo: nan, Hi: nan},
		{Container: "a", Metric: "cpu", Origin: 300, Horizon: 300, Model: "n", Point: 3, Lo: 2, Hi: 4},
	}))
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Models) != 2 || f.Models[0] != "n" {
		t.Errorf("models %v", f.Models)
	}
	if p, lo, hi := f.Lookup("n")("a", "cpu", 300, 300); p != 3 || lo != 2 || hi != 4 {
		t.Errorf("got %v %v %v", p, lo, hi)
	}
	if p, _, _ := f.Lookup("n")("a", "cpu", 300, 900); !math.IsNaN(p) {
		t.Errorf("a row that is not there: %v", p)
	}
}
