package loader_test

import (
	"context"
	"testing"

	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/store"
)

// BenchmarkPredict is a forecast of one metric through a predictor: by a model of
// its own, without a checkpoint, and in the WebAssembly module.
func BenchmarkPredict(b *testing.B) {
	web := frame("web", 60, 12000)
	stored := new(store.Memory)
	save(b, stored, model(b, &web, series.CPU), "web")
	for _, c := range []struct {
		name   string
		bucket *store.Memory
		hosted bool
	}{{"own", stored, false}, {"fallback", new(store.Memory), false}, {"hosted", stored, true}} {
		b.Run(c.name, func(b *testing.B) {
			ctx := context.Background()
			var o []loader.Option
			if c.hosted {
				o = append(o, loader.WithHost(host(b)))
			}
			p, err := loader.New(ctx, c.bucket, o...)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := p.PredictAt(ctx, web, "", nil, series.CPU); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
