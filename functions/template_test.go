package functions_test

import (
	"context"
	"fmt"
	"iter"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/foretide/foretide/core/models"
	"github.com/foretide/foretide/internal/steps/plan"
	"github.com/foretide/foretide/loader/store"
)

// parameter returns the default of one of the template's.
func parameter(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile("../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^  ` + name + `: \{.*Default: ([^,]+),`).FindSubmatch(data)
	if m == nil {
		t.Fatalf("the template has no parameter %s", name)
	}
	return string(m[1])
}

// TestModelTypes: the template offers the models that can be trained.
func TestModelTypes(t *testing.T) {
	data, err := os.ReadFile("../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^  ModelType: .*AllowedValues: \[([^]]+)\]`).FindSubmatch(data)
	if m == nil {
		t.Fatal("the template has no parameter ModelType")
	}
	got := strings.Split(string(m[1]), ", ")
	if slices.Sort(got); !slices.Equal(got, models.Names()) {
		t.Errorf("got the model types %v, want %v", got, models.Names())
	}
}

// aged is a store that says of all it has that it was stored at that time.
type aged struct {
	store.Bucket
	at time.Time
}

func (a aged) List(ctx context.Context, prefix, after string) iter.Seq2[store.Object, error] {
	return func(yield func(store.Object, error) bool) {
		for o, err := range a.Bucket.List(ctx, prefix, after) {
			if o.Modified = a.at; !yield(o, err) {
				return
			}
		}
	}
}

// TestNightly: with the template's defaults a model that was stored three hours
// after a night's training began is trained again in the next night, and not
// before.
func TestNightly(t *testing.T) {
	w := newWorld(t)
	w.must(w.train.Handle, w.event("train_direct"), nil)
	var err error
	if w.planner.MaxAge, err = time.ParseDuration(parameter(t, "MaxAge")); err != nil {
		t.Fatal(err)
	}
	for after, want := range map[time.Duration]int{21 * time.Hour: 2, 12 * time.Hour: 0} {
		w.planner.Store = aged{w.store, time.Unix(until, 0).Add(-after)}
		var planned plan.Plan
		w.must(w.planner.Handle, fmt.Appendf(nil, `{"train": true, "until": %q}`, time.Unix(until, 0).UTC().Format(time.RFC3339)), &planned)
		if planned.Due[plan.Old] != want {
			t.Errorf("%v after they were stored %d models are old, want %d", after, planned.Due[plan.Old], want)
		}
	}
}
