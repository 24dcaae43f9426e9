package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/lstm"
	lstmnet "github.com/foretide/foretide/core/lstm/network"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/infra/csvfile"
	"github.com/foretide/foretide/infra/torch"
	"github.com/foretide/foretide/internal/fleet"
	"github.com/foretide/foretide/internal/testkit"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/config"
)

// smallLSTM is a network that is trained in a second.
const smallLSTM = `metric_name: cpu
data: {prediction_horizons: [5m, 15m, 30m], window_size: 8}
model: {model_type: lstm, hidden_size: 8, head_size: 16}
training: {epochs: 5, epoch_windows: 2048, batch_size: 64, learning_rate: 0.004}
`

// network returns the network of a checkpoint.
func network(t *testing.T, path string) *lstm.Fitted {
	t.Helper()
	_, net, err := readNetwork(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	return net
}

// frames reads m.csv.
func (s *session) frames() []series.Frame {
	s.t.Helper()
	data, err := csvfile.Read(s.t.Context(), "m.csv", csvfile.Options{})
	if err != nil {
		s.t.Fatal(err)
	}
	return data.Frames
}

// readSafetensors returns the header of a safetensors file, its data, and a reader of
// the header's values.
func readSafetensors(t *testing.T, path string) (header map[string]json.RawMessage, data []byte, read func(json.RawMessage, any)) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data = b[8+binary.LittleEndian.Uint64(b):]
	read = func(value json.RawMessage, to any) {
		t.Helper()
		if err := json.Unmarshal(value, to); err != nil {
			t.Fatal(err)
		}
	}
	read(b[8:len(b)-len(data)], &header)
	return header, data, read
}

// TestWindowsCommand: a file of windows says what they are of.
func TestWindowsCommand(t *testing.T) {
	s := newSession(t)
	s.twoContainers()
	s.write("cpu.yaml", smallLSTM)
	s.ok("windows", "--data", "m.csv", "--config", "cpu.yaml", "-o", "cpu.windows")
	f, at, read := readSafetensors(t, "cpu.windows")
	var about map[string]string
	read(f["__metadata__"], &about)
	var input, origin struct {
		Shape   []int
		Offsets []int `json:"data_offsets"`
	}
	read(f["train.input"], &input)
	if !slices.Equal(input.Shape, []int{5 * 2048, 8, 8}) || about["foretide.containers"] != `["db","web"]` {
		t.Errorf("train.input %v of %s", input.Shape, about["foretide.containers"])
	}
	c, err := config.Parse("cpu.windows", []byte(about["foretide.config"]))
	if err != nil || c.Model.HiddenSize != 8 || c.Training.Epochs != 5 {
		t.Errorf("the configuration is %+v, %v", c, err)
	}
	read(f["held.origin"], &origin)
	origins := make([]int64, (origin.Offsets[1]-origin.Offsets[0])/8)
	if _, err := binary.Decode(at[origin.Offsets[0]:], binary.LittleEndian, origins); err != nil {
		t.Fatal(err)
	}
	// The last 30 % of three days judge the model.
	if last := slices.Max(origins); last >= start+864*300*7/10 {
		t.Errorf("a window is of %d, which is to judge the model", last)
	}
	_, text, _ := s.run("windows", "--data", "m.csv", "--config", "cpu.yaml", "--epochs", "1", "-o", "one.windows")
	if want := "2048 windows of cpu of 2 containers and "; !strings.Contains(text, want) {
		t.Errorf("it prints\n%s\nwithout\n%s", text, want)
	}
	for line, text := range map[string]string{
		"--config cpu.yaml":                       "--out is missing",
		"--metric cpu,memory -o w":                "--metric is cpu, memory; a file has windows of one metric",
		"-o w":                                    "--metric is missing",
		"--metric cpu --step 1500ms -o w":         "--step is 1.5s; it is whole seconds",
		"--metric cpu --epochs -1 -o w":           "--epochs is -1",
		"--metric cpu --scope container -o w":     "no windows of 2 containers: scope container trains a model for each",
		"--latest x.ckpt --metric cpu -o w":       "--metric and --latest exclude each other",
		"--latest x.ckpt --config cpu.yaml -o w":  "--config and --latest exclude each other",
		"--metric cpu -o w --model arima --quiet": "unknown flag: --model",
	} {
		s.fails(exitUsage, text, append([]string{"windows", "--data", "m.csv"}, strings.Fields(line)...)...)
	}
	s.fails(exitUsage, "--data is missing", "windows", "--metric", "cpu", "-o", "w")
	s.fails(exitFailure, "cannot be written", "windows", "--data", "m.csv", "--config", "cpu.yaml", "-o", "none/w")
	s.write("two.csv", head+waves("web", 300, 864)+waves("db", 60, 864))
	s.fails(exitUsage, "db has a value every 60 s and web every 300 s, and a model reads one step: name it with --step",
		"windows", "--data", "two.csv", "--config", "cpu.yaml", "-o", "w")
	s.fails(exitData, "no container has a value every 15 s (there are 1 container with a value every 60 s, 1 container",
		"windows", "--data", "two.csv", "--config", "cpu.yaml", "-o", "w", "--step", "15s")
	_, text, _ = s.run("windows", "--data", "two.csv", "--config", "cpu.yaml", "--epochs", "1", "-o", "five", "--step", "5m")
	if !strings.Contains(text, "left out 1 container with a value every 60 s") || !strings.Contains(text, "of cpu of 1 container and") {
		t.Errorf("of one step, it prints\n%s", text)
	}
	s.write("few.csv", head+waves("web", 300, 4))
	s.fails(exitData, "no window with a target", "windows", "--data", "few.csv", "--metric", "cpu", "-o", "w")
	if _, err := os.Stat("w"); err == nil {
		t.Error("a failure left a file")
	}
}

// TestExportImport: a network that is exported and imported is the same, is
// judged on the data, and forecasts.
func TestExportImport(t *testing.T) {
	s := newSession(t)
	s.twoContainers()
	s.write("cpu.yaml", smallLSTM)
	s.ok("train", "--data", "m.csv", "--config", "cpu.yaml")
	shared := filepath.Join("checkpoints", "cpu", "_shared.ckpt")
	s.ok("checkpoint", "export", shared, "-o", "cpu.safetensors")
	s.ok("checkpoint", "export", shared, "-o", "cpu.model", "--format", "onnx")
	if b, err := os.ReadFile("cpu.model"); err != nil || !strings.Contains(string(b), "quantiles") {
		t.Errorf("the ONNX model: %v", err)
	}
	out := s.ok("checkpoint", "import", "cpu.safetensors", "--data", "m.csv", "--store", "other")
	if !strings.Contains(out, "lstm") || !strings.Contains(out, "db") {
		t.Errorf("it prints\n%s", out)
	}
	imported := filepath.Join("other", "cpu", "_shared.ckpt")
	a, b := network(t, shared), network(t, imported)
	if !slices.Equal(a.Network().Weights, b.Network().Weights) || b.Epochs() != a.Epochs() {
		t.Error("it is another network")
	}
	c, err := loader.ReadFile(imported)
	if err != nil || len(c.Provenance.Scores) != 3 || !strings.Contains(c.Provenance.Summary, "trained elsewhere") || len(c.Provenance.Containers) != 2 {
		t.Errorf("provenance %+v, %v", c.Provenance, err)
	}
	// Named or not, the file is known by what is in it.
	if err := os.Rename("cpu.safetensors", "cpu.bin"); err != nil {
		t.Fatal(err)
	}
	s.ok("checkpoint", "import", "cpu.bin", "--data", "m.csv", "--store", "tuned", "--scope", "finetune", "--train-further")
	if tuned := network(t, filepath.Join("tuned", "cpu", "web.ckpt")); slices.Equal(tuned.Network().Weights, b.Network().Weights) {
		t.Error("trained further, it is the same network")
	}
	s.ok("checkpoint", "import", "cpu.bin", "--data", "m.csv", "--store", "one", "--container", "web")
	network(t, filepath.Join("one", "cpu", "web.ckpt"))
	var rows []forecastJSON
	if err := json.Unmarshal([]byte(s.ok("predict", "--data", "m.csv", "--metric", "cpu", "--store", "other", "--json")), &rows); err != nil {
		t.Fatal(err)
	}
	if len(rows) != 2 || rows[0].Horizons[0].Model != "lstm" {
		t.Errorf("forecasts %+v", rows)
	}

	s.write("memory.yaml", "metric_name: memory\n")
	s.write("far.yaml", "metric_name: cpu\ndata: {prediction_horizons: [10m]}\n")
	s.write("empty.safetensors", "{}")
	s.write("minute.csv", head+waves("web", 60, 864))
	for line, text := range map[string]string{
		"import cpu.bin":                                           "--data is missing",
		"import cpu.bin --data m.csv --step 5m":                    "--step is for models of Prophet",
		"import cpu.bin --data m.csv --metric memory":              "--metric is memory, and cpu.bin forecasts cpu",
		"import cpu.bin --data m.csv --config far.yaml":            "and the configuration asks for cpu [600] s ahead",
		"import memory.yaml --metric cpu --data m.csv":             "--data is for networks of PyTorch",
		"import cpu.bin --data m.csv --scope all":                  "scope",
		"export " + shared:                                         "--out is missing",
		"export " + shared + " -o cpu":                             "does not end in .safetensors or .onnx",
		"export " + shared + " -o cpu.onnx --format torchscript":   `--format is "torchscript"`,
		"export -o cpu.onnx":                                       "name the checkpoint",
		"import cpu.bin --data m.csv --config memory.yaml --quiet": "memory.yaml is for metric memory, not cpu",
	} {
		s.fails(exitUsage, text, append([]string{"checkpoint"}, strings.Fields(line)...)...)
	}
	s.fails(exitData, "empty.safetensors: not a valid safetensors file", "checkpoint", "import", "empty.safetensors", "--data", "m.csv")
	s.fails(exitData, "minute.csv: no container has a value every 300 s (there are 1 container with a value every 60 s)", "checkpoint", "import", "cpu.bin", "--data", "minute.csv")
	s.fails(exitCheckpoint, "cpu.yaml", "checkpoint", "export", "cpu.yaml", "-o", "x.onnx")
	s.ok("train", "--data", "m.csv", "--metric", "memory")
	s.fails(exitData, "its model is no LSTM but auto", "checkpoint", "export", filepath.Join("checkpoints", "memory", "web.ckpt"), "-o", "x.onnx")
	s.write("part.csv", head+waves("web", 300, 800))
	if _, text, _ := s.run("checkpoint", "import", "cpu.bin", "--data", "part.csv", "--store", "part"); !strings.Contains(text, "was trained on other data") {
		t.Errorf("judged by other data, it prints\n%s", text)
	}
}

// TestOthersAreRead: the columns that a network reads beside its metric are
// read, whichever metrics are asked for.
func TestOthersAreRead(t *testing.T) {
	s := newSession(t)
	s.twoContainers()
	s.write("cpu.yaml", smallLSTM)
	s.ok("train", "--data", "m.csv", "--config", "cpu.yaml", "--metric", "cpu")
	if others := network(t, filepath.Join("checkpoints", "cpu", "_shared.ckpt")).Others(); !slices.Equal(others, []string{"memory"}) {
		t.Fatalf("the network reads %v beside cpu", others)
	}
	one := s.ok("predict", "--data", "m.csv", "--metric", "cpu", "--csv")
	for _, line := range strings.Split(strings.TrimSpace(one), "\n") {
		if all := s.ok("predict", "--data", "m.csv", "--csv"); !strings.Contains(all, line) {
			t.Errorf("with all metrics the forecast is not %s", line)
		}
	}
}

// runPy trains on a file of windows in PyTorch and returns what it prints.
func runPy(t *testing.T, python, windows, out string, more ...string) string {
	t.Helper()
	script := filepath.Join(top, "infra", "torch", "train.py")
	text, err := exec.Command(python, append([]string{script, windows, "-o", out, "--device", "cpu", "--threads", "1"}, more...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return string(text)
}

// trainPy is runPy for the best validation loss.
func trainPy(t *testing.T, python, windows, out string) float64 {
	t.Helper()
	text := runPy(t, python, windows, out)
	found := regexp.MustCompile(`best after \d+ epochs, validation loss ([0-9.e-]+)`).FindStringSubmatch(text)
	if found == nil {
		t.Fatalf("it prints\n%s", text)
	}
	loss, err := strconv.ParseFloat(found[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return loss
}

// top is the module's folder, found before a session leaves it.
var top, _ = filepath.Abs(filepath.Join("..", ".."))

// TestPyTorch: from metrics to windows, a training in PyTorch, a checkpoint and
// a forecast. The loss is what PyTorch says, and about that of a training here.
func TestPyTorch(t *testing.T) {
	python := testkit.Python(t, "torch")
	s := newSession(t)
	s.twoContainers()
	s.write("cpu.yaml", smallLSTM)
	s.ok("windows", "--data", "m.csv", "--config", "cpu.yaml", "-o", "cpu.windows")
	theirs := trainPy(t, python, "cpu.windows", "cpu.safetensors")
	if again := trainPy(t, python, "cpu.windows", "again.safetensors"); again != theirs {
		t.Errorf("with the same seed, the loss is %v and then %v", theirs, again)
	}
	c, err := config.Load("cpu.yaml")
	if err != nil {
		t.Fatal(err)
	}
	d := s.draw(c)
	m, err := torch.Open("cpu.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	if got := d.Windows.Loss(m.Fitted); !(math.Abs(got-theirs) < 2e-3*theirs) { // its weights are rounded
		t.Errorf("the loss of the held windows is %v, and PyTorch's %v", got, theirs)
	}
	fitted, _, err := d.Model.Fit(parts(s.frames(), c), d.Task, forecast.Options{Seed: c.Training.Seed})
	if err != nil {
		t.Fatal(err)
	}
	here := d.Windows.Loss(fitted.(*lstm.Fitted))
	if !(math.Abs(here-theirs) < 0.1*here) {
		t.Errorf("PyTorch's training comes to %v, and that here to %v", theirs, here)
	}
	s.ok("checkpoint", "import", "cpu.safetensors", "--data", "m.csv")
	out := s.ok("predict", "--data", "m.csv", "--metric", "cpu")
	if strings.Count(out, "lstm") != 6 {
		t.Errorf("forecasts\n%s", out)
	}
	// Without the epochs that it trains, it goes through those that are there.
	s.ok("windows", "--data", "m.csv", "--config", "cpu.yaml", "--epochs", "1", "-o", "one.windows")
	if one := trainPy(t, python, "one.windows", "one.safetensors"); !(math.Abs(one-theirs) < 0.1*theirs) {
		t.Errorf("of the windows of one epoch it comes to %v, of five to %v", one, theirs)
	}
}

// draw returns what the windows of m.csv are drawn from.
func (s *session) draw(c *config.Config) *fleet.Drawing {
	s.t.Helper()
	var jobs []fleet.Job
	frames := s.frames()
	for i := range frames {
		jobs = append(jobs, fleet.Job{Frame: &frames[i], Config: c})
	}
	d, err := fleet.Draw(jobs)
	if err != nil {
		s.t.Fatal(err)
	}
	return d
}

// parts are the parts of the histories that a model is fitted to.
func parts(frames []series.Frame, c *config.Config) []series.Frame {
	var out []series.Frame
	for i := range frames {
		split := series.SplitShares(frames[i].Len(), 1-c.Data.TrainSplit, 0).Train
		out = append(out, frames[i].Slice(split.From, split.To))
	}
	return out
}

// TestOnnxForecast: from the latest windows, through onnxruntime, to the
// network's forecast.
func TestOnnxForecast(t *testing.T) {
	python := testkit.Python(t, "onnxruntime", "safetensors")
	s := newSession(t)
	s.twoContainers()
	s.write("cpu.yaml", smallLSTM)
	s.ok("train", "--data", "m.csv", "--config", "cpu.yaml")
	shared := filepath.Join("checkpoints", "cpu", "_shared.ckpt")
	s.ok("checkpoint", "export", shared, "-o", "cpu.onnx")
	s.ok("windows", "--data", "m.csv", "--latest", shared, "-o", "now.safetensors")
	readme, err := os.ReadFile(filepath.Join(top, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, script, ok := strings.Cut(string(readme), "```python\n")
	script, _, ok2 := strings.Cut(script, "```")
	if !ok || !ok2 {
		t.Fatal("README.md has no Python")
	}
	script += `
import json
print(json.dumps(forecast.tolist()))
`
	text, err := exec.Command(python, "-c", script).Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	var got [][][]float64 // container, horizon, level
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	m := network(t, shared)
	for i, f := range s.frames() {
		var dst forecast.Forecast
		w := forecast.WindowOf(&f, m.Spec().Needs)
		if err := m.Forecast(&dst, &w); err != nil {
			t.Fatal(err)
		}
		for k, h := range dst.At {
			for j, want := range h.Quantiles {
				if x := m.Spec().Bounds.Clamp(got[i][k][j]); !(math.Abs(x-want) < 1e-5*math.Abs(want)) {
					t.Errorf("%s, horizon %d, level %d: onnxruntime's forecast is %v, and ours %v", f.Container, k, j, x, want)
				}
			}
		}
	}
}

// TestSameTraining: from the same weights, PyTorch's training goes the way of
// that here: the same windows, loss, clipping, optimiser and schedule give, epoch
// by epoch, the same validation loss.
func TestSameTraining(t *testing.T) {
	python := testkit.Python(t, "torch")
	s := newSession(t)
	s.twoContainers()
	// Rounding grows with every step, and with the rate.
	s.write("cpu.yaml", strings.Replace(smallLSTM, "0.004", "0.001", 1))
	s.ok("windows", "--data", "m.csv", "--config", "cpu.yaml", "-o", "cpu.windows")
	c, err := config.Load("cpu.yaml")
	if err != nil {
		t.Fatal(err)
	}
	d := s.draw(c)
	net := lstmnet.New(d.Windows.Shape())
	net.Initialise(c.Training.Seed, d.Task.Levels) // as Fit does
	if err := torch.Save("begin.safetensors", &torch.Model{Fitted: lstm.New(d.Task, d.Windows.Others(), net)}); err != nil {
		t.Fatal(err)
	}
	text := runPy(t, python, "cpu.windows", "cpu.safetensors", "--from", "begin.safetensors")
	var here []float64
	_, _, err = d.Model.Fit(parts(s.frames(), c), d.Task, forecast.Options{Seed: c.Training.Seed, Progress: func(e forecast.Event) {
		if e.Stage == "epoch" {
			here = append(here, e.Loss)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	there := regexp.MustCompile(`(?m)^epoch .* validation loss ([0-9.e-]+),`).FindAllStringSubmatch(text, -1)
	if len(here) != 5 || len(there) != 5 {
		t.Fatalf("%d epochs here, and of PyTorch\n%s", len(here), text)
	}
	for i, want := range here {
		got, _ := strconv.ParseFloat(there[i][1], 64)
		if limit := 1e-4 * float64(i+1); !(math.Abs(got-want) < limit*want) {
			t.Errorf("after epoch %d the loss is %v, and PyTorch's %v", i+1, want, got)
		}
	}
}

// TestTrainPyErrors: what a user reads of train.py.
func TestTrainPyErrors(t *testing.T) {
	python := testkit.Python(t, "torch")
	s := newSession(t)
	s.twoContainers()
	s.write("cpu.yaml", smallLSTM)
	s.ok("windows", "--data", "m.csv", "--config", "cpu.yaml", "--epochs", "1", "-o", "cpu.windows")
	s.ok("train", "--data", "m.csv", "--metric", "cpu", "--model", "lstm", "--config", "cpu.yaml")
	s.ok("windows", "--data", "m.csv", "--latest", filepath.Join("checkpoints", "cpu", "_shared.ckpt"), "-o", "now")
	cases := [][2]string{
		{"m.csv -o x", "train.py: m.csv: is no file of `foretide windows`"},
		{"now -o x", "train.py: now: is no file of `foretide windows` (KeyError: 'foretide.training')"},
		{"none -o x", "No such file"},
		{"cpu.windows -o none/x --epochs 1", "train.py: [Errno 2] No such file or directory: 'none/x"},
		{"cpu.windows -o x --from m.csv", "train.py: m.csv: is no file with a network"},
		{"cpu.windows -o x --from now", "train.py: now: Error(s) in loading state_dict"},
		{"cpu.windows", "required: -o/--out"},
	}
	const script = `
import json, sys
sys.path.insert(0, sys.argv[1])
import train
for line in json.loads(sys.argv[2]):
    sys.argv[1:] = line[0].split()
    try:
        train.main()
    except SystemExit as e:
        print(e, file=sys.stderr)
    print("=====", file=sys.stderr)
`
	lines, err := json.Marshal(cases)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "-c", script, filepath.Join(top, "infra", "torch"), string(lines))
	var text strings.Builder
	cmd.Stderr = &text
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, text.String())
	}
	parts := strings.Split(text.String(), "=====\n")
	for i, c := range cases {
		if !strings.Contains(parts[i], c[1]) {
			t.Errorf("train.py %s prints\n%s\nwithout %s", c[0], parts[i], c[1])
		}
	}
	if all, _ := filepath.Glob("x*"); len(all) != 0 {
		t.Errorf("it left %v", all)
	}
}
