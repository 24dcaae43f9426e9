package sagemaker

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/internal/testkit"
	"github.com/foretide/foretide/loader"
)

// script is the folder that deploy.py makes for script mode: the script, the
// trainer and the program.
func script(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for to, from := range map[string]string{"train.py": "train.py", "trainer.py": "../torch/train.py"} {
		b, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(dir, to), string(b))
	}
	if out, err := exec.Command("go", "build", "-o", filepath.Join(dir, "foretide"), "../../cmd/foretide").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	// As an archive without modes would leave it.
	if err := os.Chmod(filepath.Join(dir, "foretide"), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestScript: in the environment of script mode train.py leaves a checkpoint that
// PyTorch has trained, prints what SageMaker looks for, and when it is stopped
// leaves the best so far.
func TestScript(t *testing.T) {
	t.Parallel()
	python := testkit.Python(t, "torch")
	code, data := script(t), t.TempDir()
	var b strings.Builder
	b.WriteString("timestamp,container,cpu,memory\n")
	for i := range 700 {
		for k, c := range []string{"web", "db"} {
			v := 2 + math.Sin(float64(i)/20+float64(k)) + math.Sin(float64(i*i%97))/5
			fmt.Fprintf(&b, "%d,%s,%.6f,%.0f\n", 1722470400+300*i, c, v, 1e8*v)
		}
	}
	put(t, filepath.Join(data, "metrics.csv"), b.String())
	start := func(model string, args ...string) (*exec.Cmd, *bytes.Buffer) {
		cmd := exec.Command(python, append([]string{filepath.Join(code, "train.py")}, args...)...)
		cmd.Env = append(os.Environ(), "SM_CHANNEL_TRAIN="+data, "SM_MODEL_DIR="+model, "SM_HOSTS=[\"algo-1\"]", "SM_CURRENT_HOST=algo-1", "SM_NUM_GPUS=0", "FORETIDE=", "OMP_NUM_THREADS=1")
		errOut := &bytes.Buffer{}
		cmd.Stderr = errOut
		return cmd, errOut
	}
	small := []string{"--metric", "cpu", "--model-type", "lstm", "--epochs", "2", "--epoch_windows", "512", "--hidden-size", "8", "--training.head_size=8", "--window_size", "8",
		"--horizons", "5m,15m", "--model_dir", "s3://bucket/job/model", "--sagemaker_job_name", "x"}

	model := filepath.Join(t.TempDir(), "model")
	cmd, errOut := start(model, small...)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s%s", err, out, errOut)
	}
	c := checkpoint(t, filepath.Join(model, "cpu", "_shared.ckpt"))
	if c.Provenance.Model != "lstm" || !strings.Contains(c.Provenance.Summary, "trained elsewhere") || len(c.Horizons) != 2 {
		t.Errorf("the checkpoint is %+v", c.Provenance)
	}
	if left, _ := filepath.Glob(filepath.Join(model, ".*")); len(left) > 0 {
		t.Errorf("the model has %v", left)
	}
	var definitions []struct{ Name, Regex string }
	if err := json.Unmarshal(MetricDefinitions, &definitions); err != nil {
		t.Fatal(err)
	}
	for _, d := range definitions {
		if !regexp.MustCompile(d.Regex).Match(out) {
			t.Errorf("%s finds nothing in\n%s", d.Name, out)
		}
	}

	// Another family trains in Go.
	linear := filepath.Join(t.TempDir(), "model")
	if cmd, errOut = start(linear, "--metric", "cpu", "--model-type", "linear"); cmd.Run() != nil {
		t.Fatal(errOut)
	}
	checkpoint(t, filepath.Join(linear, "cpu", "web.ckpt"))

	stopped := filepath.Join(t.TempDir(), "model")
	cmd, errOut = start(stopped, append(small, "--epochs", "4000", "--patience", "4000")...)
	pipe, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	printed := ""
	for lines := bufio.NewScanner(pipe); lines.Scan(); {
		printed += lines.Text() + "\n"
		if strings.HasPrefix(lines.Text(), "epoch 2 of at most 4000") {
			_ = cmd.Process.Signal(syscall.SIGTERM)
		}
	}
	_ = cmd.Wait() // its exit code is looked at
	if code := cmd.ProcessState.ExitCode(); code != 143 || !strings.Contains(printed, "summary: validation ratio") {
		t.Fatalf("exit code %d\n%s%s", code, printed, errOut)
	}
	checkpoint(t, filepath.Join(stopped, "cpu", "_shared.ckpt"))

	cmd, errOut = start(filepath.Join(t.TempDir(), "model"), "--epoch", "3")
	if err := cmd.Run(); err == nil || !strings.Contains(errOut.String(), "no hyperparameter 'epoch'") {
		t.Errorf("an unknown hyperparameter: %v\n%s", err, errOut)
	}
}

func checkpoint(t *testing.T, path string) *codec.Checkpoint {
	t.Helper()
	c, err := loader.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
