package sagemaker

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

func lay(t testing.TB, name, text string) Layout {
	t.Helper()
	l := Layout(t.TempDir())
	put(t, l.config(name), text)
	return l
}

func put(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestRead: what the files say, in the ways that SageMaker and its SDK write it.
func TestRead(t *testing.T) {
	t.Parallel()
	l := lay(t, "hyperparameters.json", `{"metric": "\"cpu\"", "counters": "[\"a\", \"b\"]", "epochs": "4", "seed": 7,
		"sagemaker_program": "train.py", "_tuning_objective_metric": "x"}`)
	put(t, l.config("resourceconfig.json"), `{"current_host": "algo-2", "hosts": ["algo-10", "algo-2", "algo-1"]}`)
	put(t, filepath.Join(l.Data("train"), "m.csv"), "")
	j, err := l.Read()
	if err != nil {
		t.Fatal(err)
	}
	if host, hosts := j.Place(); fmt.Sprint(j.Hyper) != "map[counters:a,b epochs:4 metric:cpu seed:7]" || host != 2 || hosts != 3 || len(j.Channels) != 1 {
		t.Errorf("%+v", j)
	}
	put(t, l.config("inputdataconfig.json"), `{"train": {"S3DistributionType": "ShardedByS3Key"}}`)
	if j, err = l.Read(); err != nil || !j.Channels["train"].Sharded() {
		t.Errorf("%v: %+v", err, j)
	}
	if j, err := Layout(t.TempDir()).Read(); err != nil || len(j.Channels) != 0 {
		t.Errorf("an empty folder: %+v, %v", j, err)
	}
}

// TestReadRefuses: the error names the file and the field.
func TestReadRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"hyperparameters.json", `[]`, "no JSON of this kind"},
		{"hyperparameters.json", `{} {}`, "more after"},
		{"hyperparameters.json", `{"a": {}}`, `hyperparameter "a" is {}`},
		{"hyperparameters.json", `{"a": null}`, `hyperparameter "a" is null`},
		{"hyperparameters.json", strings.Repeat(" ", maxConfig+1), "more than 1048576 bytes"},
		{"inputdataconfig.json", `{"../x": {}}`, "impossible name"},
		{"inputdataconfig.json", `{"train": {"TrainingInputMode": "Pipe"}}`, "use File or FastFile"},
		{"resourceconfig.json", `{"current_host": "algo-3", "hosts": ["algo-1"]}`, `"algo-3" is not among hosts`},
	} {
		_, err := lay(t, c.name, c.text).Read()
		if !errors.Is(err, ErrJob) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.name) {
			t.Errorf("%.40s: %v, not %s", c.text, err, c.want)
		}
	}
}

// TestFail: the reason is cut to what is shown, and the next attempt removes it.
func TestFail(t *testing.T) {
	t.Parallel()
	l := Layout(t.TempDir())
	if err := l.Fail(errors.New(strings.Repeat("ä", 2000))); err != nil {
		t.Fatal(err)
	}
	path := l.path("output", "failure")
	if b, err := os.ReadFile(path); err != nil || len(b) > mostFailure || !utf8.Valid(b) || !strings.HasSuffix(string(b), "ä…") {
		t.Errorf("%v: %d bytes", err, len(b))
	}
	if _, err := l.Read(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("an earlier failure is still there")
	}
}

// TestMetrics: each regular expression finds its number in the lines that are
// printed, and in those of infra/torch/train.py, and nothing else.
func TestMetrics(t *testing.T) {
	t.Parallel()
	var definitions []struct{ Name, Regex string }
	if err := json.Unmarshal(MetricDefinitions, &definitions); err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]string{
		EpochLine(3, 16, 0.25, 1.5e-7, "training cpu of web"):                                                 "map[train:loss:0.25 validation:loss:1.5e-07]",
		EpochLine(3, 16, math.NaN(), 0.5, "training cpu of web"):                                              "map[validation:loss:0.5]",
		"epoch 2 of at most 4: training loss 0.387, validation loss 0.35548, 1.20 s, 900 windows a second":    "map[train:loss:0.387 validation:loss:0.35548]",
		(&Summary{Ratios: []float64{3, .5, math.NaN(), 1}, Coverages: []float64{.8, .75}, Trained: 2}).Line(): "map[series:failed:0 series:trained:2 validation:coverage80:0.775 validation:ratio:1]",
		(&Summary{Failed: 7}).Line():                                  "map[series:failed:7 series:trained:0]",
		"cpu of web: auto, error beside the last value's: 5m0s 0.613": "map[]",
	} {
		found := map[string]string{}
		for _, d := range definitions {
			if m := regexp.MustCompile(d.Regex).FindStringSubmatch(line); m != nil {
				found[d.Name] = m[1]
			}
		}
		if fmt.Sprint(found) != want {
			t.Errorf("%s: found %v, not %s", line, found, want)
		}
	}
}

// FuzzRead: any configuration is a job within the limits, or an ErrJob.
func FuzzRead(f *testing.F) {
	f.Add(`{"metric": "cpu"}`, `{"train": {"TrainingInputMode": "File"}}`, `{"current_host": "a", "hosts": ["a", "b"]}`)
	f.Add(`{"a": "[\"b\"]", "c": 1e3}`, `{}`, `{}`)
	f.Fuzz(func(t *testing.T, hyper, input, resource string) {
		j := &Job{}
		for _, err := range []error{j.parseHyper([]byte(hyper)), j.parseChannels([]byte(input)), j.parseHosts([]byte(resource))} {
			if err != nil && !errors.Is(err, ErrJob) {
				t.Errorf("%v", err)
			}
			if err != nil {
				return
			}
		}
		if host, hosts := j.Place(); host < 0 || host >= hosts || len(j.Hyper) > maxValues {
			t.Errorf("host %d of %d", host, hosts)
		}
	})
}
