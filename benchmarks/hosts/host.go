//go:build !wasip1

package main

import (
	"bufio"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// A result is what was measured of a host and a model.
type result struct {
	Host  string `json:"host"`
	Model string `json:"model"`
	report
	ColdMS float64 `json:"cold_ms"` // from the start of the process to the end of the first forecast
}

// A host is a place in which models forecast. Its commands print reports.
type host struct {
	name   string
	models []string
	// command returns a process for a model; Dir and arguments are set.
	command func(model string) (*exec.Cmd, error)
	// within: the process says itself how long it took to the first forecast.
	within bool
	// single: one line is all that it says.
	single bool
}

// run measures all models of a host.
func (h *host) run(s *settings) ([]result, error) {
	var out []result
	for _, m := range h.models {
		best := result{Host: h.name, Model: m, ColdMS: math.Inf(1)}
		for i := range s.starts {
			cmd, err := h.command(m)
			if err != nil {
				return nil, err
			}
			cold, r, err := h.start(cmd, i == s.starts-1)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", m, err)
			}
			if h.within {
				cold = r.CompileMS + r.FirstMS
			}
			if cold < best.ColdMS {
				best.ColdMS, best.first = cold, r.first
			}
			if best.later = r.later; h.single {
				break
			}
		}
		fmt.Fprintf(os.Stderr, "%s, %s: %.1f µs\n", h.name, m, best.SteadyUS)
		out = append(out, best)
	}
	return out, nil
}

// start runs a process, to its end or to its first report, and returns the
// milliseconds to that.
func (h *host) start(cmd *exec.Cmd, whole bool) (cold float64, r report, err error) {
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, r, err
	}
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, r, err
	}
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	n := 0
	for lines.Scan() {
		if n++; n == 1 {
			cold = ms(time.Since(begin))
		}
		if err = r.read(lines.Bytes()); err != nil {
			err = fmt.Errorf("%w: %s", err, lines.Bytes())
			break
		}
		if !whole && !h.single {
			break
		}
	}
	if err != nil || !whole && !h.single {
		cmd.Process.Kill() // it was started for its first report alone
		cmd.Wait()
		return cold, r, err
	}
	if err := cmd.Wait(); err != nil {
		return 0, r, err
	}
	if n == 0 {
		return 0, r, errors.New("it said nothing")
	}
	return cold, r, nil
}

// hosts returns all of them. Ours are measured first.
func hosts(s *settings, dir string) []host {
	here, seconds := filepath.Join("benchmarks", "hosts"), fmt.Sprint(s.Seconds)
	self := func(way string) func(string) (*exec.Cmd, error) {
		return func(model string) (*exec.Cmd, error) {
			path, err := os.Executable()
			return exec.Command(path, "-child", way, "-seconds", seconds, dir, model), err
		}
	}
	script := func(program, file string) func(string) (*exec.Cmd, error) {
		return func(model string) (*exec.Cmd, error) {
			cmd := exec.Command(program, filepath.Join(here, file), dir, model, seconds)
			cmd.Env = append(os.Environ(), "FORETIDE_NPM="+s.npm, "PYTHONPATH="+filepath.Join("wasm", "hosts", "python", "src"))
			return cmd, nil
		}
	}
	return []host{
		{name: "native", models: families, command: self("native")},
		{name: "wazero", models: families, command: self("wazero")},
		{name: "wazero (cached)", models: families, command: self("cached")},
		{name: "wazero (interpreter)", models: families, command: self("interpreter")},
		{name: "Node.js", models: families, command: script("node", "node.mjs")},
		{name: "Chromium", models: families, command: script("node", "chromium.mjs"), within: true},
		{name: "Python (wasmtime)", models: families, command: script(s.python, "host.py")},
		{name: "Rust (wasmtime)", models: families, command: rust(s, dir), within: true, single: true},
		{name: "onnxruntime-web", models: []string{"lstm"}, command: script("node", "ort.mjs")},
		{name: "onnxruntime (Python)", models: []string{"lstm"}, command: script(s.python, "ort.py")},
		{name: "the network alone", models: []string{"lstm"}, command: alone(dir, seconds)},
		{name: "augurs", models: []string{"ets", "mstl", "prophet"}, command: script("node", "augurs.mjs")},
	}
}

// rust returns the command of the example of the Rust host, which it builds first.
func rust(s *settings, dir string) func(string) (*exec.Cmd, error) {
	return func(model string) (*exec.Cmd, error) {
		crate := filepath.Join("wasm", "hosts", "rust")
		build := exec.Command("cargo", "build", "--quiet", "--release", "--example", "bench")
		build.Dir, build.Stderr = crate, os.Stderr
		if err := build.Run(); err != nil {
			return nil, err
		}
		target := os.Getenv("CARGO_TARGET_DIR")
		if target == "" {
			target = filepath.Join(crate, "target")
		}
		return exec.Command(filepath.Join(target, "release", "examples", "bench"), "--container", container,
			"--seconds", fmt.Sprint(s.Seconds), filepath.Join(dir, "window.csv"), filepath.Join(dir, model+".ckpt")), nil
	}
}

// alone returns the command of the LSTM without what is around it, in Node.js.
func alone(dir, seconds string) func(string) (*exec.Cmd, error) {
	return func(string) (*exec.Cmd, error) {
		module := filepath.Join(dir, "alone.wasm")
		if _, err := os.Stat(module); err != nil {
			if err := buildAlone(dir, module); err != nil {
				return nil, err
			}
		}
		return exec.Command("node", filepath.Join("benchmarks", "hosts", "alone.mjs"), module, seconds), nil
	}
}

// buildAlone builds guest.go with the SIMD kernels.
func buildAlone(dir, module string) error {
	plain := filepath.Join(dir, "alone.go.wasm")
	build := exec.Command("go", "build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w", "-tags=wasmsimd", "-o", plain, "./benchmarks/hosts")
	build.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w: %s", err, out)
	}
	if out, err := exec.Command("go", "run", "./wasm/build", "-join", plain, module).CombinedOutput(); err != nil {
		return fmt.Errorf("wasm/build -join: %w: %s", err, out)
	}
	return nil
}

// compare fails where a host's forecast is not the native one, within the
// tolerances that are promised, or not that of wazero to the last bit.
func compare(results []result) error {
	reference := map[string]map[string][]float64{"native": {}, "wazero": {}}
	for _, r := range results {
		if reference[r.Host] != nil {
			reference[r.Host][r.Model] = r.Values
		}
	}
	for _, r := range results {
		want := reference["native"][r.Model]
		if r.Values == nil || want == nil {
			continue
		}
		tolerance := 1e-9
		if r.Model == "lstm" || r.Model == "auto" {
			tolerance = 1e-5
		}
		bits := reference["wazero"][r.Model]
		for i, v := range r.Values {
			if len(r.Values) != len(want) || math.Abs(v-want[i]) > tolerance*math.Abs(want[i]) {
				return fmt.Errorf("%s, %s: quantiles %v, natively %v", r.Host, r.Model, r.Values, want)
			}
			if r.Host != "native" && bits != nil && v != bits[i] {
				return fmt.Errorf("%s, %s: quantile %d is %v, under wazero %v", r.Host, r.Model, i, v, bits[i])
			}
		}
	}
	return nil
}
