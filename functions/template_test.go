package functions_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"iter"
	"os"
	"regexp"
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

var update = flag.Bool("update", false, "write the model types into template.yaml")

// TestModelTypes keeps the model types that the template offers equal to
// core/models: run with -update after a change.
func TestModelTypes(t *testing.T) {
	data, err := os.ReadFile("../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	list := regexp.MustCompile(`(?m)^(  ModelType: .*AllowedValues: \[)([^]]+)\]`)
	want := list.ReplaceAll(data, []byte("${1}"+strings.Join(models.Names(), ", ")+"]"))
	if *update {
		if err := os.WriteFile("../template.yaml", want, 0o644); err != nil {
			t.Fatal(err)
		}
		data = want
	}
	m := list.FindSubmatch(data)
	if m == nil {
		t.Fatal("the template has no parameter ModelType")
	}
	if !bytes.Equal(data, want) {
		t.Errorf("got the model types %s, want %v: run go test ./functions -run ModelTypes -update", m[2], models.Names())
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
