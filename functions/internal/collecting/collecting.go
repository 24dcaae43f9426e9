// Package collecting brings recent samples from a Prometheus server, or from
// CloudWatch, to object storage.
package collecting

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/foretide/foretide/functions/internal/invoke"
	"github.com/foretide/foretide/functions/internal/lake"
	"github.com/foretide/foretide/infra/parquet"
	"github.com/foretide/foretide/internal/event"
)

// stateKey is where it is noted how far the samples are collected.
const stateKey = "state/collect.json"

type state struct {
	Through int64 `json:"through"` // Unix seconds: everything before is collected
}

// An Event asks for samples.
type Event struct {
	// From and To name the time to collect, To excluded; both or none. Without
	// them it is what came since the last invocation.
	From time.Time `json:"from,omitzero"`
	To   time.Time `json:"to,omitzero"`
	// Time is the schedule's: what comes later is not collected.
	Time time.Time `json:"time,omitzero"`
}

// An Answer tells what was collected.
type Answer struct {
	From       time.Time `json:"from"`
	To         time.Time `json:"to"` // excluded
	Samples    int       `json:"samples"`
	Containers int       `json:"containers"`
	Files      []string  `json:"files"`
	Compacted  int       `json:"compacted"` // files that were put together
	// Behind: there is more that could not be collected in the time; the next
	// invocation goes on.
	Behind bool `json:"behind"`
}

// A Source is where samples come from.
type Source interface {
	// Read gives the finite samples of [from, to), in Unix seconds and whole steps,
	// to add. A sample stands at the beginning of the step that it is of. Where
	// there is none that is no error, but a gap.
	Read(ctx context.Context, in *invoke.Invocation, from, to int64, add func(parquet.Sample) error) error
}

// A Collector collects. Its fields must be set.
type Collector struct {
	Lake   *lake.Lake
	Source Source
	Step   time.Duration // whole seconds
	// First is how far back the first invocation goes.
	First time.Duration
	// Chunk is the most that is collected at a time, and held: whole steps.
	Chunk time.Duration
	// Delay is how old a moment must be before it is collected: the server may be
	// late with what it scraped.
	Delay time.Duration
	// Again is how much of what was collected before is collected again, for
	// samples that were later than Delay; 0 is none.
	Again time.Duration
	// MaxSamples bounds those of one chunk.
	MaxSamples int
	Now        func() time.Time
}

// mostFiles is how many files of a shard and day there are before they are put
// together.
const mostFiles = 12

// maxSpan is the longest time that an event may ask for.
const maxSpan = 400 * 24 * time.Hour

// Handle is an invoke.Handler.
func (c *Collector) Handle(ctx context.Context, in *invoke.Invocation, payload []byte) (any, error) {
	from, to, noted, err := c.span(ctx, payload)
	if err != nil {
		return nil, err
	}
	out := &Answer{From: time.Unix(from, 0).UTC(), To: time.Unix(from, 0).UTC(), Files: []string{}}
	seen := map[string]bool{}
	for from < to {
		if in.Stopped() {
			out.Behind = true
			break
		}
		end := min(to, from+int64(c.Chunk/time.Second))
		if err := c.chunk(ctx, in, from, end, out, seen); err != nil {
			return nil, err
		}
		from = end
		out.To = time.Unix(end, 0).UTC()
		if noted >= 0 && end > noted {
			if err := c.note(ctx, end); err != nil {
				return nil, err
			}
		}
	}
	out.Containers = len(seen)
	if err := c.compact(ctx, in, out); err != nil {
		return nil, err
	}
	in.Log.Info("collected", "from", out.From, "to", out.To, "samples", out.Samples, "containers", out.Containers,
		"files", len(out.Files), "compacted", out.Compacted, "behind", out.Behind)
	in.Metrics.Add("Samples", "Count", float64(out.Samples))
	in.Metrics.Add("Lag", "Seconds", c.Now().Sub(out.To).Seconds())
	return out, nil
}

// span returns the time to collect, in whole steps, and how far it is noted that
// samples are collected: -1 where that is not to be noted.
func (c *Collector) span(ctx context.Context, payload []byte) (from, to, noted int64, err error) {
	var e Event
	if err := event.Strict(payload, &e); err != nil {
		return 0, 0, 0, err
	}
	step := int64(c.Step / time.Second)
	if !e.From.IsZero() || !e.To.IsZero() {
		switch {
		case e.From.IsZero() || e.To.IsZero() || !e.From.Before(e.To):
			return 0, 0, 0, event.Fieldf("from", "from and to name a time with a beginning and an end after it")
		case e.To.Sub(e.From) > maxSpan || e.From.Unix() < 0:
			return 0, 0, 0, event.Fieldf("from", "the time is longer than %v, or before 1970", maxSpan)
		}
		return e.From.Unix() / step * step, e.To.Unix() / step * step, -1, nil
	}
	now := cmp.Or(e.Time, c.Now())
	to = now.Add(-c.Delay).Unix() / step * step
	from = now.Add(-c.First).Unix() / step * step
	data, err := c.Lake.Objects.Get(ctx, stateKey, 1<<10)
	switch {
	case errors.Is(err, lake.ErrNotFound):
		return from, to, 0, nil
	case err != nil:
		return 0, 0, 0, err
	}
	var s state
	if err := json.Unmarshal(data, &s); err != nil {
		return 0, 0, 0, fmt.Errorf("%s: %w; remove it to begin %v ago", stateKey, err, c.First)
	}
	return max(s.Through-int64(c.Again/time.Second), 0) / step * step, to, s.Through, nil
}

// A tooMany tells of a chunk that has more samples than can be held.
type tooMany struct{ max int }

func (e *tooMany) Error() string {
	return fmt.Sprintf("there are more than %d samples in one chunk of time: choose a shorter FORETIDE_COLLECT_CHUNK, a longer step, or fewer containers", e.max)
}
func (*tooMany) Is(target error) bool { return target == lake.ErrTooLarge }

// chunk collects the samples of [from, to).
func (c *Collector) chunk(ctx context.Context, in *invoke.Invocation, from, to int64, out *Answer, seen map[string]bool) error {
	var samples []parquet.Sample
	err := c.Source.Read(ctx, in, from, to, func(s parquet.Sample) error {
		if len(samples) == c.MaxSamples {
			return &tooMany{c.MaxSamples}
		}
		seen[s.Container] = true
		samples = append(samples, s)
		return nil
	})
	if err != nil || len(samples) == 0 {
		return err
	}
	keys, err := c.Lake.Write(ctx, from, to, samples)
	out.Samples += len(samples)
	out.Files = append(out.Files, keys...)
	return err
}

// note keeps how far the samples are collected.
func (c *Collector) note(ctx context.Context, through int64) error {
	data, err := json.Marshal(state{through})
	if err != nil {
		return err
	}
	return c.Lake.Objects.Put(ctx, stateKey, data, "application/json")
}

// compact puts files together: of today many, of a day that is over all.
func (c *Collector) compact(ctx context.Context, in *invoke.Invocation, out *Answer) error {
	today := lake.Day(c.Now())
	for d := lake.Day(out.From) - 86400; d < out.To.Unix(); d += 86400 { // the day before may have ended since
		most := mostFiles
		if d < today && out.To.Unix() >= d+86400 {
			most = 1
		}
		if in.Stopped() {
			return nil // another time
		}
		n, err := c.Lake.Compact(ctx, d, most)
		if out.Compacted += n; err != nil {
			return err
		}
	}
	return nil
}
