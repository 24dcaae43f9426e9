package predicting

import (
	"context"
	"sync"
	"time"

	"github.com/foretide/foretide/loader"
)

// Models are the models of a store, kept while their checkpoints are what they
// were. Safe for concurrent use.
type Models struct {
	Store loader.Store
	// Every is how long what the store has of a key is not asked for again; 0 asks
	// each time.
	Every time.Duration

	mu        sync.Mutex
	predictor *loader.Predictor
	all       time.Time // when everything was asked for
	asked     map[loader.Key]time.Time
}

// mostKept is how many keys' times are kept at most.
const mostKept = 100_000

// Fresh returns a predictor that knows the checkpoints that may serve the keys, or
// all where there are none named, as they are now, by their revisions (ETags):
// only those that changed are read again.
func (m *Models) Fresh(ctx context.Context, keys []loader.Key) (*loader.Predictor, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	recent := func(t time.Time) bool { return m.Every > 0 && now.Sub(t) < m.Every }
	if m.predictor == nil {
		m.predictor = loader.NewLazy(m.Store)
	}
	if recent(m.all) {
		return m.predictor, nil
	}
	if len(keys) == 0 {
		if err := m.predictor.Refresh(ctx); err != nil {
			return nil, err
		}
		m.all = now
		return m.predictor, nil
	}
	if m.asked == nil || len(m.asked) > mostKept {
		m.asked = map[loader.Key]time.Time{}
	}
	var stale []loader.Key
	for _, k := range keys {
		if !recent(m.asked[k]) {
			stale = append(stale, k)
		}
	}
	if err := m.predictor.RefreshKeys(ctx, stale); err != nil {
		return nil, err
	}
	for _, k := range stale {
		m.asked[k] = now
	}
	return m.predictor, nil
}
