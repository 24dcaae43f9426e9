package functions_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/foretide/foretide/internal/localstack"
	"github.com/foretide/foretide/internal/steps"
	"github.com/foretide/foretide/internal/steps/plan"
)

// stackName is the deployment's in the test: what "${…}" becomes.
const stackName = "word"

// A shown metric is one of our namespace as a dashboard, an alarm or a line names
// it: with the deployment and the function, or with the names of its dimensions
// alone.
func shown(name string, dimensions ...[2]string) string {
	var out []string
	for _, d := range dimensions {
		if (d[0] == "Function" || d[0] == "Stack") && d[1] != "" {
			d[0] += "=" + d[1]
		}
		out = append(out, d[0])
	}
	slices.Sort(out)
	return name + " by " + strings.Join(out, ", ")
}

// emitted returns the metrics of lines in CloudWatch's embedded format. One with a
// reason counts with its function and without.
func emitted(t *testing.T, log string) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	for line := range strings.Lines(log) {
		var m map[string]any
		if !strings.Contains(line, `"_aws"`) || json.Unmarshal([]byte(line), &m) != nil {
			continue
		}
		var head struct {
			AWS struct {
				Timestamp         int64
				CloudWatchMetrics []struct {
					Namespace  string
					Dimensions [][]string
					Metrics    []struct{ Name, Unit string }
				}
			} `json:"_aws"`
		}
		if err := json.Unmarshal([]byte(line), &head); err != nil || len(head.AWS.CloudWatchMetrics) != 1 {
			t.Fatalf("%v: %s", err, line)
		}
		if off := time.Since(time.UnixMilli(head.AWS.Timestamp)); off > 24*time.Hour || off < -2*time.Hour {
			t.Errorf("CloudWatch does not take a time %v ago: %s", off, line)
		}
		d := head.AWS.CloudWatchMetrics[0]
		if d.Namespace != steps.Namespace || len(d.Metrics) == 0 || len(d.Metrics) > 100 || len(d.Dimensions) != 1 {
			t.Fatalf("no line of ours: %s", line)
		}
		for _, metric := range d.Metrics {
			if _, ok := m[metric.Name].(float64); !ok {
				t.Errorf("%s has no number in %s", metric.Name, line)
			}
			var all, names [][2]string
			for _, name := range d.Dimensions[0] {
				value, ok := m[name].(string)
				if !ok || value == "" {
					t.Errorf("%s has no value in %s", name, line)
				}
				all = append(all, [2]string{name, value})
				if name != "Stack" {
					value = ""
				}
				names = append(names, [2]string{name, value})
			}
			out[shown(metric.Name, all...)], out[shown(metric.Name, names...)] = true, true
		}
	}
	return out
}

// boards returns the dashboards of the template, with words for what is put in
// when it is deployed.
func boards(t *testing.T) []any {
	t.Helper()
	data, err := os.ReadFile("../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var out []any
	for _, part := range strings.Split(string(data), "DashboardBody: !Sub |\n")[1:] {
		text := ""
		for line := range strings.Lines(part) {
			if !strings.HasPrefix(line, "        ") {
				break
			}
			text += line
		}
		text = regexp.MustCompile(`\$\{[A-Za-z:.]+\}`).ReplaceAllString(text, stackName)
		var board any
		if err := json.Unmarshal([]byte(text), &board); err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		out = append(out, board)
	}
	return out
}

var search = regexp.MustCompile(`\{` + steps.Namespace + `,([A-Za-z,]+)\} MetricName="([A-Za-z0-9]+)"(?: Stack="(\w+)")?`)

// named calls do with each of our metrics that a part of a dashboard names.
func named(part any, do func(metric string)) {
	switch v := part.(type) {
	case map[string]any:
		for _, x := range v {
			named(x, do)
		}
	case string:
		for _, m := range search.FindAllStringSubmatch(v, -1) {
			var dimensions [][2]string
			for _, d := range strings.Split(m[1], ",") {
				value := ""
				if d == "Stack" {
					value = m[3]
				}
				dimensions = append(dimensions, [2]string{d, value})
			}
			do(shown(m[2], dimensions...))
		}
	case []any:
		if len(v) > 1 && v[0] == steps.Namespace {
			var dimensions [][2]string
			for i := 2; i+1 < len(v); i += 2 {
				name, _ := v[i].(string)
				value, _ := v[i+1].(string)
				dimensions = append(dimensions, [2]string{name, value})
			}
			do(shown(v[1].(string), dimensions...))
			return
		}
		for _, x := range v {
			named(x, do)
		}
	}
}

// TestDashboards: every metric of ours that the template's dashboards and alarms
// name is one that the functions write when they run.
func TestDashboards(t *testing.T) {
	end := time.Now().Add(-2*time.Minute).Unix() / 60 * 60
	s := start(t, localstack.Options{From: localstack.DemoEnd - 86400, To: localstack.DemoEnd, Shift: end - localstack.DemoEnd,
		Env: []string{"FORETIDE_MODEL_TYPE=naive", "FORETIDE_CLOUDWATCH=emf", steps.StackVariable + "=" + stackName}, Timeout: time.Minute})
	var log strings.Builder
	// A line may be read from the function's output only with the next invocation.
	var run func(name, payload string, answer any)
	run = func(name, payload string, answer any) {
		r, err := s.Lambda.Invoke(context.Background(), name, []byte(payload))
		if err != nil || r.Failed != "" {
			t.Fatalf("%s: %v %s\n%s", name, err, r.Payload, r.Log)
		}
		log.WriteString(r.Log)
		if answer != nil {
			if err := json.Unmarshal(r.Payload, answer); err != nil {
				t.Fatal(err)
			}
		}
		if !strings.Contains(log.String(), `"Function":"`+name+`"`) {
			time.Sleep(20 * time.Millisecond)
			run(name, payload, nil)
		}
	}
	stamp := func(t int64) string { return time.Unix(t, 0).UTC().Format(time.RFC3339) }
	run("collect", fmt.Sprintf(`{"from": %q, "to": %q}`, stamp(end-86400), stamp(end+60)), nil)
	var planned plan.Plan
	run("plan", `{"train": true}`, &planned)
	run("train", `{"items": [{"container": "pool", "metrics": ["memory"]}, {"container": "gone"}]}`, nil)
	run("predict", `{"items": [{"container": "pool"}, {"container": "gone"}]}`, nil)
	run("forecast", `{"requestContext": {"http": {"method": "GET"}}, "queryStringParameters": {"container": "pool", "metric": "cpu"}}`, nil)
	have := emitted(t, log.String())
	all := boards(t)
	if len(all) != 2 {
		t.Fatalf("there are %d dashboards", len(all))
	}
	count := 0
	check := func(metric string) {
		if count++; !have[metric] {
			t.Errorf("nothing writes %s", metric)
		}
	}
	for _, board := range all {
		named(board, check)
	}
	if count < 40 {
		t.Errorf("the dashboards name %d metrics", count)
	}
	data, err := os.ReadFile("../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	alarms := regexp.MustCompile(`Namespace: `+steps.Namespace+`(?:\n +|, )MetricName: (\w+)(?:\n +|, )Dimensions: \[\{Name: Stack, Value: !Ref AWS::StackName\}, \{Name: (\w+), Value: (\w+)\}\]`).FindAllStringSubmatch(string(data), -1)
	if n := len(regexp.MustCompile(`Namespace: `+steps.Namespace+`(?:\n|,)`).FindAll(data, -1)); n == 0 || len(alarms) != n {
		t.Errorf("%d of %d alarms of ours name a metric of this deployment's", len(alarms), n)
	}
	for _, a := range alarms {
		check(shown(a[1], [2]string{"Stack", stackName}, [2]string{a[2], a[3]}))
	}
}
