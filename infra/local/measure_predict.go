package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/goccy/go-json"
	"golang.org/x/sync/errgroup"

	"github.com/foretide/foretide/infra/s3"
	"github.com/foretide/foretide/internal/event"
	"github.com/foretide/foretide/internal/localstack"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/store"
)

// A fleet is containers that are all alike but for their samples.
type fleet struct {
	containers, days, memory int
	step                     int64 // seconds
	model                    string
}

// trained is how many containers' models are trained; the others have theirs
// under their own names.
const trained = 3

// A prediction is what a function needed to forecast a fleet.
type prediction struct {
	Model      string         `json:"model"`
	Containers int            `json:"containers"`
	Series     int            `json:"series"`
	Step       int64          `json:"step"`   // seconds
	Sampled    int64          `json:"bytes"`  // of the files of samples
	Days       int            `json:"days"`   // of them
	CPU        float64        `json:"cpu_ms"` // with the models in memory: the median of three
	Peak       float64        `json:"peak_mb"`
	Requests   map[string]int `json:"requests"`
	Cold       float64        `json:"cold_cpu_ms"` // where they are read first
	ColdAsked  map[string]int `json:"cold_requests"`
}

// predict measures a batch that is the whole fleet: as it comes first, with no
// model in memory, and again.
func (f *fleet) predict(ctx context.Context, paths map[string]string, out string) error {
	b, err := newBench()
	if err != nil {
		return err
	}
	defer b.stop()
	shards := f.shards()
	b.env = append(b.env, "FORETIDE_SHARDS="+strconv.Itoa(shards), "FORETIDE_REFRESH=0s", "FORETIDE_MODEL_TYPE="+f.model, "FORETIDE_HISTORY=216h")
	until := time.Now().Unix() / 86400 * 86400
	size, err := b.fill(ctx, f.containers, f.days, f.step, until, shards)
	if err != nil {
		return err
	}
	service := localstack.NewService(1,
		localstack.Function{Name: "train", Bootstrap: paths["train"], Env: b.env, Timeout: time.Hour, Memory: 3008},
		localstack.Function{Name: "predict", Bootstrap: paths["predict"], Env: b.env, Timeout: time.Hour, Memory: f.memory})
	defer service.Close()
	if _, err := invoke(ctx, service, "train", batch(trained, until)); err != nil {
		return err
	}
	if err := f.copyCheckpoints(ctx); err != nil {
		return err
	}
	fmt.Printf("%d containers, %d metrics, %d days of samples every %d s: %.0f MB; %s\n", f.containers, len(metrics), f.days, f.step, float64(size)/1e6, f.model)
	fmt.Printf("%-8s %8s %8s %9s  %s\n", "predict", "clock", "cpu", "peak MB", "requests")
	if _, err := b.requests(); err != nil {
		return err
	}
	all := prediction{Model: f.model, Containers: f.containers, Series: f.containers * len(metrics), Step: f.step, Sampled: size, Days: f.days}
	var warm []float64
	for _, what := range []string{"cold", "warm", "warm", "warm"} {
		r, err := invoke(ctx, service, "predict", batch(f.containers, until))
		if err != nil {
			return err
		}
		counted, err := b.requests()
		if err != nil {
			return err
		}
		fmt.Printf("%-8s %7.2fs %7.2fs %9.0f  %v\n", what, r.Took.Seconds(), r.Used.Seconds(), float64(r.Peak)/(1<<20), counted)
		all.Peak, all.Requests = math.Round(float64(r.Peak)/(1<<20)), counted
		if what == "cold" {
			all.Cold, all.ColdAsked = float64(r.Used.Milliseconds()), counted
		} else {
			warm = append(warm, float64(r.Used.Milliseconds()))
		}
	}
	slices.Sort(warm)
	all.CPU = warm[1]
	return save(out, all)
}

// shards keeps the samples of a shard to what 500 containers have at a value every
// five minutes: what is read at once is bounded.
func (f *fleet) shards() int {
	return max(1, f.containers*300/(500*int(f.step)))
}

// save writes what was measured as JSON, where a file is named: what costs.py
// reads.
func save(file string, measured any) error {
	if file == "" {
		return nil
	}
	data, err := json.MarshalIndent(measured, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(data, '\n'), 0o644)
}

// batch is one of the first containers, as plan writes it.
func batch(containers int, until int64) *event.Batch {
	b := &event.Batch{Until: time.Unix(until, 0)}
	for c := range containers {
		b.Items = append(b.Items, event.Item{Container: fmt.Sprintf("c%05d", c), Metrics: metrics})
	}
	return b
}

// invoke does a batch, all of which must be done.
func invoke(ctx context.Context, s *localstack.Service, name string, b *event.Batch) (localstack.Result, error) {
	payload, err := json.Marshal(b)
	if err != nil {
		return localstack.Result{}, err
	}
	r, err := s.Invoke(ctx, name, payload)
	if err != nil {
		return r, err
	}
	var a event.Answer
	if r.Failed != "" || json.Unmarshal(r.Payload, &a) != nil || len(a.Failed)+len(a.Remaining) > 0 || a.Done == 0 {
		return r, fmt.Errorf("%s: %.2000s\n%s", name, r.Payload, r.Log[max(0, len(r.Log)-2000):])
	}
	return r, nil
}

// copyCheckpoints gives every container the models of one that was trained. A model
// of every container is theirs already.
func (f *fleet) copyCheckpoints(ctx context.Context) error {
	bucket, err := s3.Open(ctx, "s3://foretide/checkpoints")
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(16)
	for _, m := range metrics {
		switch _, err := loader.Read(ctx, bucket, loader.Key{Metric: m}); {
		case err == nil:
			continue
		case !errors.Is(err, store.ErrNotFound):
			return err
		}
		for of := range min(trained, f.containers) {
			checkpoint, err := loader.Read(ctx, bucket, loader.Key{Metric: m, Container: fmt.Sprintf("c%05d", of)})
			if err != nil {
				return err
			}
			for c := of + trained; c < f.containers; c += trained {
				one := *checkpoint
				one.Container = fmt.Sprintf("c%05d", c)
				g.Go(func() error { _, err := loader.Save(ctx, bucket, &one); return err })
			}
		}
	}
	return g.Wait()
}
