package csvfile

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"testing"

	"github.com/foretide/foretide/core/series"
)

// FuzzRead: whatever a file holds, reading it neither panics nor takes more
// memory than the options allow, and what it returns is an *Error with the
// file's name or frames as series.Frame describes them, the same each time.
func FuzzRead(f *testing.F) {
	for _, content := range []string{
		"", header, header + "60,a,1,2\n120,a,1,2\n", header + rows("a", hour, 15, 300) + rows("b", hour, 60, 20),
		header + stamped(120, 0, 60, 60, 100_000), "timestamp,container,cpu\n2024-08-01T00:00:00Z,\"a,\"\"b\",1e3\r\n\n",
		"\xef\xbb\xbfcontainer,timestamp,,pod,net_rx\na,1722513600.5,,x,5\na,1722513660,,y,NaN\na,1722513720,,y,-Inf\n",
		header + rows("a", hour, 15, 270) + rows("a", hour+5000, 300, 600), "timestamp;container;cpu\n1;2;3\n",
		header + "1722513600000,a,1,1\n", header + "9,a,1", header + "-62135596800,a,1,2\n99999999999,a,1,2\n",
	} {
		f.Add([]byte(content), uint8(len(content)))
		f.Add([]byte(gzipped(f, content)), uint8(len(content)))
	}
	path := filepath.Join(f.TempDir(), "m.csv")
	f.Fuzz(func(t *testing.T, content []byte, pick uint8) {
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
		o := Options{MaxValues: 1 << 16, MaxCells: 1 << 12}
		switch pick % 4 {
		case 1:
			o.Step = 60
		case 2:
			o.Container = "a"
		case 3:
			o.Counters = []string{series.NetRx, series.CPU}[:1+pick>>2&1]
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		d, err := Read(context.Background(), path, o)
		runtime.ReadMemStats(&after)
		// The records' buffer may grow to 1 MiB, and twice as much on the way;
		// names, rows and steps take what is in the content.
		most := uint64(8<<20 + 40*o.MaxValues + 100*int64(len(content)))
		if got := after.TotalAlloc - before.TotalAlloc; got > most {
			t.Errorf("%d bytes allocated, want at most %d", got, most)
		}
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.File != path || e.Text == "" || e.Err == nil {
				t.Fatalf("%#v", err)
			}
			return
		}
		again, err := Read(context.Background(), path, o)
		if err != nil || len(again.Frames) != len(d.Frames) || !reflect.DeepEqual(again.Warnings, d.Warnings) {
			t.Fatalf("the second time: %v, %+v", err, again)
		}
		values := 0
		for i := range d.Frames {
			checkFrame(t, &d.Frames[i])
			values += d.Frames[i].Len() * len(d.Frames[i].Metrics)
			for k, column := range d.Frames[i].Columns {
				if !same(column, again.Frames[i].Columns[k]) {
					t.Fatalf("%q has other values the second time", d.Frames[i].Container)
				}
			}
		}
		if int64(values) > o.MaxValues || !slices.IsSorted(d.Containers()) || len(d.Frames) == 0 || d.Rows == 0 {
			t.Fatalf("%d values in containers %q of %d rows", values, d.Containers(), d.Rows)
		}
	})
}

// checkFrame holds what series.Frame says of frames and Data of its columns.
func checkFrame(t *testing.T, f *series.Frame) {
	t.Helper()
	if f.Step <= 0 || f.Start%f.Step != 0 || f.Container == "" || len(f.Metrics) == 0 || len(f.Metrics) != len(f.Columns) {
		t.Fatalf("%+v", f)
	}
	for k, column := range f.Columns {
		observed := 0
		for _, v := range column {
			if math.Abs(v) > series.MaxMagnitude {
				t.Fatalf("%s: %v", f.Metrics[k], v)
			}
			if !math.IsNaN(v) {
				observed++
			}
		}
		if len(column) != f.Len() || observed == 0 {
			t.Fatalf("%s: %d of %d cells observed", f.Metrics[k], observed, len(column))
		}
	}
}
