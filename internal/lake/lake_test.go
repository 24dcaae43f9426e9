package lake

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/infra/parquet"
	"github.com/foretide/foretide/loader/store"
)

const start = 1722470400 // 2024-08-01

// samples are those of a grid of five minutes, from one index to another.
func samples(from, to int, containers ...string) []parquet.Sample {
	var out []parquet.Sample
	for _, c := range containers {
		for _, m := range []string{"cpu", "memory", "queue"} {
			for i := from; i < to; i++ {
				if i%50 == 7 {
					continue // a gap
				}
				out = append(out, parquet.Sample{Container: c, Metric: m, Time: (start + int64(i)*300) * 1000, Value: math.Sin(float64(i*len(c))) + float64(len(m))})
			}
		}
	}
	return out
}

func write(t *testing.T, l *Lake, from, to int, containers ...string) []string {
	t.Helper()
	keys, err := l.Write(context.Background(), start+int64(from)*300, start+int64(to)*300, samples(from, to, containers...))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func read(t *testing.T, l *Lake, q Query) []series.Frame {
	t.Helper()
	if q.To == 0 {
		q.From, q.To = start, start+10*day
	}
	var out []series.Frame
	err := l.Read(context.Background(), q, func(f series.Frame) error { out = append(out, f); return nil })
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestReadWrite: what was written in parts, over days and shards, and some of it
// twice, is one frame for each container, gaps and all.
func TestReadWrite(t *testing.T) {
	l := &Lake{Objects: &store.Memory{}, Shards: 3, MaxBytes: 1 << 30}
	for from := 0; from < 900; from += 100 {
		write(t, l, from, from+100, "web", "db", "shop/cart", "a")
	}
	before, _ := l.Files(context.Background(), start, start+10*day)
	write(t, l, 100, 200, "web", "db", "shop/cart", "a") // again
	if after, _ := l.Files(context.Background(), start, start+10*day); len(after) != len(before) {
		t.Errorf("to write the same again made %d files of %d", len(after), len(before))
	}
	frames := read(t, l, Query{})
	if len(frames) != 4 || frames[0].Container != "a" || frames[3].Container != "web" {
		t.Fatalf("%d frames", len(frames))
	}
	for _, f := range frames {
		if f.Step != 300 || f.Start != start || f.Len() != 900 || !slices.Equal(f.Metrics, []string{"cpu", "memory", "queue"}) {
			t.Fatalf("%s: %d cells of %d s from %d, %v", f.Container, f.Len(), f.Step, f.Start, f.Metrics)
		}
		for i, v := range f.Columns[1] {
			want := math.Sin(float64(i*len(f.Container))) + 6
			if gap := i%50 == 7; gap != math.IsNaN(v) || !gap && v != want {
				t.Fatalf("%s: cell %d is %v, want %v", f.Container, i, v, want)
			}
		}
	}
	some := read(t, l, Query{Containers: []string{"db", "no such", "web"}, Metrics: []string{"memory"}, From: start + 30000, To: start + 60000})
	if len(some) != 2 || some[0].Container != "db" || some[1].Len() != 100 || some[1].Start != start+30000 || !slices.Equal(some[1].Metrics, []string{"memory"}) {
		t.Errorf("of two containers: %+v", some)
	}
	have, err := l.Series(context.Background(), start, start+day)
	if err != nil || len(have) != 4 || !slices.Equal(have["web"], []string{"cpu", "memory", "queue"}) {
		t.Errorf("series %v, %v", have, err)
	}
}

// TestLater: of two values for one moment the one written later counts, before
// and after compaction.
func TestLater(t *testing.T) {
	now := time.Unix(start, 0)
	l := &Lake{Objects: &store.Memory{Clock: func() time.Time { now = now.Add(time.Second); return now }}, Shards: 1, MaxBytes: 1 << 30}
	for _, v := range []float64{5, 2, 3} {
		s := []parquet.Sample{{Container: "a", Metric: "cpu", Time: start * 1000, Value: v}, {Container: "a", Metric: "cpu", Time: (start + 300) * 1000, Value: 1}}
		if _, err := l.Write(context.Background(), start, start+600, s); err != nil {
			t.Fatal(err)
		}
	}
	for _, what := range []string{"before", "after"} {
		f := read(t, l, Query{})
		if len(f) != 1 || f[0].Columns[0][0] != 3 || f[0].Columns[0][1] != 1 {
			t.Errorf("%s compaction: %v", what, f)
		}
		if n, err := l.Compact(context.Background(), start, 1); err != nil || what == "before" && n != 3 {
			t.Fatal(n, err)
		}
	}
}

// gone is storage in which objects vanish between two calls, as when another
// one compacts.
type gone struct {
	*store.Memory
	mu     sync.Mutex // files are read at the same time
	vanish func()
}

func (g *gone) Get(ctx context.Context, key string, limit int64) ([]byte, store.Object, error) {
	g.mu.Lock()
	do := g.vanish
	g.vanish = nil
	g.mu.Unlock()
	if do != nil {
		do()
	}
	return g.Memory.Get(ctx, key, limit)
}

// TestCompact: compaction changes nothing but the number of files, and a reader
// whose files vanish meanwhile reads the new one.
func TestCompact(t *testing.T) {
	vanishing := &gone{Memory: &store.Memory{}}
	l := &Lake{Objects: vanishing, Shards: 2, MaxBytes: 1 << 30}
	for from := 0; from < 288; from += 12 {
		write(t, l, from, from+12, "web", "db", "x", "cart", "pay", "mail")
	}
	before := read(t, l, Query{})
	vanishing.vanish = func() {
		n, err := l.Compact(context.Background(), start+500, 12)
		if err != nil || n != 48 {
			t.Errorf("compacted %d files: %v", n, err)
		}
	}
	during, after := read(t, l, Query{}), read(t, l, Query{})
	if fmt.Sprint(before) != fmt.Sprint(during) || fmt.Sprint(before) != fmt.Sprint(after) {
		t.Error("the frames are others after compaction")
	}
	if files, _ := l.Files(context.Background(), start, start+day); len(files) != 2 {
		t.Errorf("%d files are left", len(files))
	}
	if n, err := l.Compact(context.Background(), start, 1); n != 0 || err != nil {
		t.Errorf("again: %d files, %v", n, err)
	}
}

// TestDamaged: a flipped byte, and files that are too large, are errors that
// name the file.
func TestDamaged(t *testing.T) {
	m := &store.Memory{}
	l := &Lake{Objects: m, Shards: 1, MaxBytes: 1 << 30}
	key := write(t, l, 0, 10, "web")[0]
	data, _, _ := m.Get(context.Background(), key, 1<<30)
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		bad := slices.Clone(data)
		bad[r.IntN(len(bad))] ^= 1 << r.IntN(8)
		_ = m.Put(context.Background(), key, bad)
		err := l.Read(context.Background(), Query{From: start, To: start + day}, nil)
		if !errors.Is(err, store.ErrDamaged) || !strings.Contains(err.Error(), key) {
			t.Fatalf("the error is %v", err)
		}
	}
	l.MaxBytes = 100
	if err := l.Read(context.Background(), Query{From: start, To: start + day}, nil); !errors.Is(err, ErrTooLarge) {
		t.Errorf("the error is %v", err)
	}
}

// FuzzParseFile: a name is a file's only if the file has that name.
func FuzzParseFile(f *testing.F) {
	good := File{Shard: 3, Shards: 16, From: start, To: start + 600}
	f.Add(good.name(nil))
	f.Add("samples/day=2024-08-01/0003-of-0016-1722470400-172-aaaaaaaaaaaaaaaaaaaaaaaa.parquet")
	f.Fuzz(func(t *testing.T, key string) {
		file, ok := parseFile(store.Object{Name: key})
		if ok && (file.Shards < 1 || file.Shard >= file.Shards || file.From >= file.To || !strings.HasPrefix(key, Folder)) {
			t.Errorf("%q is %+v", key, file)
		}
	})
}

// TestReadByShard: the same frames as Read, where the files of one shard fit and
// those of all do not; files that a compaction removed meanwhile are found again.
func TestReadByShard(t *testing.T) {
	l := &Lake{Objects: &store.Memory{}, Shards: 4, MaxBytes: 1 << 30}
	names := []string{"a", "b", "c", "d", "e", "f", "g", "h"}
	for from := 0; from < 600; from += 100 {
		write(t, l, from, from+100, names...)
	}
	q := Query{Containers: names, From: start, To: start + 10*day}
	want := read(t, l, q)
	files, _ := l.Files(context.Background(), q.From, q.To)
	shard := map[int]int64{}
	total := int64(0)
	for _, f := range files {
		shard[f.Shard] += f.Size
		total += f.Size
	}
	for _, n := range shard {
		l.MaxBytes = max(n, total-1)
	}
	if err := l.Read(context.Background(), q, func(series.Frame) error { return nil }); !errors.Is(err, ErrTooLarge) {
		t.Fatalf("all at a time: %v", err)
	}
	got := map[string]series.Frame{}
	err := l.ReadByShard(context.Background(), q, func(f series.Frame) error {
		if len(got) == 0 {
			if n, err := l.Compact(context.Background(), start, 0); err != nil || n == 0 {
				t.Fatal(n, err)
			}
		}
		got[f.Container] = f
		return nil
	})
	if err != nil || len(got) != len(names) {
		t.Fatalf("%d frames, %v", len(got), err)
	}
	for _, f := range want {
		g := got[f.Container]
		for k := range f.Columns {
			if g.Start != f.Start || !slices.EqualFunc(g.Columns[k], f.Columns[k], func(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }) {
				t.Errorf("%s is not what Read has", f.Container)
			}
		}
	}
	if err := l.ReadByShard(context.Background(), Query{Containers: names, From: 0, To: day}, func(series.Frame) error { return errors.New("none") }); err != nil {
		t.Errorf("where nothing is: %v", err)
	}
}
