package functions_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/foretide/foretide/internal/steps"
)

// examples are the events of testdata, and what is in the answer to each.
var examples = map[string]string{
	"collect_schedule":  `"samples":177,`,
	"collect_range":     `"samples":12960,`,
	"plan_schedule":     `"until":"2024-08-04T00:00:00Z","train":{"key":"runs/nightly-2024-08-04/train.json",`,
	"plan_summary":      `"run":"nightly-2024-08-04","key":"runs/nightly-2024-08-04/summary.json"`,
	"train_direct":      `{"done":2,"failed":[{"container":"gone","metric":"cpu","reason":"no_data"`,
	"train_sqs":         `{"batchItemFailures":[{"itemIdentifier":"2e1424d4-f796-459a-8184-9c92662be6da"}]}`,
	"train_s3":          `"results":[{"container":"shop/cart","metric":"memory"`,
	"train_eventbridge": `{"done":2,`,
	"predict_direct":    `{"done":4,"failed":[{"container":"gone","reason":"no_data"`,
	"predict_sqs":       `{"batchItemFailures":[{"itemIdentifier":"2e1424d4-f796-459a-8184-9c92662be6da"}]}`,
	"predict_s3":        `{"done":0,"failed":[],`, // of something else than samples
	"forecast_get":      `{"statusCode":200,`,
	"forecast_post":     `{"statusCode":200,`,
	"forecast_direct":   `{"container":"shop/cart","forecasts":[{`,
}

// TestExamples: each example of an event is answered by its function as it should
// be, and README.md lists it.
func TestExamples(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.json")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, m := range regexp.MustCompile("`(\\w+)\\.json`").FindAllSubmatch(readme, -1) {
		listed[string(m[1])] = true
	}
	if len(paths) != len(examples) {
		t.Errorf("there are %d examples, and %d are known", len(paths), len(examples))
	}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		t.Run(name, func(t *testing.T) {
			want, known := examples[name]
			function, _, _ := strings.Cut(name, "_")
			w := newWorld(t)
			h := map[string]steps.Handler{"collect": w.collector().Handle, "plan": w.planner.Handle, "train": w.train.Handle, "predict": w.predict.Handle, "forecast": w.answering.Handle}[function]
			if !known || h == nil || !listed[name] {
				t.Fatalf("known: %v, of a function: %v, in README.md: %v", known, h != nil, listed[name])
			}
			var got json.RawMessage
			w.must(h, w.event(name), &got)
			if !strings.Contains(string(got), want) {
				t.Errorf("the answer is %.600s, want %s", got, want)
			}
		})
	}
}
