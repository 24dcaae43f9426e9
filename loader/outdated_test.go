package loader_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/general"
	"github.com/foretide/foretide/core/models"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/store"
)

// outdated returns the checkpoint of auto of the test vectors as a program with
// another network in the box would have written it.
func outdated(t testing.TB) (b []byte, c *codec.Checkpoint) {
	t.Helper()
	c, err := loader.Decode(vectorCheckpoint(t, "auto"), 0)
	if err != nil {
		t.Fatal(err)
	}
	m, err := general.Bind(forecast.Task{Metric: c.Metric, Step: c.Step, Horizons: c.Horizons, Levels: c.Levels}, 0)
	if err != nil {
		t.Fatal(err)
	}
	var version uint64
	for r := codec.NewReader(m.AppendPayload(nil)); r.Next(); {
		if r.Field() == 2 {
			version = r.Uint()
		}
	}
	ours, theirs := binary.AppendUvarint(nil, version), binary.AppendUvarint(nil, version^1<<20)
	if bytes.Count(c.Payload, ours) != 1 || len(ours) != len(theirs) {
		t.Fatalf("the payload has the network's version %d times", bytes.Count(c.Payload, ours))
	}
	c.Payload = bytes.Replace(c.Payload, ours, theirs, 1)
	if b, err = loader.Encode(c); err != nil {
		t.Fatal(err)
	}
	return b, c
}

// TestOutdated: a checkpoint that refers to another network in the box is
// refused as a model, with what to do, and served by the network that there is,
// with the reason: natively and in the module.
func TestOutdated(t *testing.T) {
	b, c := outdated(t)
	ctx := context.Background()
	_, err := models.DecodeCheckpoint(c, c.Payload)
	if !errors.Is(err, general.ErrVersion) || !loader.IsCheckpointError(err) || !strings.Contains(err.Error(), "train it again") {
		t.Fatalf("%v", err)
	}
	container := c.Container
	if container == "" {
		container = "web"
	}
	bucket := &store.Memory{}
	if err := bucket.Put(ctx, loader.KeyOf(c).Name(), b); err != nil {
		t.Fatal(err)
	}
	past := frame(container, c.Step, 8*86400/int(c.Step))
	past.Metrics = []string{c.Metric, "other"}
	empty := predictor(t, &store.Memory{}, loader.WithHorizons(durations(c.Horizons)...))
	want, err := empty.PredictAt(ctx, past, "", nil, c.Metric)
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]*loader.Predictor{"native": predictor(t, bucket), "hosted": predictor(t, bucket, loader.WithHost(host(t)))} {
		all, err := p.PredictAll(ctx, []series.Frame{past}, loader.Batch{Metrics: []string{c.Metric}})
		if err != nil || len(all) != 1 || len(all[0].At) != len(c.Horizons) {
			t.Fatalf("%s: %v, %v", name, all, err)
		}
		f := all[0]
		for i := range f.At {
			h := &f.At[i]
			if !h.Reasons.Has(forecast.OldCheckpoint|forecast.Uncalibrated) || h.Reasons&forecast.NoCheckpoint != 0 || h.Model != general.Name {
				t.Errorf("%s: %s by %s", name, h.Reasons, h.Model)
			}
			if h.Reasons&forecast.Fallback == 0 {
				t.Errorf("%s: it is no fallback", name)
			}
			if d := f.Median(h) - want[0].Median(&want[0].At[i]); d > 1e-6 || d < -1e-6 {
				t.Errorf("%s: %v, and without a checkpoint %v", name, f.Median(h), want[0].Median(&want[0].At[i]))
			}
			if !slices.Equal(f.Levels, c.Levels) {
				t.Errorf("%s: levels %v", name, f.Levels)
			}
		}
	}
}

func durations(seconds []int64) (out []time.Duration) {
	for _, s := range seconds {
		out = append(out, time.Duration(s)*time.Second)
	}
	return out
}
