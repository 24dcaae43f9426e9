package csvfile

import (
	"bufio"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// manyContainers is the number of containers of writeMany.
const manyContainers = 60

// writeMany writes a file of the given number of rows and returns its path and
// size: 60 containers in turn, six metrics, every 15 s.
func writeMany(tb testing.TB, rows int) (path string, size int64) {
	tb.Helper()
	path = filepath.Join(tb.TempDir(), "many.csv")
	f, err := os.Create(path)
	if err != nil {
		tb.Fatal(err)
	}
	w := bufio.NewWriterSize(f, 1<<16)
	w.WriteString("timestamp,container,cpu,memory,disk_read,disk_write,net_rx,net_tx\n")
	var b []byte
	state := uint64(1)
	for i := range rows {
		b = strconv.AppendInt(b[:0], int64(hour+i/manyContainers*15), 10)
		b = append(b, ",webapp-"...)
		b = strconv.AppendInt(b, int64(i%manyContainers), 10)
		for k := range 6 {
			state = state*6364136223846793005 + 1442695040888963407
			b = append(b, ',')
			if k == 1 {
				b = strconv.AppendInt(b, int64(1<<28+state>>36), 10)
			} else {
				b = strconv.AppendInt(b, int64(state>>47), 10)
				b = append(b, '.')
				b = strconv.AppendInt(b, int64(state>>33&63+10), 10)
			}
		}
		b = append(b, '\n')
		w.Write(b)
	}
	if err := w.Flush(); err != nil {
		tb.Fatal(err)
	}
	info, err := f.Stat()
	if err != nil {
		tb.Fatal(err)
	}
	if err := f.Close(); err != nil {
		tb.Fatal(err)
	}
	return path, info.Size()
}

// live returns the bytes that are reachable.
func live() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestReadMemory holds the numbers of the package's documentation on a million
// rows: what is live while they are read and afterwards, what is allocated in
// all, and that nothing is allocated for a row.
func TestReadMemory(t *testing.T) {
	const rows, metrics, values = 1_000_000, 6, 6_000_000
	path, _ := writeMany(t, rows)
	base := live()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	most := int64(0)
	d, err := Read(context.Background(), path, Options{
		Progress: func(int64, int64, int64) { most = max(most, live()-base) },
	})
	if err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	left := live() - base
	for i := range d.Frames {
		if f := &d.Frames[i]; f.Len() < rows/manyContainers || len(f.Metrics) != metrics {
			t.Fatalf("%s: %d cells of %v", f.Container, f.Len(), f.Metrics)
		}
	}
	// A last chunk of each container and metric is half empty: 128 of 16,667
	// cells. Times of rows lie in slices that grow by a quarter.
	within := func(what string, got, bound int64) {
		t.Helper()
		t.Logf("%s: %d bytes, %.2f a value", what, got, float64(got)/values)
		if got > bound {
			t.Errorf("%s: %d bytes, want at most %d", what, got, bound)
		}
	}
	within("live while reading", most, 12*values*102/100+5*rows+2<<20)
	within("live afterwards", left, 8*values*106/100+1<<20) // whole pages
	within("allocated in all", int64(after.TotalAlloc-before.TotalAlloc), 28*values)
	if n := after.Mallocs - before.Mallocs; n > rows/20 {
		t.Errorf("%d allocations for %d rows", n, rows)
	}
}

// TestReadSparse: a grid that is long and nearly empty counts as what it takes,
// not as the few rows that it was made from.
func TestReadSparse(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "m.csv", header+stamped(0, 15, 30, 15*100_000)+strings.ReplaceAll(stamped(0, 15, 30, 15*100_000), ",a,", ",b,"))
	const want = "m.csv: the data takes more than 300000 values of memory; read one container or fewer metrics at a time, or give a longer step"
	if _, err := Read(context.Background(), "m.csv", Options{MaxValues: 300_000}); err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if _, err := Read(context.Background(), "m.csv", Options{MaxValues: 500_000}); err != nil {
		t.Error(err)
	}
}

// BenchmarkRead reads 200,000 rows of six metrics of 60 containers.
func BenchmarkRead(b *testing.B) {
	const rows = 200_000
	path, size := writeMany(b, rows)
	plain, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(path+".gz", []byte(gzipped(b, string(plain))), 0o644); err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct{ name, path string }{{"plain", path}, {"gzip", path + ".gz"}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(size) // of the text, for gzip too
			for b.Loop() {
				if _, err := Read(context.Background(), c.path, Options{}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)*rows/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
