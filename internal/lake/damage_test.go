package lake

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/loader/store"
)

// told returns a context with which damaged files are passed over, and what was
// told of them since the last call, sorted.
func told() (context.Context, func() []string) {
	var mu sync.Mutex
	var keys []string
	ctx := Reporting(context.Background(), func(key string, err error) {
		mu.Lock()
		defer mu.Unlock()
		if isDamage(err) {
			keys = append(keys, key)
		}
	})
	return ctx, func() []string {
		mu.Lock()
		defer mu.Unlock()
		out := keys
		keys = nil
		slices.Sort(out)
		return out
	}
}

// flip flips a bit of an object and returns what it was.
func flip(t *testing.T, m *store.Memory, key string) (whole []byte) {
	t.Helper()
	whole, _, err := m.Get(context.Background(), key, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	bad := slices.Clone(whole)
	bad[len(bad)/3] ^= 4
	_ = m.Put(context.Background(), key, bad)
	return whole
}

// damagedWorld is samples of web and mail in a shard each, in two files each, one of
// which, of web's, is damaged.
func damagedWorld(t *testing.T) (l *Lake, m *store.Memory, bad string, whole []byte) {
	m = &store.Memory{}
	l = &Lake{Objects: m, Shards: 2, MaxBytes: 1 << 30}
	if ShardOf("web", 2) == ShardOf("mail", 2) {
		t.Fatal("they are in one shard")
	}
	write(t, l, 0, 100, "web", "mail")
	keys := write(t, l, 100, 200, "web", "mail")
	for _, key := range keys {
		if f, _ := parseFile(store.Object{Name: key}); f.has("web") {
			bad = key
		}
	}
	return l, m, bad, flip(t, m, bad)
}

// TestPassOver: a damaged file costs what it has, and no more; it is told of, and
// without anyone to tell it to it is an error.
func TestPassOver(t *testing.T) {
	l, _, bad, _ := damagedWorld(t)
	ctx, keys := told()
	q := Query{From: start, To: start + day}
	for _, way := range []string{"at once", "by shard"} {
		n := map[string]int{}
		do := func(f series.Frame) error { n[f.Container] = f.Len(); return nil }
		err := l.Read(ctx, q, do)
		if way == "by shard" {
			clear(n)
			q.Containers = []string{"mail", "web"}
			err = l.ReadByShard(ctx, q, do)
		}
		if err != nil || n["web"] != 100 || n["mail"] != 200 {
			t.Errorf("%s: %v, %v", way, n, err)
		}
		if got := slices.Compact(keys()); !slices.Equal(got, []string{bad}) {
			t.Errorf("%s: told of %v", way, got)
		}
	}
	have, err := l.Series(ctx, start+100*300, start+200*300)
	if err != nil || len(have["mail"]) != 3 || have["web"] != nil || !slices.Equal(keys(), []string{bad}) {
		t.Errorf("series %v, %v", have, err)
	}
	have, err = l.SeriesIn(ctx, []string{bad})
	if err != nil || len(have) != 0 || !slices.Equal(keys(), []string{bad}) {
		t.Errorf("series in it %v, %v", have, err)
	}
	if _, err := l.Series(context.Background(), start, start+day); !errors.Is(err, store.ErrDamaged) || !strings.Contains(err.Error(), bad) {
		t.Errorf("with nobody to tell: %v", err)
	}
}

// TestCompactDamaged: compaction leaves a damaged file where it is, puts the others
// together, and reads it no more, but tells of it every time; one that is put back
// whole is put together with the rest.
func TestCompactDamaged(t *testing.T) {
	l, m, bad, whole := damagedWorld(t)
	write(t, l, 200, 288, "web", "mail")
	ctx, keys := told()
	n, err := l.Compact(ctx, start, 1)
	if err != nil || n != 5 || !slices.Equal(keys(), []string{bad}) {
		t.Fatalf("%d files, %v", n, err)
	}
	files, _ := l.Files(ctx, start, start+day)
	if len(files) != 3 {
		t.Errorf("%d files are left", len(files))
	}
	l.Objects = unread{m}
	if n, err := l.Compact(ctx, start, 1); n != 0 || err != nil || !slices.Equal(keys(), []string{bad}) {
		t.Errorf("again: %d files, %v", n, err)
	}
	l.Objects = m
	m.Clock = func() time.Time { return time.Now().Add(time.Second) } // another time of modification
	_ = m.Put(ctx, bad, whole)
	if n, err := l.Compact(ctx, start, 1); n != 2 || err != nil || len(keys()) != 0 {
		t.Errorf("put back: %d files, %v", n, err)
	}
	for _, f := range read(t, l, Query{}) {
		if f.Len() != 288 {
			t.Errorf("%s has %d cells", f.Container, f.Len())
		}
	}
}

// unread is storage that nothing is to be read from.
type unread struct{ *store.Memory }

func (unread) Get(context.Context, string, int64) ([]byte, store.Object, error) {
	return nil, store.Object{}, errors.New("read")
}

// TestCompactOthers: a shard that cannot be put together keeps no other from it.
func TestCompactOthers(t *testing.T) {
	l, _, bad, _ := damagedWorld(t)
	n, err := l.Compact(context.Background(), start, 1)
	if n != 2 || !errors.Is(err, store.ErrDamaged) || !strings.Contains(err.Error(), bad) {
		t.Errorf("%d files, %v", n, err)
	}
}

// TestSeriesFits: however many files there are, the series of all are found where
// one fits; files that vanish meanwhile are found again.
func TestSeriesFits(t *testing.T) {
	vanishing := &gone{Memory: &store.Memory{}}
	l := &Lake{Objects: vanishing, Shards: 2, MaxBytes: 1 << 30}
	for from := 0; from < 288; from += 12 {
		write(t, l, from, from+12, "web", "db", "x", "cart", "pay", "mail")
	}
	files, _ := l.Files(context.Background(), start, start+day)
	l.MaxBytes = 0
	for _, f := range files {
		l.MaxBytes = max(l.MaxBytes, f.Size)
	}
	if err := l.Read(context.Background(), Query{From: start, To: start + day}, nil); !errors.Is(err, ErrTooLarge) {
		t.Fatalf("they fit: %v", err)
	}
	for _, what := range []string{"before", "during"} {
		have, err := l.Series(context.Background(), start, start+day)
		if err != nil || len(have) != 6 || !slices.Equal(have["mail"], []string{"cpu", "memory", "queue"}) {
			t.Errorf("%s: %v, %v", what, have, err)
		}
		l.MaxBytes *= 24 // as much as compaction makes of them
		vanishing.vanish = func() {
			all := &Lake{Objects: vanishing.Memory, Shards: 2, MaxBytes: 1 << 30}
			if n, err := all.Compact(context.Background(), start, 1); n == 0 || err != nil {
				t.Error(n, err)
			}
		}
	}
	l.MaxBytes = 100
	if _, err := l.Series(context.Background(), start, start+day); !errors.Is(err, ErrTooLarge) {
		t.Errorf("where not one fits: %v", err)
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if have, err := l.Series(ended, start, start+day); !errors.Is(err, context.Canceled) {
		t.Errorf("ended: %v, %v", have, err)
	}
}
