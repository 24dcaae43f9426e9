package main

import (
	"context"
	"fmt"
	"github.com/foretide/foretide/core/models"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/foretide/foretide/internal/event"
	"github.com/foretide/foretide/internal/localstack"
)

// A training is what a function needed to train one series.
type training struct {
	Model    string         `json:"model"`
	Days     int            `json:"days"`
	Step     int64          `json:"step"` // seconds
	Points   int            `json:"points"`
	CPU      float64        `json:"cpu_ms"`
	Peak     float64        `json:"peak_mb"` // MiB of the process
	Requests map[string]int `json:"requests"`
}

// sharers is how many containers the network that all share learns from.
const sharers = 20

// sizes are memories of functions, in MB.
var sizes = []int{256, 512, 1024, 1769, 3008, 6144, 10240}

// size returns the smallest that holds a peak with a fifth to spare.
func size(peak float64) int {
	for _, s := range sizes {
		if peak*1.2 <= float64(s) {
			return s
		}
	}
	return 0
}

// measureTraining measures the training of a series by each model and length of history,
// each in a process of its own.
func measureTraining(ctx context.Context, paths map[string]string, models []string, days []int, step int64, out string) error {
	b, err := newBench()
	if err != nil {
		return err
	}
	defer b.stop()
	until := time.Now().Unix() / 86400 * 86400
	if _, err := b.fill(ctx, sharers, days[len(days)-1], step, until, 1); err != nil {
		return err
	}
	var all []training
	fmt.Printf("%-9s %5s %7s %10s %8s %9s  %s\n", "model", "days", "points", "cpu ms", "peak MB", "Lambda MB", "requests")
	for _, model := range models {
		for _, n := range days {
			t := training{Model: model, Days: n, Step: step, Points: n * 86400 / int(step)}
			if err := t.measure(ctx, b, paths["train"], until); err != nil {
				return err
			}
			fmt.Printf("%-9s %5d %7d %10.0f %8.0f %9d  %v\n", model, n, t.Points, t.CPU, t.Peak, size(t.Peak), t.Requests)
			all = append(all, t)
		}
	}
	return save(out, all)
}

func (t *training) measure(ctx context.Context, b *bench, bootstrap string, until int64) error {
	env := append(b.env, "FORETIDE_SHARDS=1", "FORETIDE_MODEL_TYPE="+t.Model, "FORETIDE_HISTORY="+strconv.Itoa(24*t.Days)+"h")
	service := localstack.NewService(1, localstack.Function{Name: "train", Bootstrap: bootstrap, Env: env, Timeout: time.Hour, Memory: 1769})
	defer service.Close()
	what := &event.Batch{Until: time.Unix(until, 0), Items: []event.Item{{Container: "c00000", Metrics: []string{"cpu"}}}}
	if models.Of(t.Model).Pooled {
		what.Items[0].Container = "" // it learns from all
	}
	if _, err := b.requests(); err != nil {
		return err
	}
	r, err := invoke(ctx, service, "train", what)
	if err != nil {
		return err
	}
	t.CPU, t.Peak = float64(r.Used.Milliseconds()), math.Round(float64(r.Peak)/(1<<20))
	t.Requests, err = b.requests()
	return err
}

// words splits a list; numbers does one of numbers.
func words(s string) []string { return strings.Split(s, ",") }

func numbers(s string) ([]int, error) {
	var out []int
	for _, w := range words(s) {
		n, err := strconv.Atoi(w)
		if err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, nil
}
