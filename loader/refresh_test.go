package loader_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/foretide/foretide/loader"
)

// A shelf is a store of names alone that counts what it is asked.
type shelf struct {
	loader.Store
	names []string // sorted
	page  int      // names of a page

	mu           sync.Mutex
	pages, stats int
}

func (s *shelf) Stat(_ context.Context, name string) (loader.Object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats++
	if _, found := slices.BinarySearch(s.names, name); !found {
		return loader.Object{}, loader.ErrNotFound
	}
	return loader.Object{Name: name, Revision: "1"}, nil
}

func (s *shelf) Page(_ context.Context, prefix, after string) (out []loader.Object, more bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pages++
	for _, name := range s.names {
		if !strings.HasPrefix(name, prefix) || name <= after {
			continue
		}
		if len(out) == s.page {
			return out, true, nil
		}
		out = append(out, loader.Object{Name: name, Revision: "1"})
	}
	return out, false, nil
}

// TestPages: whether the keys lie together or far apart, each is found or
// not as it is there; pages are asked for where they are worth it.
func TestPages(t *testing.T) {
	for _, c := range []struct {
		name                         string
		all, each, page, pages, most int // most: of single questions
	}{
		{"all", 500, 1, 100, 2 * 5, 1},
		{"every third", 500, 3, 100, 2 * 5, 2*12 + 1}, // the last are not worth a page
		{"few", 10, 1, 100, 0, 21},
		{"far apart", 3000, 60, 100, 2 * 1, 2*50 + 1},
		{"one page", 500, 1, 1000, 2, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &shelf{page: c.page}
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
