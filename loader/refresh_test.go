package loader_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/store"
)

// A shelf is a bucket of names alone that counts the requests that a bucket in S3
// takes.
type shelf struct {
	store.Bucket
	names []string // sorted

	mu           sync.Mutex
	pages, stats int
}

func (s *shelf) Stat(_ context.Context, name string) (store.Object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats++
	if _, found := slices.BinarySearch(s.names, name); !found {
		return store.Object{}, store.ErrNotFound
	}
	return store.Object{Name: name, Revision: "1"}, nil
}

func (s *shelf) List(_ context.Context, prefix, after string) iter.Seq2[store.Object, error] {
	return func(yield func(store.Object, error) bool) {
		n := 0
		for _, name := range s.names {
			if !strings.HasPrefix(name, prefix) || name <= after {
				continue
			}
			if n%loader.PageSize == 0 {
				s.mu.Lock()
				s.pages++
				s.mu.Unlock()
			}
			if n++; !yield(store.Object{Name: name, Revision: "1"}, nil) {
				return
			}
		}
	}
}

// TestPages: whether the keys lie together or far apart, each is found or
// not as it is there; pages are asked for where they are worth it.
func TestPages(t *testing.T) {
	for _, c := range []struct {
		name                   string
		all, each, pages, most int // most: of single questions
	}{
		{"all", 5000, 1, 2 * 5, 1},
		{"every third", 5000, 3, 2 * 5, 2*12 + 1}, // the last are not worth a page
		{"few", 10, 1, 0, 21},
		{"far apart", 9000, 180, 2 * 1, 2*50 + 1},
		{"one page", 500, 1, 2, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &shelf{}
			var keys []loader.Key
			want := map[loader.Key]bool{}
			for _, m := range []string{"cpu", "memory"} {
				for i := range c.all {
					k := loader.Key{Metric: m, Container: fmt.Sprintf("vm/%04d", i)}
					if there := i%7 != 5; there {
						s.names = append(s.names, k.Name())
						want[k] = i%c.each == 0
					}
					if i%c.each == 0 {
						keys = append(keys, k)
					}
				}
			}
			keys = append(keys, loader.Key{Metric: "cpu", Container: "~none"})
			slices.Sort(s.names)
			p := loader.NewLazy(s)
			if err := p.RefreshKeys(context.Background(), keys); err != nil {
				t.Fatal(err)
			}
			got := p.Keys()
			for _, k := range got {
				if !want[k] {
					t.Errorf("%v is none of those asked for", k)
				}
				delete(want, k)
			}
			for k, asked := range want {
				if asked {
					t.Errorf("%v is not found", k)
				}
			}
			shared := 2 // of each metric, as some keys are not there
			if s.pages > c.pages+2 || s.pages < c.pages-2 || s.stats > c.most+shared {
				t.Errorf("%d pages and %d questions for %d keys", s.pages, s.stats, len(keys))
			}
		})
	}
}
