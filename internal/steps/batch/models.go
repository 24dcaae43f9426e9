package batch

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/foretide/foretide/internal/steps"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/store"
)

// Models are the models of a store, kept while their checkpoints are what they
// were. Safe for concurrent use.
type Models struct {
	Store store.Bucket
	// Every is how long what the store has of a key is not asked for again; 0 asks
	// each time.
	Every time.Duration
	// Memory is about how many bytes they take in memory at most; those that served
	// least recently are read again when they are next needed. 0: no bound.
	Memory int64

	mu        sync.Mutex
	predictor *loader.Predictor
	all       time.Time // when everything was asked for
	asked     map[loader.Key]time.Time
}

// ModelsFrom returns the models of the store, kept between invocations.
func ModelsFrom(e *steps.Env, s *steps.Storage) *Models {
	return &Models{
		Store: s.Store, Every: e.Duration("FORETIDE_REFRESH", 30*time.Second, 0, steps.Day),
		Memory: int64(e.Number("FORETIDE_MODELS_MB", modelsMB(e), 1, 8192)) << 20,
	}
}

// modelsMB is a quarter of the function's memory: samples and the runtime have the
// rest.
func modelsMB(e *steps.Env) int {
	mb, err := strconv.Atoi(e.Get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"))
	if err != nil {
		mb = 256
	}
	return max(mb/4, 1)
}

// mostKept is how many keys' times are kept, about; with more all begins anew, as
// what is known of each checkpoint, beside its model, takes half a kilobyte.
const mostKept = 50_000

// Fresh returns a predictor that knows the checkpoints that may serve the keys, or
// all where there are none named, as they are now, by their revisions (ETags):
// only those that changed are read again. Where the store does not tell of some,
// forecasts are by what was known of them, or have that error.
func (m *Models) Fresh(ctx context.Context, keys []loader.Key) (*loader.Predictor, error) {
	return m.fresh(ctx, keys, nil)
}

// Logged is Models, with a log of what the store does not tell.
type Logged struct {
	*Models
	Log *slog.Logger
}

// Fresh is Models.Fresh.
func (l Logged) Fresh(ctx context.Context, keys []loader.Key) (*loader.Predictor, error) {
	return l.fresh(ctx, keys, l.Log)
}

func (m *Models) fresh(ctx context.Context, keys []loader.Key, log *slog.Logger) (*loader.Predictor, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	recent := func(t time.Time) bool { return m.Every > 0 && now.Sub(t) < m.Every }
	if m.predictor == nil || len(m.asked) > mostKept {
		m.predictor = loader.NewLazy(m.Store, loader.WithModelMemory(m.Memory))
		m.asked, m.all = map[loader.Key]time.Time{}, time.Time{}
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
	var stale []loader.Key
	for _, k := range keys {
		if !recent(m.asked[k]) {
			stale = append(stale, k)
		}
	}
	var unknown *loader.KeysError
	if err := m.predictor.RefreshKeys(ctx, stale); err != nil && !errors.As(err, &unknown) {
		return nil, err
	}
	for _, k := range stale {
		m.asked[k] = now
	}
	if unknown != nil {
		m.askAgain(unknown, stale, log)
	}
	return m.predictor, nil
}

// askAgain has the store asked the next time about what it did not tell: of a
// metric's shared checkpoint, about all that it may serve.
func (m *Models) askAgain(unknown *loader.KeysError, stale []loader.Key, log *slog.Logger) {
	shared := map[string]bool{}
	for _, k := range unknown.Keys {
		delete(m.asked, k)
		shared[k.Metric] = shared[k.Metric] || k.Container == ""
	}
	for _, k := range stale {
		if shared[k.Metric] {
			delete(m.asked, k)
		}
	}
	if log != nil {
		reason, _ := Reason(unknown)
		log.Warn("checkpoints as they were", "checkpoints", len(unknown.Keys), "reason", reason, "error", unknown.Error())
	}
}
