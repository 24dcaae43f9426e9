package csvfile

import (
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/foretide/foretide/core/backtest"
	"github.com/foretide/foretide/internal/testkit"
)

func sameForecast(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }

// writeForecastFile makes a file of the rows and returns its path.
func writeForecastFile(t *testing.T, name string, rows []backtest.Row) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	w, err := CreateForecasts(path)
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
	t.Parallel()
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
		path := writeForecastFile(t, name, rows)
		n := 0
		err := ReadForecasts(path, func(got *backtest.Row) error {
			want := rows[n]
			if math.IsInf(want.Point, 0) {
				want.Point = nan
			}
			if got.Container != want.Container || got.Metric != want.Metric || got.Origin != want.Origin || got.Horizon != want.Horizon ||
				got.Model != want.Model || !sameForecast(got.Point, want.Point) || !sameForecast(got.Lo, want.Lo) || !sameForecast(got.Hi, want.Hi) {
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
	t.Parallel()
	path := writeForecastFile(t, "f.csv", nil)
	before, _ := os.ReadFile(path)
	w, err := CreateForecasts(path)
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
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "f.csv")
	w, err := CreateForecasts(path)
	if err != nil {
		t.Fatal(err)
	}
	os.Mkdir(path, 0o777)
	if err := w.Commit(); err == nil || !strings.HasPrefix(err.Error(), path+": cannot be written: ") {
		t.Errorf("got %v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

// TestFullDisk writes to the device that is always full.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	testkit.File(t, "/dev/full")
	path := writeForecastFile(t, "f.csv", nil)
	w, err := CreateForecasts(path)
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
	if err == nil || err.Error() != path+": cannot be written: no space left on device" {
		t.Errorf("got %v", err)
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

func TestCreateErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for path, want := range map[string]string{
		os.DevNull:                        ": is not a file",
		dir:                               ": is a folder; give the name of a file in it",
		filepath.Join(dir, "no", "f.csv"): ": cannot be written: no such file or directory",
	} {
		w, err := CreateForecasts(path)
		if err == nil || err.Error() != path+want {
			t.Errorf("got %v, want %s%s", err, path, want)
		}
		if w != nil {
			w.Abort()
		}
	}
}

// TestLink: the file that a link leads to is replaced, and the link stays.
func TestLink(t *testing.T) {
	t.Parallel()
	path := writeForecastFile(t, "f.csv", nil)
	link := filepath.Join(t.TempDir(), "link.csv")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	w, err := CreateForecasts(link)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(&backtest.Row{Container: "x"})
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	to, err := os.Readlink(link)
	b, _ := os.ReadFile(path)
	if err != nil || to != path || !strings.Contains(string(b), "\nx,") {
		t.Errorf("%v; the link leads to %q, the file holds %q", err, to, b)
	}
}

// FuzzReadForecasts: whatever a file holds, reading it does not panic, and an error is
// an ErrForecasts that names the file. What was read is written and read again
// the same.
func FuzzReadForecasts(f *testing.F) {
	const head = "container,metric,origin,horizon,model,mean,lo80,hi80\n"
	for _, s := range []string{"", head, head + "a,cpu,1,300,m,1,0,2\n", "mean,model,horizon,origin,metric,container\n1,m,300,1,cpu,a\n",
		head + "\"a\nb\",cpu,1,300,m,,,\n", head + "a\"b,cpu,1,300,m,1,0,2\n", head + "a,cpu,-1e300,300,m,NaN,-Inf,2\n", "\x1f\x8b\x08"} {
		f.Add([]byte(s))
	}
	path := filepath.Join(f.TempDir(), "f.csv")
	f.Fuzz(func(t *testing.T, content []byte) {
		if err := os.WriteFile(path, content, 0o666); err != nil {
			t.Fatal(err)
		}
		var rows []backtest.Row
		err := ReadForecasts(path, func(r *backtest.Row) error {
			rows = append(rows, *r)
			return nil
		})
		if err != nil && (!errors.Is(err, ErrForecasts) || !strings.HasPrefix(err.Error(), path)) {
			t.Fatal(err)
		}
		if len(rows) == 0 {
			return // writing takes time: a file is brought to the disk
		}
		n := 0
		err = ReadForecasts(writeForecastFile(t, "again.csv", rows), func(r *backtest.Row) error {
			want := rows[n]
			if r.Origin != want.Origin || r.Horizon != want.Horizon || !sameForecast(r.Point, want.Point) || !sameForecast(r.Lo, want.Lo) || !sameForecast(r.Hi, want.Hi) {
				t.Errorf("row %d: %+v, and read again %+v", n, want, r)
			}
			n++
			return nil
		})
		if err != nil || n != len(rows) {
			t.Errorf("%d rows of %d: %v", n, len(rows), err)
		}
	})
}

func TestReadErrors(t *testing.T) {
	t.Parallel()
	const head = "container,metric,origin,horizon,model,mean\n"
	whole, err := os.ReadFile(writeForecastFile(t, "f.csv.gz", []backtest.Row{{Container: "a", Model: "m"}}))
	if err != nil {
		t.Fatal(err)
	}
	cut := string(whole[:len(whole)-4])
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "not a forecast file: it is empty"},
		{"no column", "container,metric,origin,model,mean\n", `line 1 has no column "horizon"`},
		{"text for a time", head + "a,cpu,1,300,m,1\na,cpu,noon,300,m,1\n", `line 3: not a forecast file: column origin: "noon" is not a number of seconds`},
		{"a time beyond all", head + "a,cpu,1e300,300,m,1\n", `line 2: not a forecast file: column origin: "1e300" is not a number of seconds`},
		{"short row", head + "a,cpu\n", "line 2: not a forecast file: wrong number of fields"},
		{"quote in a field", head + "a\"b,cpu,1,300,m,1\n", `line 2: not a forecast file: bare " in non-quoted-field`},
		{"quote in the header", "a\"b\n", `line 1: not a forecast file: bare " in non-quoted-field`},
		{"magic alone", "\x1f\x8b\x08", "not a forecast file: damaged or cut off: unexpected EOF"},
		{"cut gzip", cut, "not a forecast file: damaged or cut off: unexpected EOF"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "f.csv")
			os.WriteFile(path, []byte(c.text), 0o666)
			_, err := LoadForecasts(path)
			if !errors.Is(err, ErrForecasts) || !strings.HasPrefix(err.Error(), path+": ") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
	stop := errors.New("stop")
	path := writeForecastFile(t, "f.csv", []backtest.Row{{Container: "a"}})
	if err := ReadForecasts(path, func(*backtest.Row) error { return stop }); err != stop {
		t.Errorf("got %v", err)
	}
}

func TestLookup(t *testing.T) {
	t.Parallel()
	f, err := LoadForecasts(writeForecastFile(t, "f.csv.gz", []backtest.Row{
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
