package serving

import (
	"context"
	"io"
	"log/slog"
	"math"
	"testing"
	"time"

	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/infra/prometheus"
	"github.com/foretide/foretide/internal/fleet"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/config"
	"github.com/foretide/foretide/loader/store"
)

// TestLearn: what comes after the first reading, and nothing before, is learnt from.
func TestLearn(t *testing.T) {
	t.Parallel()
	const start, train, more = int64(1_722_470_400), 3 * 288, 12
	values := make([]float64, train+more)
	for i := range values {
		values[i] = 5 + math.Sin(float64(i)/40) + float64(i*i%7)/9
	}
	ctx := context.Background()
	var bucket store.Memory
	frame := series.FrameOf("web", "cpu", series.Series{Start: start, Step: 300, Values: values[:train]})
	c := config.Defaults("cpu")
	c.Model.ModelType = "auto"
	if results, err := fleet.Train(ctx, []fleet.Job{{Frame: &frame, Config: c}}, &bucket, fleet.Options{}); err != nil || fleet.Failure(results) != nil {
		t.Fatal(err, fleet.Failure(results))
	}
	p, err := loader.New(ctx, &bucket)
	if err != nil {
		t.Fatal(err)
	}
	o := prometheus.Defaults()
	o.Step = 5 * time.Minute
	s := New(Config{Source: o, Predictor: p, Every: time.Minute, Window: 4 * 24 * time.Hour, Forget: time.Hour, Judged: time.Hour,
		MaxSeries: 10, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: time.Now})
	add := func(from, to int) {
		for i := from; i < to; i++ {
			s.history.add(start+300*int64(i), "web", []string{"cpu"}, values[i:i+1])
		}
		s.history.settle(start + 300*int64(to-1))
		s.learn(ctx, s.history.frames())
	}
	add(0, train)
	if n := len(p.State("web", "cpu")); n != 0 {
		t.Errorf("a state of %d bytes after the first reading", n)
	}
	add(train, train+more)
	first := p.State("web", "cpu")
	if len(first) == 0 {
		t.Error("nothing was learnt")
	}
	s.learn(ctx, s.history.frames()) // nothing is new
	if string(p.State("web", "cpu")) != string(first) {
		t.Error("the same values were learnt from again")
	}
}
