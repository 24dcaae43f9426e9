package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/models"
)

var update = flag.Bool("update", false, "write the files in configs/")

// example is a configuration as a user of LSTM forecasters writes it.
const example = `metric_name: cpu
container_name: webapp
data:
  window_size: 240
  prediction_horizons: [20, 60, 120]  # 5, 15, 30 minutes
  train_split: 0.7
model:
  model_type: lstm
  hidden_size: 128
  num_layers: 2
  dropout: 0.3
training:
  epochs: 100
  batch_size: 32
  learning_rate: 0.001
`

func TestExample(t *testing.T) {
	c, err := Parse("cpu.yaml", []byte(example))
	if err != nil {
		t.Fatal(err)
	}
	if c.MetricName != "cpu" || c.ContainerName != "webapp" || c.Data.WindowSize != 240 || c.Data.TrainSplit != 0.7 {
		t.Errorf("top and data: %+v", c)
	}
	model := Defaults("cpu").Model
	model.ModelType, model.HiddenSize, model.NumLayers, model.Dropout = "lstm", 128, 2, 0.3
	if c.Model != model {
		t.Errorf("model: %+v", c.Model)
	}
	training := Defaults("cpu").Training
	training.Epochs, training.BatchSize, training.LearningRate = 100, 32, 0.001
	if c.Training != training {
		t.Errorf("training: %+v", c.Training)
	}
	want := []time.Duration{5 * time.Minute, 15 * time.Minute, 30 * time.Minute}
	if got := c.Horizons(); !slices.Equal(got, want) {
		t.Errorf("horizons %v, want %v", got, want)
	}
	// On data of another step the horizons keep their durations.
	for _, step := range []int64{0, 15, 60, 300} {
		task, err := c.Task(step)
		if err != nil || !slices.Equal(task.Horizons, []int64{300, 900, 1800}) {
			t.Errorf("step %d: horizons %v, %v", step, task.Horizons, err)
		}
		if task.Bounds.Lower != 0 || !math.IsInf(task.Bounds.Upper, 1) || task.Metric != "cpu" {
			t.Errorf("step %d: %+v", step, task)
		}
	}
	if got := c.Source("data.train_split"); got != (Source{File, "cpu.yaml", 6, 16}) {
		t.Errorf("source %+v", got)
	}
}

func TestTaskRefusesHorizonOffTheGrid(t *testing.T) {
	c, err := Parse("x.yaml", []byte("data: {prediction_horizons: [5m, 6m]}"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Task(300)
	if !errors.Is(err, forecast.ErrHorizon) {
		t.Fatalf("got %v", err)
	}
	want := "x.yaml:1:29: data.prediction_horizons: horizon 6m (6m) is not a multiple of the data's step of 5m"
	if err.Error() != want {
		t.Errorf("got  %v\nwant %v", err, want)
	}
}

// TestTaskLeavesOutDefaults: data too coarse for the shortest default horizons
// has the others; data too coarse for all of them needs its own.
func TestTaskLeavesOutDefaults(t *testing.T) {
	c := Defaults("cpu")
	task, err := c.Task(600)
	if err != nil || !slices.Equal(task.Horizons, []int64{1800}) {
		t.Errorf("step of 10 minutes: %v, %v", task.Horizons, err)
	}
	_, err = c.Task(3600)
	want := "data.prediction_horizons: horizon 20 (5m) is not a multiple of the data's step of 1h"
	if !errors.Is(err, forecast.ErrHorizon) || !strings.Contains(err.Error(), want) {
		t.Errorf("step of an hour: %v, want %q", err, want)
	}
}

func TestValues(t *testing.T) {
	for _, tt := range []struct {
		name, yaml string
		got        func(*Config) any
		want       any
	}{
		{"durations", "data:\n  prediction_horizons: [5m, 1h30m, 1d]", func(c *Config) any { return c.Horizons() },
			[]time.Duration{5 * time.Minute, 90 * time.Minute, 24 * time.Hour}},
		{"steps and durations", "data: {step: 60s, prediction_horizons: [5, 15m]}", func(c *Config) any { return c.Horizons() },
			[]time.Duration{5 * time.Minute, 15 * time.Minute}},
		{"block list", "data:\n  prediction_horizons:\n    - 20\n    - 60\n", func(c *Config) any { return c.Horizons() },
			[]time.Duration{5 * time.Minute, 15 * time.Minute}},
		{"exponent", "training: {learning_rate: 1e-3}", func(c *Config) any { return c.Training.LearningRate }, 0.001},
		{"exponent with dot", "training: {learning_rate: 1.0e-3}", func(c *Config) any { return c.Training.LearningRate }, 0.001},
		{"whole number for a number", "data: {upper_bound: 8}", func(c *Config) any { return c.Data.UpperBound }, 8.0},
		{"infinite bound", "data: {lower_bound: -.inf}", func(c *Config) any { return c.Data.LowerBound }, math.Inf(-1)},
		{"quoted name", `container_name: "123"`, func(c *Config) any { return c.ContainerName }, "123"},
		{"name with a slash", `container_name: shop/web-7d9`, func(c *Config) any { return c.ContainerName }, "shop/web-7d9"},
		{"no value keeps the default", "container_name:\ndata:\n  window_size:\n", func(c *Config) any { return c.Data.WindowSize }, 16},
		{"zero seed", "training: {seed: 0}", func(c *Config) any { return c.Training.Seed }, uint64(0)},
		{"large seed", "training: {seed: 18446744073709551615}", func(c *Config) any { return c.Training.Seed }, uint64(math.MaxUint64)},
		{"metric without bounds", "metric_name: temperature", func(c *Config) any { return c.Data.LowerBound }, math.Inf(-1)},
		{"metric named last", "data: {window_size: 9}\nmetric_name: temperature", func(c *Config) any { return c.Data.WindowSize }, 9},
		{"empty file", "", func(c *Config) any { return c.MetricName }, "cpu"},
		{"only comments", "# nothing\n", func(c *Config) any { return c.MetricName }, "cpu"},
		{"windows line ends", "metric_name: memory\r\ndata:\r\n  window_size: 7\r\n", func(c *Config) any { return c.Data.WindowSize }, 7},
		{"byte order mark", "\ufeffmetric_name: memory\n", func(c *Config) any { return c.MetricName }, "memory"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := Parse("f.yaml", []byte(tt.yaml))
			if err != nil {
				t.Fatal(err)
			}
			if got := tt.got(c); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// TestErrors states what a user reads for each mistake.
func TestErrors(t *testing.T) {
	for _, tt := range []struct{ name, yaml, want string }{
		{"unknown key", "data:\n  windw_size: 240", `f.yaml:2:3: unknown key "windw_size" in data; did you mean "window_size"?`},
		{"part of a key", "data: {horizons: [20]}", `f.yaml:1:8: unknown key "horizons" in data; did you mean "prediction_horizons"?`},
		{"unknown section", "modle:\n  model_type: naive", `f.yaml:1:1: unknown key "modle"; did you mean "model"?`},
		{"key of another section", "training:\n  hidden_size: 3", `f.yaml:2:3: unknown key "hidden_size" in training; it belongs to model`},
		{"key of the top in a section", "data: {metric_name: cpu}", `f.yaml:1:8: unknown key "metric_name" in data; it belongs to the top level`},
		{"misspelt key of another section", "data: {drop_out: .1}", `f.yaml:1:8: unknown key "drop_out" in data; did you mean "model.dropout"?`},
		{"nothing near", "training: {zzzzzzzz: 1}", `f.yaml:1:12: unknown key "zzzzzzzz" in training; the keys here are epochs, epoch_windows, other_metrics, batch_size, learning_rate, weight_decay, patience, seed`},
		{"text for a number", "data:\n  window_size: many", `f.yaml:2:16: data.window_size: must be a whole number, got the text "many"`},
		{"fraction for a whole number", "data: {window_size: 2.5}", `f.yaml:1:21: data.window_size: must be a whole number, got 2.5`},
		{"number for text", "container_name: 12", `f.yaml:1:17: container_name: must be text, got 12; put it in quotes`},
		{"list for a number", "data: {train_split: [0.7]}", `f.yaml:1:21: data.train_split: must be a number, got a list`},
		{"number for a list", "data: {prediction_horizons: 20}", `f.yaml:1:29: data.prediction_horizons: must be a list of steps or durations, got 20`},
		{"number for a section", "data: 5", `f.yaml:1:7: data: must be a mapping of keys to values, got 5`},
		{"list for the file", "- a\n- b", `f.yaml:1:1: a configuration must be a mapping of keys to values, got a list`},
		{"step without a unit", "data: {step: 15}", `f.yaml:1:14: data.step: must be a duration with its unit, such as 15s or 5m, got 15`},
		{"no duration", "data: {step: soon}", `f.yaml:1:14: data.step: must be a duration such as 15s, 5m or 1h30m, got the text "soon"`},
		{"step of a fraction", "data: {step: 1500ms}", `f.yaml:1:14: data.step: must be whole seconds from 1s to 1d, got 1.5s`},
		{"train split too large", "data:\n  train_split: 1.5", `f.yaml:2:16: data.train_split: must be more than 0 and less than 1, got 1.5`},
		{"negative window", "data:\n  window_size: -3", `f.yaml:2:16: data.window_size: must be from 2 to 4096, got -3`},
		{"number beyond all", "data: {window_size: 99999999999999999999}", `f.yaml:1:21: data.window_size: must be a whole number, got the text "99999999999999999999"`},
		{"horizon 0", "data: {prediction_horizons: [0, 20]}", `f.yaml:1:30: data.prediction_horizons: must be more than 0, got 0`},
		{"negative horizon", "data: {prediction_horizons: [-5m]}", `f.yaml:1:29: data.prediction_horizons: must be more than 0, got -5m`},
		{"no horizon", "data: {prediction_horizons: []}", `f.yaml:1:29: data.prediction_horizons: must have 1 to 1000 horizons, got 0`},
		{"horizons not ascending", "data: {prediction_horizons: [20, 5m]}", `f.yaml:1:29: data.prediction_horizons: must be ascending, got 5m after 20`},
		{"horizon of ages", "data: {prediction_horizons: [9000000000000000000]}", `f.yaml:1:29: data.prediction_horizons: must be at most 366d ahead, got 9000000000000000000`},
		{"horizon in a word", "data: {prediction_horizons: [20, soon]}", `f.yaml:1:34: data.prediction_horizons: must be a duration such as 15s, 5m or 1h30m, got the text "soon"`},
		{"quantiles without the median", "data: {quantiles: [0.1, 0.9]}", `f.yaml:1:19: data.quantiles: must have 0.5 among them, the median`},
		{"quantile of one", "data: {quantiles: [0.5, 1]}", `f.yaml:1:19: data.quantiles: must be more than 0 and less than 1, got 1`},
		{"quantile not a number", "data: {quantiles: [0.5, .nan]}", `f.yaml:1:25: data.quantiles: must be a number, got not a number`},
		{"bounds crossed", "data:\n  lower_bound: 5\n  upper_bound: 1", `f.yaml:2:16: data.lower_bound: must be less than upper_bound, which is 1, got 5`},
		{"unknown model", "model: {model_type: arma}", `f.yaml:1:21: model.model_type: no such model "arma"; the models are ` + strings.Join(families, ", ") + `; did you mean "arima"?`},
		{"dropout of one", "model: {dropout: 1}", `f.yaml:1:18: model.dropout: must be at least 0 and less than 1, got 1`},
		{"learning rate 0", "training: {learning_rate: 0}", `f.yaml:1:27: training.learning_rate: must be more than 0, got 0`},
		{"negative seed", "training: {seed: -1}", `f.yaml:1:18: training.seed: must not be negative, got -1`},
		{"empty metric", `metric_name: ""`, `f.yaml:1:14: metric_name: must not be empty`},
		{"key that is a number", "12: 3", `f.yaml:1:1: a key must be text, got 12`},
		{"the same key twice", "data: {window_size: 3}\nmodel: {dropout: 0}\ndata: {window_size: 4}", `f.yaml:3:1: mapping key "data" already defined at [1:1]`},
		{"unclosed list", "data: {prediction_horizons: [1, 2}", `f.yaml:1:34: `},
		{"tab", "data:\n\twindow_size: 3", `f.yaml:2:1: `},
		{"two documents", "metric_name: cpu\n---\nmetric_name: memory", `f.yaml:3:12: has more than one document`},
		{"alias", "metric_name: &a cpu\ncontainer_name: *a", `f.yaml:1:14: anchors and aliases are not supported in a configuration`},
		{"merge", "data:\n  <<: {window_size: 3}", `f.yaml:2:3: anchors and aliases are not supported in a configuration`},
		{"tag", "metric_name: !!str cpu", `f.yaml:1:14: tags and directives are not supported in a configuration`},
		{"two mistakes", "data:\n  window_size: -1\n  train_split: 2", "f.yaml:2:16: data.window_size: must be from 2 to 4096, got -1\n" +
			"f.yaml:3:16: data.train_split: must be more than 0 and less than 1, got 2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse("f.yaml", []byte(tt.yaml))
			if err == nil {
				t.Fatal("no error")
			}
			got := err.Error()
			if strings.HasSuffix(tt.want, ": ") { // the reason is the YAML parser's own
				got = got[:min(len(got), len(tt.want))]
			}
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", err, tt.want)
			}
			var list Errors
			if !errors.As(err, &list) || list[0].Source.Kind != File {
				t.Errorf("not Errors with a place: %#v", err)
			}
		})
	}
}

func TestHostileFiles(t *testing.T) {
	for name, data := range map[string]string{
		"larger than the bound": strings.Repeat("#\n", maxSize/2+1),
		"deep lists":            "a: " + strings.Repeat("[", maxSize-10),
		"deep mappings":         strings.Repeat("{a: ", maxSize/4),
		"deep block lists":      strings.Repeat("- ", maxSize/2),
		"deep keys":             strings.Repeat("? ", maxSize/2),
		"many colons":           strings.Repeat("a: ", maxSize/3),
		"many values":           "data: {quantiles: [" + strings.Repeat("1,", maxSize/4) + "1]}",
		"many anchors":          "a: &a [b]\nc: [" + strings.Repeat("*a,", 100) + "*a]",
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			if _, err := Parse("f.yaml", []byte(data)); err == nil {
				t.Error("accepted")
			}
			if d := time.Since(began); d > 20*time.Second {
				t.Errorf("took %v", d)
			}
		})
	}
}

func TestPrecedence(t *testing.T) {
	c, err := Parse("f.yaml", []byte("data: {window_size: 100, train_split: 0.6, step: 30s}"))
	if err != nil {
		t.Fatal(err)
	}
	env := Env([]string{"FORETIDE_WINDOW_SIZE=101", "FORETIDE_TRAIN_SPLIT=0.65", "FORETIDE_SEED=", "PATH=/bin", "FORETIDE_DATA=/d"})
	err = c.Apply(append([]Override{Flag("window_size", "window", "102"), Flag(keyHorizons, "horizons", "5m, 15m")}, env...)...)
	if err != nil {
		t.Fatal(err)
	}
	if c.Data.WindowSize != 102 || c.Data.TrainSplit != 0.65 || c.Data.Step != 30*time.Second || c.Training.Seed != 0 {
		t.Errorf("%+v", c)
	}
	for key, want := range map[string]string{
		"data.window_size": "--window", "data.train_split": "FORETIDE_TRAIN_SPLIT", "data.step": "f.yaml:1",
		keyHorizons: "--horizons", "training.seed": "default",
	} {
		if got := c.Source(key).String(); got != want {
			t.Errorf("%s from %s, want %s", key, got, want)
		}
	}
}

func TestApplyErrors(t *testing.T) {
	for _, tt := range []struct {
		o    Override
		want string
	}{
		{Flag("train_split", "split", "1.5"), "--split: data.train_split: must be more than 0 and less than 1, got 1.5"},
		{Flag("train_split", "split", "most"), `--split: data.train_split: must be a number, got the text "most"`},
		{Flag("trainsplit", "split", "1"), `--split: unknown key "trainsplit"; did you mean "data.train_split"?`},
		{Flag("step", "step", ""), `--step: data.step: must have a value`},
		{Env([]string{"FORETIDE_STEP=15"})[0], "FORETIDE_STEP: data.step: must be a duration with its unit, such as 15s or 5m, got 15"},
	} {
		c := Defaults("cpu")
		err := c.Apply(Flag("seed", "seed", "7"), tt.o)
		if err == nil || err.Error() != tt.want {
			t.Errorf("got  %v\nwant %v", err, tt.want)
		}
		if !reflect.DeepEqual(c, Defaults("cpu")) {
			t.Errorf("%v: changed by a failed Apply", tt.o)
		}
	}
}

// A metric given by a flag brings its own defaults, and no other value moves.
func TestApplyMetric(t *testing.T) {
	c, err := Parse("f.yaml", []byte("metric_name: cpu\ndata: {window_size: 9, upper_bound: 4}"))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Apply(Flag("metric_name", "metric", "temperature")); err != nil {
		t.Fatal(err)
	}
	if c.MetricName != "temperature" || c.Data.WindowSize != 9 || c.Data.UpperBound != 4 || !math.IsInf(c.Data.LowerBound, -1) {
		t.Errorf("%+v", c)
	}
}

func TestUnused(t *testing.T) {
	c, err := Parse("f.yaml", []byte(example))
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Unused(); got != nil {
		t.Errorf("lstm: %v", got)
	}
	if err := c.Apply(Flag("model_type", "model-type", "naive")); err != nil {
		t.Fatal(err)
	}
	want := []string{"data.window_size", "model.hidden_size", "model.num_layers", "model.dropout", "training.epochs", "training.batch_size", "training.learning_rate"}
	if got := c.Unused(); !slices.Equal(got, want) {
		t.Errorf("naive: %v", got)
	}
}

func TestShow(t *testing.T) {
	c, err := Parse("cpu.yaml", []byte(example))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Apply(Flag("container_name", "container", "no: 1 # \"x\"\u2028")); err != nil {
		t.Fatal(err)
	}
	shown := c.Show()
	for _, line := range []string{
		"metric_name: cpu  # cpu.yaml:1\n",
		"  step: 15s  # default\n",
		"  prediction_horizons: [20, 60, 120]  # 5m, 15m, 30m ahead; cpu.yaml:5\n",
		"  upper_bound: .inf  # default\n",
		"  learning_rate: 0.001  # cpu.yaml:15\n",
		"  # --container\n",
	} {
		if !strings.Contains(shown, line) && !strings.Contains(shown, strings.TrimSpace(line)) {
			t.Errorf("no line %q in\n%s", line, shown)
		}
	}
	again, err := Parse("again.yaml", []byte(shown))
	if err != nil {
		t.Fatalf("%v in\n%s", err, shown)
	}
	again.sources, c.sources = nil, nil
	if !reflect.DeepEqual(c, again) {
		t.Errorf("shown and read back:\n%+v\nwant\n%+v", again, c)
	}
}

func TestJSON(t *testing.T) {
	c := Defaults("cpu")
	if err := c.Apply(Flag("prediction_horizons", "horizons", "20,15m")); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"prediction_horizons":[20,"15m"]`, `"upper_bound":null`, `"step":"15s"`,
		`"data.prediction_horizons":"--horizons"`, `"data.step":"default"`, `"model_type":"auto"`} {
		if !bytes.Contains(data, []byte(want)) {
			t.Errorf("no %s in %s", want, data)
		}
	}
}

// TestConfigFiles keeps the files in configs/ equal to the defaults: run with
// -update after a change.
func TestConfigFiles(t *testing.T) {
	for _, metric := range []string{"cpu", "memory", "disk_read", "disk_write", "net_rx", "net_tx"} {
		path := filepath.Join("..", "..", "configs", metric+".yaml")
		if *update {
			if err := os.WriteFile(path, []byte(Template(metric)), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(data) != Template(metric) {
			t.Errorf("%s is not what Template gives: run go test ./loader/config -update", path)
		}
		c, err := Load(path)
		if err != nil {
			t.Fatal(err)
		}
		c.sources = nil
		if want := Defaults(metric); !reflect.DeepEqual(c, want) {
			t.Errorf("%s: %+v, want the defaults %+v", path, c, want)
		}
	}
}

func TestLoadErrors(t *testing.T) {
	if _, err := Load(filepath.Join(t.TempDir(), "no.yaml")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if _, err := Load(t.TempDir()); err == nil {
		t.Error("a folder loads")
	}
}

// TestFamilies keeps the generated list of models equal to core/models: run with
// -update after a change, and once more for the files in configs/.
func TestFamilies(t *testing.T) {
	want := "// Code generated by go test ./loader/config -update. DO NOT EDIT.\n\npackage config\n\n" +
		"// families are the names in the table of core/models, which programs that read\n" +
		"// a configuration alone do not compile.\nvar families = []string{\n"
	for _, name := range models.Names() {
		want += "\t" + strconv.Quote(name) + ",\n"
	}
	want += "}\n"
	if *update {
		if err := os.WriteFile("families.go", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("families.go")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want || !slices.Equal(families, models.Names()) {
		t.Errorf("families.go has %v, want %v: run go test ./loader/config -update, twice", families, models.Names())
	}
}

// TestSettings checks the table itself: keys end in words of their own, which
// the environment's names rely on, and defaults are possible.
func TestSettings(t *testing.T) {
	seen := make(map[string]bool)
	for i := range settings {
		s := &settings[i]
		if seen[s.leaf()] {
			t.Errorf("%s: another key ends alike", s.key)
		}
		seen[s.leaf()] = true
		for _, m := range s.models {
			if !slices.Contains(families, m) {
				t.Errorf("%s: unknown model %s", s.key, m)
			}
		}
	}
	for _, m := range []string{"cpu", "temperature"} {
		if err := Defaults(m).Validate(); err != nil {
			t.Errorf("%s: %v", m, err)
		}
	}
}

// FuzzParse: no input panics or takes long, and what is accepted is valid and
// survives being shown and read back.
func FuzzParse(f *testing.F) {
	f.Add([]byte(example))
	f.Add([]byte(Template("memory")))
	f.Add([]byte("data: {prediction_horizons: [5m, 1d2h], quantiles: [0.5]}\nmodel:\n  model_type: arima\n"))
	f.Add([]byte("a: &a [*a]\n"))
	f.Add([]byte("? - a\n: |\n  b\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse("f.yaml", data)
		if err != nil {
			var list Errors
			if !errors.As(err, &list) || len(list) == 0 || list[0].Source.Line < 1 {
				t.Fatalf("error without a place: %v", err)
			}
			return
		}
		if err := c.Validate(); err != nil {
			t.Fatalf("accepted and not valid: %v", err)
		}
		shown := c.Show()
		again, err := Parse("again.yaml", []byte(shown))
		if err != nil {
			t.Fatalf("shown, but not read back: %v\n%s", err, shown)
		}
		if again.Show() == "" || again.MetricName != c.MetricName || again.ContainerName != c.ContainerName ||
			!reflect.DeepEqual(again.Data, c.Data) || again.Model != c.Model || again.Training != c.Training {
			t.Fatalf("read back as\n%+v\nwant\n%+v", again, c)
		}
	})
}
