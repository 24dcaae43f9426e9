package batch

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/naive"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/store"
)

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what had finalizers
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestMemory: batch after batch of other containers the heap stays as it is.
func TestMemory(t *testing.T) {
	ctx := context.Background()
	var bucket store.Memory
	f := series.FrameOf("c", series.CPU, series.Series{Start: 1722470400, Step: 300, Values: make([]float64, 600)})
	for i := range f.Columns[0] {
		f.Columns[0][i] = float64(i * i % 17)
	}
	fitted, _, err := naive.Defaults().Fit([]series.Frame{f}, forecast.Task{Metric: series.CPU, Step: 300, Horizons: []int64{300, 900}, Levels: forecast.DefaultLevels()}, forecast.Options{})
	if err != nil {
		t.Fatal(err)
	}
	const batches, size = 40, 100
	for i := range batches * size {
		if _, err := loader.Save(ctx, &bucket, loader.NewCheckpoint(fitted, fmt.Sprintf("c%05d", i), codec.Provenance{})); err != nil {
			t.Fatal(err)
		}
	}
	m := Models{Store: &bucket, Every: time.Hour, Memory: 1 << 20}
	var first int64
	for b := range batches {
		var keys []loader.Key
		for i := range size {
			keys = append(keys, loader.Key{Metric: series.CPU, Container: fmt.Sprintf("c%05d", b*size+i)})
		}
		p, err := m.Fresh(ctx, keys)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range keys {
			if model, why, err := p.Model(ctx, k.Container, k.Metric); err != nil || model == nil || why != 0 {
				t.Fatal(k, why, err)
			}
		}
		if b == 9 {
			first = heap()
		}
	}
	// What is known of each checkpoint beside its model is some 500 bytes.
	if grown := heap() - first; grown > 30*size*700 {
		t.Errorf("the heap has grown by %d bytes with %d models", grown, 30*size)
	} else {
		t.Logf("grown by %d bytes with %d models", grown, 30*size)
	}
	runtime.KeepAlive(&m)
}

// TestManyKeys: what is known of keys is bounded, too.
func TestManyKeys(t *testing.T) {
	m := Models{Store: &store.Memory{}, Every: time.Hour}
	var before *loader.Predictor
	anew := 0
	for b := range 7 {
		keys := make([]loader.Key, 20_000)
		for i := range keys {
			keys[i] = loader.Key{Metric: "cpu", Container: fmt.Sprint(b, "-", i)}
		}
		p, err := m.Fresh(context.Background(), keys)
		if err != nil {
			t.Fatal(err)
		}
		if p != before && before != nil {
			anew++
		}
		before = p
		if len(m.asked) > mostKept+len(keys) {
			t.Errorf("%d keys are known", len(m.asked))
		}
	}
	if anew != 2 {
		t.Errorf("it began anew %d times", anew)
	}
}
