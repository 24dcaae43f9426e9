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
	// Every is how long what the store has is not asked for again; 0 asks each
	// time.
	Every time.Duration

	mu        sync.Mutex
	predictor *loader.Predictor
	asked     time.Time
}

// Fresh returns a predictor that knows the store's checkpoints as they are now,
// by their revisions (ETags): only those that changed are read again.
func (m *Models) Fresh(ctx context.Context, _ []loader.Key) (*loader.Predictor, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.predictor != nil && m.Every > 0 && time.Since(m.asked) < m.Every {
		return m.predictor, nil
	}
	var err error
	if m.predictor == nil {
		m.predictor, err = loader.New(ctx, m.Store)
		if err != nil {
			m.predictor = nil
		}
	} else {
		err = m.predictor.Refresh(ctx)
	}
	if err != nil {
		return nil, err
	}
	m.asked = time.Now()
	return m.predictor, nil
}
