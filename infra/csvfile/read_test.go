package csvfile

import (
	"context"
	"math"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/foretide/foretide/core/series"
)

var nan = math.NaN()

// same reports whether a and b hold the same values, NaN equal to NaN.
func same(a, b []float64) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] && !(math.IsNaN(a[i]) && math.IsNaN(b[i])) {
			return false
		}
	}
	return true
}

// hour is 2024-08-01 12:00:00 UTC.
const hour = 1_722_513_600

// stamped returns rows of container a at the given seconds after hour, with
// cpu counting from 1.
func stamped(seconds ...int64) string {
	var b strings.Builder
	for i, s := range seconds {
		b.WriteString(strconv.FormatInt(hour+s, 10) + ",a," + strconv.Itoa(i+1) + ",\n")
	}
	return b.String()
}

// TestReadGrid: what irregular rows become on the grid.
func TestReadGrid(t *testing.T) {
	for _, c := range []struct {
		name, content string
		o             Options
		step, start   int64
		want          []float64 // of a's cpu
	}{
		{"mean per cell", header + stamped(0, 20, 40, 60, 80, 100), Options{Step: 60}, 60, hour, []float64{2, 5}},
		{"one stamp twice", header + stamped(0, 60, 60, 120), Options{}, 60, hour, []float64{1, 2.5, 4}},
		{"out of order", header + stamped(120, 0, 60), Options{}, 60, hour, []float64{2, 3, 1}},
		{"a few seconds off", header + stamped(7, 66, 129, 187), Options{}, 60, hour, []float64{1, 2, 3, 4}},
		{"299 s", header + stamped(1200, 1499, 1798, 2097), Options{}, 300, hour + 1200, []float64{1.5, 3, 4}},
		{"299 and 301 s", header + stamped(10, 309, 610, 909, 1210), Options{}, 300, hour, []float64{1, 2, 3, 4, 5}},
		{"301 s", header + stamped(299, 600, 901, 1202), Options{}, 300, hour, []float64{1, nan, 2, 3, 4}},
		{"a gap", header + stamped(0, 60, 120, 300), Options{}, 60, hour, []float64{1, 2, 3, nan, nan, 4}},
		{"ten minutes and a bit", header + stamped(0, 620, 1240), Options{}, 600, hour, []float64{1, 2, 3}},
		{"15 s", header + stamped(0, 14, 31, 45), Options{}, 15, hour, []float64{1.5, nan, 3, 4}},
		{"a missing value", header + stamped(0) + strconv.Itoa(hour+60) + ",a,NaN,5\n" + stamped(120, 180), Options{}, 60, hour, []float64{1, nan, 1, 2}},
		{"quotes, CRLF, spaces, a mark", "\xef\xbb\xbf\"timestamp\",container,CPU,\"me\"\"m\"\r\n" +
			"\"1722513600\",\"a\", 1 ,\r\n\r\n1722513660, a ,\"2\",7\r\n", Options{}, 60, hour, []float64{1, 2}},
		{"other stamps", header + "2024-08-01T12:00:00Z,a,1,\n2024-08-01 14:01:00+02:00,a,2,\n1722513720.9,a,3,\n1.72251378e9,a,4,\n",
			Options{}, 60, hour, []float64{1, 2, 3, 4}},
		{"one container of two", header + stamped(0, 60) + "1722513600,b,9,9\n" + stamped(120), Options{Container: "a"}, 60, hour, []float64{1, 2, 1}},
		{"a step that its first rows do not show", header + stamped(sequence(0, 15, 300)...) + stamped(sequence(4500, 300, 400)...),
			Options{}, 300, hour, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			for _, name := range []string{"m.csv", "m.csv.gz"} {
				content := c.content
				if strings.HasSuffix(name, ".gz") {
					content = gzipped(t, content)
				}
				write(t, name, content)
				d, err := Read(context.Background(), name, c.o)
				if err != nil {
					t.Fatal(err)
				}
				f, err := d.Frame("a")
				if err != nil {
					t.Fatal(err)
				}
				s, ok := f.Series("cpu")
				if !ok || s.Step != c.step || s.Start != c.start || c.want != nil && !same(s.Values, c.want) {
					t.Errorf("%s: got %+v, want step %d, start %d, %v", name, s, c.step, c.start, c.want)
				}
			}
		})
	}
}

// sequence returns n numbers from first, step apart.
func sequence(first, step int64, n int) []int64 {
	out := make([]int64, n)
	for i := range out {
		out[i] = first + int64(i)*step
	}
	return out
}

// TestReadHolesOfDays: a hole of days is missing values between the two parts,
// which keep their place.
func TestReadHolesOfDays(t *testing.T) {
	t.Chdir(t.TempDir())
	const days = 9 * 86400
	write(t, "m.csv", header+stamped(sequence(0, 15, 500)...)+stamped(sequence(days, 15, 500)...))
	d, err := Read(context.Background(), "m.csv", Options{})
	if err != nil {
		t.Fatal(err)
	}
	f := &d.Frames[0]
	if f.Step != 15 || f.Len() != days/15+500 {
		t.Fatalf("step %d, %d cells", f.Step, f.Len())
	}
	for i, v := range f.Columns[0] {
		want := nan
		if i < 500 {
			want = float64(i + 1)
		} else if i >= days/15 {
			want = float64(i - days/15 + 1)
		}
		if !same([]float64{v}, []float64{want}) {
			t.Fatalf("cell %d: got %v, want %v", i, v, want)
		}
	}
}

// TestReadFolder: the rows of a container in several files are put together,
// whatever columns each has; other files are skipped and named.
func TestReadFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	os.MkdirAll("data/more", 0o755)
	write(t, "data/1.csv", header+stamped(0, 60))
	write(t, "data/more/2.csv.gz", gzipped(t, "queue,memory,container,timestamp\n5,7,a,1722513720\n6,8,b,1722513720\n"))
	write(t, "data/notes.csv", "name,size\na,1\n")
	write(t, "data/.hidden.csv", "broken")
	d, err := Read(context.Background(), "data", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(d.Files, []string{"data/1.csv", "data/more/2.csv.gz"}) || len(d.Skipped) != 1 || d.Rows != 4 {
		t.Errorf("files %v, skipped %v, %d rows", d.Files, d.Skipped, d.Rows)
	}
	if !reflect.DeepEqual(d.Containers(), []string{"a", "b"}) {
		t.Fatalf("containers %v", d.Containers())
	}
	a := &d.Frames[0]
	if !reflect.DeepEqual(a.Metrics, []string{"cpu", "memory", "queue"}) || !same(a.Columns[0], []float64{1, 2, nan}) ||
		!same(a.Columns[1], []float64{nan, nan, 7}) || !same(a.Columns[2], []float64{nan, nan, 5}) {
		t.Errorf("%+v", a)
	}
	if d, err = Read(context.Background(), "data", Options{Metrics: []string{"memory"}}); err != nil || len(d.Frames) != 2 ||
		!reflect.DeepEqual(d.Frames[0].Metrics, []string{"memory"}) {
		t.Errorf("memory alone: %+v, %v", d, err)
	}
}

// TestReadCounters: columns that are running totals become rates, whatever the
// order of the rows; the others stay as they are.
func TestReadCounters(t *testing.T) {
	const head = "timestamp,container,cpu,net_rx,net_tx\n"
	const inOrder = "1722513600,a,1,1000,10\n1722513660,a,2,1600,20\n1722513720,a,3,1900,30\n" +
		"1722513780,a,4,60,40\n1722513840,a,5,,50\n1722513900,a,6,180,60\n1722515700,a,7,9000,70\n1722515760,a,8,9060,80\n"
	lines := strings.SplitAfter(strings.TrimSuffix(inOrder, "\n")+"\n", "\n")
	shuffled := lines[3] + lines[7] + lines[0] + lines[2] + lines[1] + lines[6] + lines[5] + lines[4]
	hole := make([]float64, 29)
	for i := range hole {
		hole[i] = nan
	}
	rate := append(append([]float64{nan, 10, 5, 1, 1, 1}, hole...), nan, 1)
	for name, content := range map[string]string{"in order": inOrder, "shuffled": shuffled, "twice": inOrder + inOrder} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			write(t, "m.csv", head+content)
			d, err := Read(context.Background(), "m.csv", Options{Counters: []string{"net_rx"}, Step: 60})
			if err != nil {
				t.Fatal(err)
			}
			f := &d.Frames[0]
			cpu, tx := append([]float64{1, 2, 3, 4, 5, 6}, hole...), append([]float64{10, 20, 30, 40, 50, 60}, hole...)
			if !same(f.Columns[1], rate) || !same(f.Columns[0], append(cpu, 7, 8)) || !same(f.Columns[2], append(tx, 70, 80)) {
				t.Errorf("got %+v", f)
			}
		})
	}
}

// TestReadCountersTwoPasses: counters are gridded with the step that all rows
// show, when the first rows let expect another.
func TestReadCountersTwoPasses(t *testing.T) {
	t.Chdir(t.TempDir())
	var b strings.Builder
	total := 0.0
	prev := int64(0)
	for _, s := range append(sequence(0, 15, 300), sequence(4800, 300, 400)...) {
		total += 2 * float64(s-prev)
		prev = s
		b.WriteString(strconv.FormatInt(hour+s, 10) + ",a,1," + strconv.FormatFloat(total, 'f', -1, 64) + "\n")
	}
	write(t, "m.csv", "timestamp,container,cpu,net_rx\n"+b.String())
	d, err := Read(context.Background(), "m.csv", Options{Counters: []string{"net_rx"}})
	if err != nil {
		t.Fatal(err)
	}
	s, _ := d.Frames[0].Series("net_rx")
	if s.Step != 300 || s.Count() != s.Len() {
		t.Errorf("step %d, %d of %d cells observed", s.Step, s.Count(), s.Len())
	}
	for i, v := range s.Values {
		if v != 2 {
			t.Fatalf("cell %d: got %v, want 2", i, v)
		}
	}
}

// TestReadCounterWarnings: a gauge read as a counter, and a counter read as a
// gauge.
func TestReadCounterWarnings(t *testing.T) {
	t.Chdir(t.TempDir())
	var b strings.Builder
	for i := range int64(100) {
		b.WriteString(strconv.FormatInt(hour+i*60, 10) + ",a,1," + strconv.FormatInt(i*i%7, 10) + "," + strconv.FormatInt(5*i, 10) + "\n")
	}
	write(t, "m.csv", "timestamp,container,cpu,net_rx,net_tx\n"+b.String())
	for _, c := range []struct {
		counters []string
		want     string
	}{
		{nil, `metric "net_tx" only grows in 1 container ("a"): it looks like a running total and should be read as a counter`},
		{[]string{"net_tx"}, ""},
		{[]string{"net_tx", "net_rx"}, `container "a" has a net_rx that falls in 42 of 99 intervals and is read as a counter; if it is none, do not name it as one`},
	} {
		d, err := Read(context.Background(), "m.csv", Options{Counters: c.counters})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(d.Warnings, "\n"); got != c.want {
			t.Errorf("%v: got  %s\nwant %s", c.counters, got, c.want)
		}
	}
	_, err := Read(context.Background(), "m.csv", Options{Counters: []string{"net_rxx"}})
	const want = `m.csv: column "net_rxx": no column of this name; did you mean "net_rx" or "net_tx"?`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	write(t, "one.csv", "timestamp,container,cpu,net_rx\n60,a,1,5\n60,b,,5\n")
	d, err := Read(context.Background(), "one.csv", Options{Step: 60, Counters: []string{"net_rx"}})
	if err != nil || len(d.Frames) != 1 || !reflect.DeepEqual(d.Frames[0].Metrics, []string{series.CPU}) {
		t.Errorf("one sample of a counter: %+v, %v", d, err)
	} else if got, want := strings.Join(d.Warnings, "\n"), `container "b" has no value and no two samples of a counter and is left out`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
