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

	"github.com/foretide/foretide/loader/store"
)

// statWorkers is how many names a store is asked about at the same time.
const statWorkers = 64

// A page is what one request to list brings in S3: pageSize names. It must tell of
// pageWorth names to be worth its price, which is that of twelve and a half questions
// about single objects.
const (
	pageSize  = 1000
	pageWorth = 13
)

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
// own, else the metric's shared one. Others stay as they were. The bucket is asked
// about these alone, however many it has, in pages where many of them lie close
// together.
//
// Where it cannot tell of some the error is a *KeysError, and the others are up to
// date. What was known of those serves on; a forecast that needs one of which
// nothing was known has the error, and no other model stands in for it.
func (p *Predictor) RefreshKeys(ctx context.Context, keys []Key) error {
	var unknown KeysError
	shared := map[Key]bool{}
	for _, k := range p.look(ctx, keys, &unknown) {
		if k.Container != "" {
			shared[Key{Metric: k.Metric}] = true
		}
	}
	if ctx.Err() == nil {
		p.look(ctx, slices.Collect(maps.Keys(shared)), &unknown)
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
	object store.Object
	err    error // store.ErrNotFound where there is nothing
}

// look brings the slots of keys up to date and returns those that are not there.
// Those that the store does not tell of are added to unknown.
func (p *Predictor) look(ctx context.Context, keys []Key, unknown *KeysError) (missing []Key) {
	looks := make([]look, len(keys))
	for i, k := range keys {
		looks[i] = look{key: k, name: k.Name()}
	}
	slices.SortFunc(looks, func(a, b look) int { return strings.Compare(a.name, b.name) })
	stat(ctx, p.store, turnPages(ctx, p.store, looks))
	p.mu.Lock()
	defer p.mu.Unlock()
	slots := maps.Clone(p.slots)
	for i := range looks {
		l := &looks[i]
		old := slots[l.key]
		switch {
		case errors.Is(l.err, store.ErrNotFound):
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
func stat(ctx context.Context, b store.Bucket, looks []*look) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(statWorkers, len(looks)) {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(looks)); i = next.Add(1) - 1 {
				looks[i].object, looks[i].err = b.Stat(ctx, looks[i].name)
			}
		})
	}
	wg.Wait()
}

// turnPages fills in what pages tell about the looks, which are sorted by name, and
// returns those that are to be asked for one by one. The metrics' pages are turned at the same time. Where a page cannot be had,
// that is the error of all looks that it might have told of.
func turnPages(ctx context.Context, b store.Bucket, looks []look) (left []*look) {
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
			rest := turn(ctx, b, metric+"/", group)
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
func turn(ctx context.Context, b store.Bucket, prefix string, looks []look) []look {
	for worth := pageWorth; len(looks) >= pageWorth && worth >= pageWorth; {
		first := looks[0].name
		before, seen, more := len(looks), 0, false
		for o, err := range b.List(ctx, prefix, first[:len(first)-1]) { // no key's name is between the two
			if err != nil {
				for i := range looks {
					looks[i].err = err
				}
				return nil
			}
			looks = tell(looks, o)
			if seen++; seen == pageSize || len(looks) == 0 {
				more = true
				break
			}
		}
		if !more {
			for i := range looks {
				looks[i].err = store.ErrNotFound
			}
			return nil
		}
		worth = before - len(looks)
	}
	return looks
}

// tell fills in what the next object of a list tells about looks, and returns those
// that come after it.
func tell(looks []look, o store.Object) []look {
	for len(looks) > 0 && looks[0].name <= o.Name {
		if looks[0].err = store.ErrNotFound; looks[0].name == o.Name {
			looks[0].object, looks[0].err = o, nil
		}
		looks = looks[1:]
	}
	return looks
}
