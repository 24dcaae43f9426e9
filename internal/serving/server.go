// Package serving is the server behind "foretide serve": it reads recent samples
// from a Prometheus server on a schedule, forecasts every series, judges what it
// forecast before, and answers over HTTP: forecasts as JSON, metrics for
// Prometheus, and whether it is well.
package serving

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/core/serve"
	"github.com/foretide/foretide/infra/prometheus"
	"github.com/foretide/foretide/internal/event"
	"github.com/foretide/foretide/internal/httpapi"
	"github.com/foretide/foretide/loader"
)

// A Config says what a server does. Every field is taken literally.
type Config struct {
	Source    prometheus.Source
	Predictor *loader.Predictor
	Every     time.Duration // between two readings and forecasts
	Window    time.Duration // how far back samples are kept: whole steps
	Delay     time.Duration // how old a moment must be before it is read
	Forget    time.Duration // a container without samples for longer is gone
	// Judged is the time over which forecasts are compared with what came, Warm
	// how far back forecasts are made for that when the server starts.
	Judged, Warm time.Duration
	MaxSeries    int
	Token        string      // "" lets everybody in
	TLS          *tls.Config // nil: none
	Log          *slog.Logger
	Version      string
	Now          func() time.Time
}

// A Server forecasts on a schedule and answers. It is safe for concurrent use.
type Server struct {
	Config
	history *history
	counts  *counts
	learnt  int64 // the end of what models have learnt from, Unix seconds

	mu      sync.RWMutex
	entries map[loader.Key]*entry
	state   state
}

// An entry is what is known of one series.
type entry struct {
	forecast *serve.Answer // nil where it failed
	observed float64       // the last value; NaN where there is none
	at       int64         // its time
	track    *track
	seen     bool // in this cycle
}

// A state is how the last cycles went.
type state struct {
	good     time.Time // the end of the last that succeeded
	problem  string    // of the last cycle; "" for none
	took     time.Duration
	warmed   bool
	forecast int // series that have one
}

// New returns a server that has read nothing yet.
func New(c Config) *Server {
	step := int64(c.Source.Step / time.Second)
	s := &Server{Config: c, counts: newCounts(), entries: map[loader.Key]*entry{},
		history: newHistory(step, int64(c.Window/time.Second), int64(c.Forget/time.Second), c.MaxSeries)}
	return s
}

// loop works through cycles until the context ends.
func (s *Server) loop(ctx context.Context) {
	for ctx.Err() == nil {
		began := s.Now()
		s.Cycle(ctx)
		next := began.Truncate(s.Every).Add(s.Every)
		timer := time.NewTimer(max(next.Sub(s.Now()), 0))
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
}

// Cycle reads what is new, looks for changed checkpoints, judges and forecasts,
// once. What goes wrong is logged, counted and in the server's health; the rest
// goes on.
func (s *Server) Cycle(ctx context.Context) {
	began := time.Now()
	err := s.cycle(ctx)
	if ctx.Err() != nil {
		return
	}
	s.mu.Lock()
	s.state.took = time.Since(began)
	s.state.problem = ""
	if err != nil {
		s.state.problem = err.Error()
	} else {
		s.state.good = s.Now()
	}
	s.mu.Unlock()
	if err != nil {
		s.counts.cycles.WithLabelValues("failed").Inc()
		s.Log.Error("cycle failed", "error", err.Error())
		return
	}
	s.counts.cycles.WithLabelValues("ok").Inc()
}

func (s *Server) cycle(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			s.Log.Error("panic", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = errors.New("internal error; the log has it")
		}
	}()
	if err := s.read(ctx); err != nil {
		return err
	}
	if err := s.Predictor.Refresh(ctx); err != nil {
		// What was there serves on.
		s.counts.failures.WithLabelValues(event.Storage5xx).Inc()
		s.Log.Warn("checkpoints cannot be listed; those that are known serve on", "error", err.Error())
	}
	frames := s.history.frames()
	s.learn(ctx, frames)
	if !s.state.warmed {
		if err := s.warm(ctx, frames); err != nil {
			return err
		}
	}
	forecasts, err := s.predict(ctx, frames)
	if err != nil {
		return err
	}
	s.keep(frames, forecasts)
	s.mu.Lock()
	s.state.warmed = true // only now: until here the forecasts were of the past
	s.mu.Unlock()
	return nil
}

// read adds what Prometheus has had since the last time. Nothing new is no error.
func (s *Server) read(ctx context.Context) error {
	step := int64(s.Source.Step / time.Second)
	to := s.Now().Add(-s.Delay).Unix() / step * step
	from := to - int64(s.history.window-1)*step
	if s.history.through > 0 {
		from = max(from, s.history.through+step)
	}
	if from > to {
		return nil
	}
	summary, err := s.Source.Read(ctx, time.Unix(from, 0), time.Unix(to, 0), func(t int64, container string, metrics []string, values []float64) error {
		if event.CheckName("container", container) == nil {
			s.history.add(t, container, metrics, values)
		}
		return nil
	})
	if err != nil && !errors.Is(err, prometheus.ErrNoData) {
		return err
	}
	if err != nil && len(s.entries) == 0 {
		return err // there never was anything: that is to be told
	}
	if summary.Rows > 0 {
		s.Source.RateWindow = summary.RateWindow // one for all of the time
	}
	s.history.settle(to)
	if n := s.history.refusedLast; n > 0 {
		s.Log.Warn("series were left out: there are more than --max-series", "limit", s.MaxSeries, "containers", n)
	}
	return nil
}

// learn has the models follow what has come since the last cycle: what was read
// first teaches nothing. It lasts until the program ends or the checkpoint is
// another.
func (s *Server) learn(ctx context.Context, frames []series.Frame) {
	since := s.learnt
	s.learnt = s.history.end()
	if since == 0 {
		return
	}
	for i := range frames {
		if _, err := s.Predictor.Update(ctx, frames[i], "", time.Unix(since, 0)); err != nil && ctx.Err() == nil {
			s.Log.Debug("nothing learnt", "error", err.Error()) // the forecast fails, too, and is told
		}
	}
}

// predict forecasts all series. One that fails is logged and left out.
func (s *Server) predict(ctx context.Context, frames []series.Frame) ([]*serve.Answer, error) {
	forecasts, err := s.Predictor.PredictAll(ctx, frames, loader.Batch{})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	var all []error
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		all = joined.Unwrap()
	}
	for i, e := range all {
		reason, _ := httpapi.Reason(e)
		s.counts.failures.WithLabelValues(reason).Inc()
		if i < 10 {
			s.Log.Error("no forecast", "reason", reason, "error", e.Error())
		}
	}
	if len(all) > 10 {
		s.Log.Error("no forecast of more series", "series", len(all)-10)
	}
	return forecasts, nil
}

// The warming up: seconds between two origins, and how long it may hold up the
// first forecasts.
const (
	warmEvery = 300
	mostWarm  = 30 * time.Second
)

// warm forecasts from origins of the past, so that there is something to judge.
func (s *Server) warm(ctx context.Context, frames []series.Frame) error {
	every := max(warmEvery, s.history.step) / s.history.step * s.history.step
	began := time.Now()
	for back := int64(s.Warm/time.Second) / every * every; back > 0 && time.Since(began) < mostWarm; back -= every {
		var past []series.Frame
		for i := range frames {
			f := &frames[i]
			if n := f.Len() - int(back/f.Step); n > 0 {
				past = append(past, f.Slice(0, n))
			}
		}
		forecasts, _ := s.Predictor.PredictAll(ctx, past, loader.Batch{}) // what fails, fails now too, and is told then
		if ctx.Err() != nil {
			return ctx.Err()
		}
		s.keep(past, forecasts)
	}
	return nil
}

// keep makes the forecasts known, judges those that came due, and forgets series
// that are gone.
func (s *Server) keep(frames []series.Frame, forecasts []*serve.Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.entries {
		e.seen = false
	}
	for i := range frames {
		for _, m := range frames[i].Metrics {
			k := loader.Key{Metric: m, Container: frames[i].Container}
			e := s.entries[k]
			if e == nil {
				e = &entry{track: &track{}}
				s.entries[k] = e
			}
			e.seen, e.forecast = true, nil
			v, _ := frames[i].Series(m)
			e.observed, e.at = math.NaN(), 0
			if last := v.Last(); last >= 0 {
				e.observed, e.at = v.Values[last], v.Time(last)
			}
			e.track.judge(v, s.slot())
		}
	}
	s.state.forecast = len(forecasts)
	for _, f := range forecasts {
		if e := s.entries[loader.Key{Metric: f.Metric, Container: f.Container}]; e != nil {
			e.forecast = f
			e.track.note(f)
		}
	}
	for k, e := range s.entries {
		if !e.seen {
			delete(s.entries, k)
		}
	}
}

// frame returns a container's recent values, for who asks. Until Prometheus has
// been read once nobody can say that there is no such container: to ask again is
// the answer then, not that there is none.
func (s *Server) frame(_ context.Context, container string) (series.Frame, error) {
	if !s.history.settled() {
		return series.Frame{}, &httpapi.Problem{
			Status: http.StatusServiceUnavailable, Reason: event.NoData, Retry: min(max(int(s.Every/time.Second), 1), mostRetry),
			Detail: "Prometheus has not been read yet; /healthz says more",
		}
	}
	return s.history.frame(container)
}

// mostRetry is how many seconds who came too early is to wait at most.
const mostRetry = 60

// slot is the length of a slot of the judged time, in seconds.
func (s *Server) slot() int64 { return max(1, int64(s.Judged/time.Second)/slots) }

// healthy says whether forecasts are as fresh as they are to be, and if not why.
func (s *Server) healthy() (bool, string) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	switch {
	case s.state.good.IsZero() && s.state.problem == "":
		return false, "starting: the first forecasts are on their way"
	case s.state.good.IsZero():
		return false, "no forecasts yet: Prometheus could not be read; the log has why"
	case s.Now().Sub(s.state.good) > 3*s.Every+time.Minute:
		return false, "no new forecasts since " + s.state.good.UTC().Format(time.RFC3339) + "; the log has why"
	}
	return true, ""
}
