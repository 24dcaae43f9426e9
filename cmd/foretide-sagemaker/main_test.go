package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/infra/sagemaker"
	"github.com/foretide/foretide/internal/fleet"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/config"
)

// TestMain makes the test binary the program itself where a test runs it as a
// process of its own.
func TestMain(m *testing.M) {
	if os.Getenv("FORETIDE_TEST_MAIN") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// A world is a folder as SageMaker lays it out.
type world struct {
	t   *testing.T
	dir string
	sagemaker.Layout
}

// newWorld lays out a training on metrics of containers with the hyperparameters.
func newWorld(t *testing.T, hyper map[string]string, containers ...string) *world {
	t.Helper()
	dir := t.TempDir()
	w := &world{t, dir, sagemaker.Layout(dir)}
	w.write("input/data/train/metrics.csv", metricsFile(864, containers...))
	w.configure("hyperparameters", hyper)
	w.configure("inputdataconfig", map[string]any{"train": map[string]string{
		"TrainingInputMode": "File", "S3DistributionType": "FullyReplicated", "RecordWrapperType": "None", "ContentType": "text/csv"}})
	w.configure("resourceconfig", map[string]any{"current_host": "algo-1", "hosts": []string{"algo-1"}, "network_interface_name": "eth0",
		"current_instance_type": "ml.m5.large", "current_group_name": "homogeneousCluster"})
	return w
}

const start = 1722470400

// metricsFile is cpu and memory of containers, every five minutes.
func metricsFile(rows int, containers ...string) string {
	var b strings.Builder
	b.WriteString("timestamp,container,cpu,memory\n")
	for i := range rows {
		for k, c := range containers {
			v := 2 + math.Sin(float64(i)/20+float64(k)) + math.Sin(float64(i*i%97))/5
			fmt.Fprintf(&b, "%d,%s,%.6f,%.0f\n", start+300*i, c, v, 1e8*v+1e6*float64(i%7))
		}
	}
	return b.String()
}

func (w *world) write(name, text string) {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) configure(name string, v any) {
	w.t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		w.t.Fatal(err)
	}
	w.write("input/config/"+name+".json", string(b))
}

// run runs a command in this process.
func (w *world) run(command string) (out, errOut string, code int) {
	w.t.Helper()
	var o, e bytes.Buffer
	code = run(context.Background(), []string{command, "--prefix", w.dir}, &o, &e)
	return o.String(), e.String(), code
}

// trained trains, which must succeed, and returns what was printed.
func (w *world) trained() string {
	w.t.Helper()
	out, errOut, code := w.run("train")
	if code != exitOK || errOut != "" {
		w.t.Fatalf("exit code %d: %s\n%s", code, errOut, out)
	}
	return out
}

// files are the files below a folder and what is in them.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(p)
		name, _ := filepath.Rel(dir, p)
		out[filepath.ToSlash(name)] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func namesOf(files map[string]string) string {
	var names []string
	for n := range files {
		names = append(names, n)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// matches counts what each metric's regular expression finds in what was printed,
// and checks that it is a number.
func matches(t *testing.T, printed string) map[string]int {
	t.Helper()
	var definitions []struct{ Name, Regex string }
	if err := json.Unmarshal(sagemaker.MetricDefinitions, &definitions); err != nil {
		t.Fatal(err)
	}
	found := map[string]int{}
	for _, d := range definitions {
		for _, m := range regexp.MustCompile(d.Regex).FindAllStringSubmatch(printed, -1) {
			if _, err := strconv.ParseFloat(m[1], 64); err != nil {
				t.Errorf("%s: %v in %q", d.Name, err, m[0])
			}
			found[d.Name]++
		}
	}
	return found
}

// TestTrain: a model of each container and metric, and every metric that SageMaker
// looks for.
func TestTrain(t *testing.T) {
	w := newWorld(t, map[string]string{"model-type": "linear"}, "web", "db")
	w.write("output/failure", "of an earlier attempt")
	out := w.trained()
	if got := namesOf(files(t, w.Model())); got != "cpu/db.ckpt cpu/web.ckpt memory/db.ckpt memory/web.ckpt" {
		t.Errorf("the model has %s", got)
	}
	if _, err := os.Stat(filepath.Join(w.dir, "output", "failure")); err == nil {
		t.Error("it says that it failed")
	}
	if m := matches(t, out); m["validation:ratio"] != 1 || m["validation:coverage80"] != 1 || m["series:trained"] != 1 || m["series:failed"] != 1 {
		t.Errorf("metrics %v in\n%s", m, out)
	}
	if !strings.Contains(out, "series trained 4, series failed 0") {
		t.Error(out)
	}
	// A second attempt finds everything done.
	if err := os.RemoveAll(w.Model()); err != nil {
		t.Fatal(err)
	}
	again := w.trained()
	if strings.Count(again, ", as before") != 4 || len(files(t, w.Model())) != 4 || matches(t, again)["validation:ratio"] != 1 {
		t.Error(again)
	}
}

// small is an LSTM that is trained in a second.
func small(more ...string) map[string]string {
	h := map[string]string{"model-type": "lstm", "epochs": "4", "epoch-windows": "512", "hidden_size": "4", "head-size": "8", "window-size": "6"}
	for i := 0; i < len(more); i += 2 {
		h[more[i]] = more[i+1]
	}
	return h
}

// interrupt runs a training as a process of its own, and ends it by SIGTERM where
// it has printed the line.
func (w *world) interrupt(line string) (printed string) {
	w.t.Helper()
	cmd := exec.Command(os.Args[0], "train", "--prefix", w.dir)
	cmd.Env = append(os.Environ(), "FORETIDE_TEST_MAIN=1")
	var errOut bytes.Buffer
	cmd.Stderr = &errOut
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		w.t.Fatal(err)
	}
	sent := false
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		printed += lines.Text() + "\n"
		if !sent && strings.HasPrefix(lines.Text(), line) {
			sent = true
			_ = cmd.Process.Signal(syscall.SIGTERM) // an ended process is caught below
		}
	}
	_ = cmd.Wait() // its exit code is looked at
	if code := cmd.ProcessState.ExitCode(); code != exitStopped || !strings.Contains(errOut.String(), "stopped by SIGTERM") {
		w.t.Fatalf("exit code %d: %s\n%s", code, errOut.String(), printed)
	}
	if _, err := os.Stat(filepath.Join(w.dir, "output", "failure")); err == nil {
		w.t.Error("to be stopped is no failure")
	}
	return printed
}

// TestInterrupted: a training that SIGTERM stops in the midst leaves the best so
// far as its model, and on another instance, which has its checkpoints alone, it
// comes to the bytes of one that was not stopped.
func TestInterrupted(t *testing.T) {
	for _, c := range []struct {
		name, line string
		hyper      map[string]string
		once       string // of the files of the model of the stopped training
		resumed    string // printed when it goes on
	}{
		{"a second metric's", "epoch 2 of at most 4: training loss", small("metric", "memory,cpu"), "memory/_shared.ckpt", "epoch 3 of"},
		{"one for all, tuned", "epoch 2 of at most 4: training loss", small("metric", "cpu", "scope", "finetune"), "cpu/_shared.ckpt cpu/db.ckpt cpu/web.ckpt", "epoch 3 of"},
		{"of each", "cpu of db:", small("metric", "cpu", "scope", "container"), "cpu/db.ckpt", "cpu of db: lstm, as before"},
		{"without time for more", "epoch 2 of at most 4: training loss", small("metric", "cpu", "grace", "0s"), "", "epoch 3 of"},
	} {
		t.Run(c.name, func(t *testing.T) {
			whole := newWorld(t, c.hyper, "web", "db")
			if m := matches(t, whole.trained()); m["train:loss"] < 4 || m["validation:loss"] < 4 {
				t.Errorf("metrics %v", m)
			}
			w := newWorld(t, c.hyper, "web", "db")
			w.interrupt(c.line)
			have := files(t, w.Model())
			if !strings.Contains(namesOf(have), c.once) || len(have) >= len(files(t, whole.Model())) && c.name == "a second metric's" {
				t.Errorf("the model has %s", namesOf(have))
			}
			if _, err := loader.Open(w.Model()); c.once != "" && err != nil {
				t.Error(err)
			}
			if !strings.Contains(namesOf(files(t, w.Checkpoints())), "cpu") && !strings.Contains(namesOf(files(t, w.Checkpoints())), ".training") {
				t.Errorf("to go on from there is %s", namesOf(files(t, w.Checkpoints())))
			}
			if err := os.RemoveAll(w.Model()); err != nil {
				t.Fatal(err)
			}
			if out := w.trained(); !strings.Contains(out, c.resumed) || strings.Contains(out, "epoch 1 of at most 4") && c.name != "of each" && c.name != "a second metric's" {
				t.Errorf("it begins anew:\n%s", out)
			}
			want, got := files(t, whole.Model()), files(t, w.Model())
			if namesOf(want) != namesOf(got) {
				t.Fatalf("the model has %s, not %s", namesOf(got), namesOf(want))
			}
			for name := range want {
				if want[name] != got[name] {
					t.Errorf("%s is another model than one that was not stopped", name)
				}
			}
			for name := range files(t, w.Checkpoints()) {
				if strings.HasSuffix(name, ".training") {
					t.Errorf("the training has ended, and %s is there", name)
				}
			}
		})
	}
}

// TestOtherState: the checkpoints of another job are not gone on from.
func TestOtherState(t *testing.T) {
	w := newWorld(t, small("metric", "cpu"), "web", "db")
	w.interrupt("epoch 2 of at most 4: training loss")
	w.configure("hyperparameters", small("metric", "cpu", "learning-rate", "0.01"))
	if out := w.trained(); !strings.Contains(out, "they begin anew") || !strings.Contains(out, "epoch 1 of") {
		t.Errorf("another configuration:\n%s", out)
	}
}

// TestFailure: what cannot be is said to SageMaker, with exit code 1.
func TestFailure(t *testing.T) {
	for _, c := range []struct {
		name, want string
		change     func(*world)
	}{
		{"hyperparameter", `no hyperparameter "epoch"; did you mean "epochs"`, func(w *world) { w.configure("hyperparameters", map[string]string{"epoch": "3"}) }},
		{"value", "hyperparameters epochs: training.epochs:", func(w *world) { w.configure("hyperparameters", map[string]string{"epochs": "many"}) }},
		{"metric", `no "cpus" in the data, which have cpu, memory; did you mean "cpu"?`, func(w *world) { w.configure("hyperparameters", map[string]string{"metric": "cpus"}) }},
		{"model", "model.model_type", func(w *world) { w.configure("hyperparameters", map[string]string{"model-type": "xgboost"}) }},
		{"grace", "hyperparameter grace", func(w *world) { w.configure("hyperparameters", map[string]string{"grace": "long"}) }},
		{"container", "no container \"wep\"", func(w *world) { w.configure("hyperparameters", map[string]string{"container": "wep"}) }},
		{"JSON", "hyperparameters.json: sagemaker: configuration of the job: it is no JSON", func(w *world) { w.write("input/config/hyperparameters.json", "{") }},
		{"channel", `no use for the channel "test"`, func(w *world) { w.configure("inputdataconfig", map[string]any{"test": map[string]string{}}) }},
		{"pipe", "mode Pipe", func(w *world) {
			w.configure("inputdataconfig", map[string]any{"train": map[string]string{"TrainingInputMode": "Pipe"}})
		}},
		{"no channel", "there is no channel train", func(w *world) { w.configure("inputdataconfig", map[string]any{}) }},
		{"data", "metrics.csv:2: column \"cpu\"", func(w *world) {
			w.write("input/data/train/metrics.csv", "timestamp,container,cpu\n1722470400,web,high\n")
		}},
		{"configuration", "cpu.yaml", func(w *world) {
			w.configure("inputdataconfig", map[string]any{"train": map[string]string{}, "config": map[string]string{}})
			w.write("input/data/config/cpu.yaml", "metric_name: cpu\nmodel: {model_typ: linear}\n")
		}},
		{"too short", "data", func(w *world) { w.write("input/data/train/metrics.csv", "timestamp,container,cpu\n") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, nil, "web")
			c.change(w)
			out, errOut, code := w.run("train")
			b, err := os.ReadFile(filepath.Join(w.dir, "output", "failure"))
			if code != exitFailure || err != nil || !strings.Contains(string(b), c.want) || !strings.Contains(errOut, c.want) || len(b) > 1024 {
				t.Errorf("exit code %d, %v, failure %q, not %q\n%s%s", code, err, b, c.want, errOut, out)
			}
		})
	}
}

// TestConfigChannel: configurations of metrics come in a channel; hyperparameters
// go before them.
func TestConfigChannel(t *testing.T) {
	w := newWorld(t, map[string]string{"metric": "[\"cpu\",\"memory\"]", "horizons": "5m,10m", "sagemaker_program": "x"}, "web")
	w.configure("inputdataconfig", map[string]any{"training": map[string]string{}, "config": map[string]string{}})
	if err := os.Rename(w.Data("train"), w.Data("training")); err != nil {
		t.Fatal(err)
	}
	w.write("input/data/config/cpu.yaml", "metric_name: cpu\nmodel: {model_type: naive}\ndata: {prediction_horizons: [1h]}\n")
	w.write("input/data/config/memory.yaml", "metric_name: memory\nmodel: {model_type: linear}\n")
	w.trained()
	for metric, model := range map[string]string{"cpu": "naive", "memory": "linear"} {
		c, err := loader.ReadFile(filepath.Join(w.Model(), metric, "web.ckpt"))
		if err != nil || c.Provenance.Model != model || !slices.Equal(c.Horizons, []int64{300, 600}) {
			t.Errorf("%s: %v, %+v", metric, err, c)
		}
	}
}

// TestHosts: hosts share the work out, and miss nothing.
func TestHosts(t *testing.T) {
	for _, hyper := range []map[string]string{{"model-type": "naive"}, small("epochs", "1")} {
		all := map[string]string{}
		for _, host := range []string{"algo-1", "algo-2", "algo-3"} {
			w := newWorld(t, hyper, "web", "db", "api", "mail")
			w.configure("resourceconfig", map[string]any{"current_host": host, "hosts": []string{"algo-2", "algo-1", "algo-3"}})
			out := w.trained()
			for name, data := range files(t, w.Model()) {
				if _, twice := all[name]; twice {
					t.Errorf("%v: two hosts made %s", hyper, name)
				}
				all[name] = data
			}
			if len(files(t, w.Model())) == 0 && !strings.Contains(out, "other hosts train all that there is") {
				t.Errorf("%v: %s made nothing, and prints\n%s", hyper, host, out)
			}
		}
		one := newWorld(t, hyper, "web", "db", "api", "mail")
		one.trained()
		if want := files(t, one.Model()); namesOf(all) != namesOf(want) {
			t.Errorf("%v: together they made %s, not %s", hyper, namesOf(all), namesOf(want))
		}
	}
	// Metrics that learn together are the first host's.
	c := config.Defaults(series.CPU)
	c.Model.ModelType = "network"
	jobs := []fleet.Job{{Frame: &series.Frame{Container: "a"}, Config: c}, {Frame: &series.Frame{Container: "b"}, Config: c}}
	for host, want := range []int{2, 0} {
		if mine, err := part(jobs, host, 2, false); err != nil || len(mine) != want {
			t.Errorf("%v: host %d has %d jobs of a network, not %d", err, host, len(mine), want)
		}
	}
	w := newWorld(t, small(), "web", "db")
	w.configure("resourceconfig", map[string]any{"current_host": "algo-1", "hosts": []string{"algo-2", "algo-1"}})
	w.configure("inputdataconfig", map[string]any{"train": map[string]string{"S3DistributionType": "ShardedByS3Key"}})
	if _, errOut, code := w.run("train"); code != exitFailure || !strings.Contains(errOut, "FullyReplicated") {
		t.Errorf("a shared model of a part of the data: %d, %s", code, errOut)
	}
}

// TestCommandLine: what it can be told.
func TestCommandLine(t *testing.T) {
	for _, c := range []struct {
		args string
		code int
		want string
	}{
		{"metrics", exitOK, `"validation:ratio"`}, {"version", exitOK, "foretide "}, {"--help", exitOK, "usage:"},
		{"", exitUsage, "name one command, not 0"}, {"train serve", exitUsage, "not 2"}, {"deploy", exitUsage, `no command "deploy"`},
		{"train --fast", exitUsage, "-fast"},
	} {
		var o, e bytes.Buffer
		if code := run(context.Background(), strings.Fields(c.args), &o, &e); code != c.code || !strings.Contains(o.String()+e.String(), c.want) {
			t.Errorf("%q: exit code %d\n%s%s", c.args, code, o.String(), e.String())
		}
	}
}
