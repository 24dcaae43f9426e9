package loader

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// A Stater is a store that can be asked about a single name.
type Stater interface {
	// Stat returns what List would about the name; the error is ErrNotFound where
	// there is nothing.
	Stat(ctx context.Context, name string) (Object, error)
}

// A Pager is a store that can list a part of its names in one request.
type Pager interface {
	// Page returns objects whose names begin with the prefix and come after the
	// name after, in their order: as many as one request brings. More says that
	// there are others behind them.
	Page(ctx context.Context, prefix, after string) (objects []Object, more bool, err error)
}

// statWorkers is how many names a store is asked about at the same time.
const statWorkers = 64

// pageWorth is how many names a page must tell of to be worth its price: in S3 a
// list costs what twelve and a half questions about single objects do.
const pageWorth = 13

// A KeysError tells which keys a store could not be asked about, and why.
type KeysError struct {
	Keys []Key // each one's own, or a metric's shared one
	Errs []error
}

// Error says how many they are, and what the first one's error is.
func (e *KeysError) Error() string {
	return fmt.Sprintf("loader: cannot look up %d checkpoints, among them that of %s: %s", len(e.Keys), e.Keys[0], strings.TrimPrefix(e.Errs[0].Error(), "loader: "))
}

// Unwrap returns the causes.
func (e *KeysError) Unwrap() []error { return e.Errs }

// RefreshKeys is Refresh for the checkpoints that may serve some keys: each key's
// own, else the metric's shared one. Others stay as they were. Where the store is
// a Stater it is asked about these alone, however many it has, and where it is a
// Pager as well, in pages where many of them lie close together.
//
// Where it cannot tell of some the error is a *KeysError, and the others are up to
// date. What was known of those serves on; a forecast that needs one of which
// nothing was known has the error, and no other model stands in for it.
func (p *Predictor) RefreshKeys(ctx context.Context, keys []Key) error {
	s, ok := p.store.(Stater)
	if !ok {
		return p.Refresh(ctx)
	}
	var unknown KeysError
	shared := map[Key]bool{}
	for _, k := range p.look(ctx, s, keys, &unknown) {
		if k.Container != "" {
			shared[Key{Metric: k.Metric}] = true
		}
	}
	if ctx.Err() == nil {
		p.look(ctx, s, slices.Collect(maps.Keys(shared)), &unknown)
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case len(unknown.Keys) > 0:
		return &unknown
	}
	return nil
}

// A look is what a store was found to have of a key.
type look struct {
	key    Key
	name   string
	object Object
	err    error // ErrNotFound where there is nothing
}

// look brings the slots of keys up to date and returns those that are not there.
// Those that the store does not tell of are added to unknown.
func (p *Predictor) look(ctx context.Context, s Stater, keys []Key, unknown *KeysError) (missing []Key) {
	looks := make([]look, len(keys))
	for i, k := range keys {
		looks[i] = look{key: k, name: k.Name()}
	}
	slices.SortFunc(looks, func(a, b look) int { return strings.Compare(a.name, b.name) })
	stat(ctx, s, turnPages(ctx, p.store, looks))
	p.mu.Lock()
	defer p.mu.Unlock()
	slots := maps.Clone(p.slots)
	for i := range looks {
		l := &looks[i]
		old := slots[l.key]
		switch {
		case errors.Is(l.err, ErrNotFound):
			p.memory.forget(old)
			delete(slots, l.key)
			missing = append(missing, l.key)
		case l.err != nil && ctx.Err() != nil: // it may not even have been asked
		case l.err != nil:
			unknown.Keys, unknown.Errs = append(unknown.Keys, l.key), append(unknown.Errs, l.err)
			if old == nil || old.err != nil {
				slots[l.key] = &slot{name: l.name, err: l.err}
			}
		case old == nil || old.err != nil || old.revision != l.object.Revision:
			p.memory.forget(old)
			slots[l.key] = &slot{name: l.name, revision: l.object.Revision}
		}
	}
	p.slots = slots
	return missing
}

// stat asks about names one by one.
func stat(ctx context.Context, s Stater, looks []*look) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(statWorkers, len(looks)) {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(looks)); i = next.Add(1) - 1 {
				looks[i].object, looks[i].err = s.Stat(ctx, looks[i].name)
			}
		})
	}
	wg.Wait()
}

// turnPages fills in what pages tell about the looks, which are sorted by name,
// where the store is a Pager; it returns those that are to be asked for one by
// one. The metrics' pages are turned at the same time. Where a page cannot be had,
// that is the error of all looks that it might have told of.
func turnPages(ctx context.Context, s Store, looks []look) (left []*look) {
	pager, ok := s.(Pager)
	var wg sync.WaitGroup
	var mu sync.Mutex
	for len(looks) > 0 {
		metric, _, _ := strings.Cut(looks[0].name, "/")
		n := slices.IndexFunc(looks, func(l look) bool { return !strings.HasPrefix(l.name, metric+"/") })
		if n < 0 {
			n = len(looks)
		}
		group := looks[:n]
		looks = looks[n:]
		wg.Go(func() {
			rest := group
			if ok {
				rest = turn(ctx, pager, metric+"/", group)
			}
			mu.Lock()
			defer mu.Unlock()
			for i := range rest {
				left = append(left, &rest[i])
			}
		})
	}
	wg.Wait()
	return left
}

// turn does the pages of one prefix, as long as they are worth it, and returns
// the looks that they did not reach.
func turn(ctx context.Context, s Pager, prefix string, looks []look) []look {
	for worth := pageWorth; len(looks) >= pageWorth && worth >= pageWorth; {
		first := looks[0].name
		page, more, err := s.Page(ctx, prefix, first[:len(first)-1]) // what is between the two is none of ours
		if err != nil {
			for i := range looks {
				looks[i].err = err
			}
			return nil
		}
		worth = 0
		for ; len(looks) > 0 && !(more && (len(page) == 0 || page[len(page)-1].Name < looks[0].name)); looks = looks[1:] {
			l := &looks[0]
			i, found := slices.BinarySearchFunc(page, l.name, func(o Object, name string) int { return strings.Compare(o.Name, name) })
			if l.err = ErrNotFound; found {
				l.object, l.err = page[i], nil
			}
			worth++
		}
	}
	return looks
}
