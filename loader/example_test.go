package loader_test

import (
	"context"
	"fmt"
	"log"
	"math"
	"time"

	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/infra/csvfile"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/store"
)

// A program, which the README shows, reads the recent metrics of a container and forecasts a quarter
// of an hour ahead.
func ExamplePredictor_Predict() {
	ctx := context.Background()
	data, err := csvfile.Read(ctx, "metrics.csv.gz", csvfile.Options{Container: "webapp"})
	if err != nil {
		log.Fatal(err)
	}
	p, err := loader.Open("checkpoints")
	if err != nil {
		log.Fatal(err)
	}
	forecasts, err := p.Predict(ctx, data.Frames[0], "webapp", 15*time.Minute, "cpu", "memory")
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range forecasts {
		h := &f.At[0]
		lo, hi := f.Interval(h, 0.8)
		fmt.Printf("%s in 15 min: %.2f, with 80 %% between %.2f and %.2f (%s)\n", f.Metric, f.Median(h), lo, hi, h.Reasons)
	}
}

// You can forecast before training: where no checkpoint serves, the built-in
// model does, and the reasons say so.
func ExamplePredictor_PredictAll() {
	ctx := context.Background()
	p, err := loader.New(ctx, new(store.Memory))
	if err != nil {
		log.Fatal(err)
	}
	cpu := make([]float64, 9*288)
	for i := range cpu {
		cpu[i] = 2 + math.Sin(2*math.Pi*float64(i)/288)
	}
	frames := []series.Frame{series.FrameOf("webapp", series.CPU, series.Series{Start: 1700000400, Step: 300, Values: cpu})}
	answers, err := p.PredictAll(ctx, frames, loader.Batch{Horizons: []time.Duration{15 * time.Minute}})
	if err != nil {
		log.Fatal(err)
	}
	for _, a := range answers {
		h := &a.At[0]
		fmt.Printf("%s of %s: now %.1f, in 15 min %.1f by %s (%s)\n", a.Metric, a.Container, a.Actual, a.Median(h), h.Model, h.Reasons)
	}
	// Output:
	// cpu of webapp: now 2.0, in 15 min 2.0 by general (no_checkpoint,uncalibrated)
}

// What came true since the last time teaches the intervals, each time new values are
// read.
func ExamplePredictor_Update() {
	ctx, seen := context.Background(), time.Now().Add(-time.Minute)
	data, err := csvfile.Read(ctx, "metrics.csv.gz", csvfile.Options{Container: "webapp"})
	if err != nil {
		log.Fatal(err)
	}
	p, err := loader.Open("checkpoints")
	if err != nil {
		log.Fatal(err)
	}
	frame := data.Frames[0]
	n, err := p.Update(ctx, frame, "webapp", seen)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d forecasts were held against what came; to go on with: %x\n", n, p.State("webapp", "cpu"))
}

// The same in the WebAssembly module, which the README shows too.
func ExampleWithHost() {
	ctx := context.Background()
	h, err := loader.NewHost(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer h.Close()
	p, err := loader.Open("checkpoints", loader.WithHost(h))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(p.Keys())
}

// A key names a checkpoint in a bucket. Characters that not every file system has are
// escaped.
func ExampleKey_Name() {
	k := loader.Key{Metric: "cpu", Container: "shop/web"}
	fmt.Println(k.Name())
	fmt.Println(loader.ParseName("memory/_shared.ckpt"))
	// Output:
	// cpu/shop%2Fweb.ckpt
	// memory of every container true
}
