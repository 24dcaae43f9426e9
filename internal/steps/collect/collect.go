// Package collect brings recent samples from a Prometheus server, or from
// CloudWatch, to object storage.
package collect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/goccy/go-json"

	"github.com/foretide/foretide/infra/parquet"
	"github.com/foretide/foretide/internal/event"
	"github.com/foretide/foretide/internal/lake"
	"github.com/foretide/foretide/internal/steps"
	"github.com/foretide/foretide/loader/store"
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
	Read(ctx context.Context, in *steps.Invocation, from, to int64, add func(parquet.Sample) error) error
}

// A Collector collects. Its fields must be set.
type Collector struct {
	Lake   *lake.Lake
	Source Source
	Step   time.Duration // whole seconds
	// First is how far back the first invocation goes.
	First time.Duration
	// Chunk is the most that is collected at a time, and held; less where it has more
	// than MaxSamples.
	Chunk time.Duration
	// Delay is how old a moment must be before it is collected: the server may be
	// late with what it scraped.
	Delay time.Duration
	// Again is how much of what was collected before is collected again, for
	// samples that were later than Delay; 0 is none.
	Again time.Duration
	// MaxSamples bounds those that are held, in 24 bytes each.
	MaxSamples int
	Now        func() time.Time
}

// mostFiles is how many files of a shard and day there are before they are put
// together.
const mostFiles = 12

// maxSpan is the longest time that an event may ask for.
const maxSpan = 400 * 24 * time.Hour

// Handle is an steps.Handler.
func (c *Collector) Handle(ctx context.Context, in *steps.Invocation, payload []byte) (any, error) {
	from, to, noted, err := c.span(ctx, payload)
	if err != nil {
		return nil, err
	}
	ctx = steps.Watch(ctx, in)
	r := &round{Collector: c, in: in, noted: noted, seen: map[string]bool{},
		answer: Answer{From: time.Unix(from, 0).UTC(), To: time.Unix(from, 0).UTC(), Files: []string{}}}
	if err := r.collect(ctx, from, to); err != nil {
		return nil, err
	}
	r.compact(ctx)
	out := &r.answer
	out.Containers = len(r.seen)
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
	data, _, err := c.Lake.Objects.Get(ctx, stateKey, 1<<10)
	switch {
	case errors.Is(err, store.ErrNotFound):
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

// A round is one invocation.
type round struct {
	*Collector
	in     *steps.Invocation
	noted  int64 // how far it is noted that samples are collected; -1 where that is not to be
	answer Answer
	seen   map[string]bool // containers
}

// collect collects the samples of [from, to), chunk by chunk. A chunk that has too
// many is tried again as two, and so are those that follow.
func (r *round) collect(ctx context.Context, from, to int64) error {
	step := int64(r.Step / time.Second)
	steps := max(1, int64(r.Chunk/r.Step)) // of a chunk
	for from < to {
		if r.in.Stopped() {
			r.answer.Behind = true
			return nil
		}
		end := min(to, from+steps*step)
		err := r.chunk(ctx, from, end)
		if n := (end - from) / step; errors.Is(err, errMany) && n > 1 {
			steps = n / 2
			r.in.Log.Info("shorter chunks", "samples", r.MaxSamples, "steps", steps)
			continue
		}
		if errors.Is(err, errMany) {
			err = &tooMany{r.MaxSamples, r.Step}
		}
		if err != nil {
			return err
		}
		from = end
		r.answer.To = time.Unix(end, 0).UTC()
		if r.noted >= 0 && end > r.noted {
			if err := r.note(ctx, end); err != nil {
				return err
			}
		}
	}
	return nil
}

var errMany = errors.New("a chunk of time has too many samples")

// A tooMany tells of a single step that has more samples than can be held.
type tooMany struct {
	max  int
	step time.Duration
}

func (e *tooMany) Error() string {
	return fmt.Sprintf("there are more than %d samples in one step of %v: choose fewer containers (FORETIDE_COLLECT_MATCH), or a larger FORETIDE_MAX_SAMPLES and memory for it", e.max, e.step)
}
func (*tooMany) Is(target error) bool { return target == lake.ErrTooLarge }

// chunk collects the samples of [from, to). The error is errMany where they are
// more than can be held.
func (r *round) chunk(ctx context.Context, from, to int64) error {
	samples := r.Lake.Pending(from, to)
	err := r.Source.Read(ctx, r.in, from, to, func(s parquet.Sample) error {
		if samples.Len() == r.MaxSamples {
			return errMany
		}
		r.seen[s.Container] = true
		return samples.Add(s)
	})
	if err != nil || samples.Len() == 0 {
		return err
	}
	n := samples.Len()
	keys, err := samples.Write(ctx)
	r.answer.Samples += n
	r.answer.Files = append(r.answer.Files, keys...)
	return err
}

// note keeps how far the samples are collected.
func (c *Collector) note(ctx context.Context, through int64) error {
	data, err := json.Marshal(state{through})
	if err != nil {
		return err
	}
	return c.Lake.Objects.Put(ctx, stateKey, data, store.ContentType("application/json"))
}

// compact puts files together: of today many, of a day that is over all. What
// cannot be is for another time: the samples are there.
func (r *round) compact(ctx context.Context) {
	out := &r.answer
	today := lake.Day(r.Now())
	for d := lake.Day(out.From) - 86400; d < out.To.Unix(); d += 86400 { // the day before may have ended since
		most := mostFiles
		if d < today && out.To.Unix() >= d+86400 {
			most = 1
		}
		if r.in.Stopped() {
			return // another time
		}
		n, err := r.Lake.Compact(ctx, d, most)
		if out.Compacted += n; err != nil {
			r.in.Log.Error("files are not put together", "folder", lake.DayFolder(d), "error", err.Error())
			r.in.Metrics.Add("CompactErrors", "Count", 1)
		}
	}
}
