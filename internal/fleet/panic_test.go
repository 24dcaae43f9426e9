package fleet

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/foretide/foretide/internal/panics"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/config"
	"github.com/foretide/foretide/loader/store"
)

// A breaking store panics when a name is written, as a model with a fault does.
type breaking struct {
	store.Memory
	name string
}

func (b *breaking) Put(ctx context.Context, name string, data []byte, opts ...store.PutOption) error {
	if name == b.name {
		panic("a fault")
	}
	return b.Memory.Put(ctx, name, data, opts...)
}

// TestPanic: one job's panic is its failure, with the stack, and the others are
// trained: with models of their own, by epochs, and shared.
func TestPanic(t *testing.T) {
	const lstm = "metric_name: cpu\nmodel:\n  model_type: lstm\n  scope: container\n  hidden_size: 4\n  head_size: 0\ntraining:\n  epochs: 1\n  epoch_windows: 128\n"
	for _, c := range []struct {
		name, yaml, broken string
		fail               int
	}{
		{"own", "metric_name: cpu\nmodel:\n  model_type: naive\n", "cpu/b.ckpt", 1},
		{"by epochs", lstm, "cpu/b.ckpt", 1},
		{"shared", strings.Replace(lstm, "scope: container", "scope: global", 1), "cpu/_.ckpt", 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			of, err := config.Parse("test", []byte(c.yaml))
			if err != nil {
				t.Fatal(err)
			}
			all := jobs("a", "b", "c")
			for i := range all {
				all[i].Config = of
			}
			if c.name == "shared" {
				c.broken = loader.Key{Metric: "cpu"}.Name()
			}
			results, err := Train(context.Background(), all, &breaking{name: c.broken}, Options{Workers: 2})
			if err != nil || len(results) != len(all) {
				t.Fatal(err)
			}
			failed := 0
			for i := range results {
				var p *panics.Error
				switch {
				case results[i].Err == nil:
				case !errors.As(results[i].Err, &p) || !strings.Contains(results[i].Err.Error(), "a fault") || !strings.Contains(string(p.Stack), "panic_test.go"):
					t.Errorf("%s: %v", results[i].Container, results[i].Err)
				default:
					failed++
				}
			}
			if failed != c.fail {
				t.Errorf("%d failed", failed)
			}
		})
	}
}
