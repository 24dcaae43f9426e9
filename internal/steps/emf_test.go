package steps

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestStack: with the name of a deployment every metric has it as a dimension, and
// without none has.
func TestStack(t *testing.T) {
	for stack, first := range map[string][]string{"": nil, "shop": {"Stack"}} {
		var log bytes.Buffer
		m := NewInvocation(&log, slog.LevelInfo, stack, "collect", "req-1").Metrics
		m.Add("Samples", "Count", 3)
		m.AddReason("Failures", "no_data", 1)
		m.Emit(time.Now(), [][2]string{{"Container", "web"}}, []Value{{Name: "ForecastMedian", V: 1}})
		m.Write()
		want := map[string][]string{"Samples": {"Function"}, "Failures": {"Function", "Reason"}, "ForecastMedian": {"Container"}}
		for line := range strings.Lines(log.String()) {
			var values map[string]any
			var head struct {
				AWS struct{ CloudWatchMetrics []emfDirective } `json:"_aws"`
			}
			if json.Unmarshal([]byte(line), &values) != nil || json.Unmarshal([]byte(line), &head) != nil || len(head.AWS.CloudWatchMetrics) != 1 {
				t.Fatalf("no line of the format: %s", line)
			}
			d := head.AWS.CloudWatchMetrics[0]
			name := d.Metrics[0].Name
			if all := slices.Concat(first, want[name]); len(d.Dimensions) != 1 || !slices.Equal(d.Dimensions[0], all) {
				t.Errorf("with the stack %q %s has the dimensions %v", stack, name, d.Dimensions)
			}
			if got, there := values["Stack"]; there != (stack != "") || there && got != stack || values["request_id"] != "req-1" {
				t.Errorf("with the stack %q: %s", stack, line)
			}
			delete(want, name)
		}
		if len(want) > 0 {
			t.Errorf("no line has %v", want)
		}
	}
}
