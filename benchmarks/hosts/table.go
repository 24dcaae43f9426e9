//go:build !wasip1

package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/foretide/foretide/core/kernel"
)

// tables returns what was measured as Markdown.
func tables(s *settings, dir string, results []result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s\n", machine(s))
	t := table{results: results}
	t.write(&b, "A forecast once it is under way, µs: the fastest of many batches", families, func(r *result) float64 { return r.SteadyUS })
	t.write(&b, "The same, µs of processor: the median of the batches, with what other threads of the process do", families, func(r *result) float64 { return r.SpentUS })
	t.write(&b, "From the start of a process to its first forecast, ms", families, func(r *result) float64 { return r.ColdMS })
	t.write(&b, "Of that, from the module's bytes to an instance, ms", families, func(r *result) float64 { return r.CompileMS })
	t.write(&b, "Of that, reading a checkpoint and the window, and the first forecast, ms", families, func(r *result) float64 { return r.FirstMS })
	t.write(&b, "Memory of the module's instance, MB", families, func(r *result) float64 { return float64(r.Instance) / 1e6 })
	t.write(&b, "The most memory of the process, MB", families, func(r *result) float64 { return float64(r.Process) / 1e6 })
	t.beside(&b)
	sizes(&b, s, dir)
	return b.String()
}

// machine says what it was measured on, and how busy that was.
func machine(s *settings) string {
	name := "an unknown processor"
	if b, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if m := regexp.MustCompile(`model name\s*: (.*)`).FindSubmatch(b); m != nil {
			name = string(m[1])
		}
	}
	load := ""
	if b, err := os.ReadFile("/proc/loadavg"); err == nil {
		load = ", load " + strings.Fields(string(b))[0]
	}
	programs := []string{runtime.Version(), "wazero " + dependency("github.com/tetratelabs/wazero")}
	for _, c := range [][]string{
		{"node", "--version"}, {"chromium", "--version"}, {s.python, "--version"}, {"rustc", "--version"},
		{s.python, "-c", "from importlib.metadata import version; print('wasmtime', version('wasmtime'))"},
		{s.python, "-c", "from importlib.metadata import version; print('onnxruntime', version('onnxruntime'))"},
	} {
		if out, err := exec.Command(c[0], c[1:]...).Output(); err == nil {
			v, _, _ := strings.Cut(strings.TrimSpace(string(out)), "(")
			v, _, _ = strings.Cut(v, " built on")
			if c[0] == "node" {
				v = "Node.js " + v
			}
			programs = append(programs, strings.TrimSpace(v))
		}
	}
	for _, p := range []string{"onnxruntime-web", "@bsull/augurs"} {
		if b, err := os.ReadFile(filepath.Join(s.npm, "node_modules", p, "package.json")); err == nil {
			if m := regexp.MustCompile(`"version": "(.*)"`).FindSubmatch(b); m != nil {
				programs = append(programs, p+" "+string(m[1]))
			}
		}
	}
	return fmt.Sprintf("%s, %d cores%s, %s; native kernels %s; %s.", name, runtime.NumCPU(), load,
		time.Now().Format("2 January 2006"), kernel.Implementation(), strings.Join(programs, ", "))
}

func dependency(path string) string {
	info, _ := debug.ReadBuildInfo()
	for _, d := range info.Deps {
		if d.Path == path {
			return d.Version
		}
	}
	return "?"
}

type table struct{ results []result }

func (t *table) find(host, model string) *result {
	for i := range t.results {
		if r := &t.results[i]; r.Host == host && r.Model == model {
			return r
		}
	}
	return nil
}

// write writes a number of all hosts that have it.
func (t *table) write(b *strings.Builder, title string, models []string, of func(*result) float64) {
	fmt.Fprintf(b, "\n**%s**\n\n| | %s |\n|---|%s\n", title, strings.Join(models, " | "), strings.Repeat("--:|", len(models)))
	seen := map[string]bool{}
	for _, r := range t.results {
		if seen[r.Host] || t.find(r.Host, "arima") == nil {
			continue
		}
		seen[r.Host] = true
		line, any := "| "+r.Host, false
		for _, m := range models {
			cell := "–"
			if r := t.find(r.Host, m); r != nil && of(r) > 0 {
				cell, any = digits(of(r)), true
			}
			line += " | " + cell
		}
		if any {
			b.WriteString(line + " |\n")
		}
	}
}

// digits gives a number with three digits that count.
func digits(x float64) string {
	switch {
	case x >= 100:
		return fmt.Sprintf("%.0f", x)
	case x >= 10:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.2f", x)
}

// beside writes the LSTM beside onnxruntime, and our models beside augurs'.
func (t *table) beside(b *strings.Builder) {
	if other := t.find("onnxruntime-web", "lstm"); other != nil {
		fmt.Fprintf(b, "\n**The LSTM beside onnxruntime-web, one thread, in Node.js**\n\n| | µs | times as fast | µs of processor | times as fast | start to first, ms | most memory, MB |\n|---|--:|--:|--:|--:|--:|--:|\n")
		for _, row := range []struct{ host, text string }{
			{"onnxruntime-web", "onnxruntime-web: the network"},
			{"the network alone", "Foretide: the network"},
			{"Node.js", "Foretide: all of a forecast"},
			{"onnxruntime (Python)", "onnxruntime, native: the network"},
			{"native", "Foretide, native: all of a forecast"},
		} {
			if r := t.find(row.host, "lstm"); r != nil {
				fmt.Fprintf(b, "| %s | %s | %.2f | %s | %.2f | %s | %s |\n", row.text, digits(r.SteadyUS), other.SteadyUS/r.SteadyUS,
					digits(r.SpentUS), other.SpentUS/r.SpentUS, digits(r.ColdMS), digits(float64(r.Process)/1e6))
			}
		}
	}
	if t.find("augurs", "ets") == nil {
		return
	}
	fmt.Fprintf(b, "\n**Beside augurs, in Node.js**\n\n| | µs | start to first, ms | most memory, MB |\n|---|--:|--:|--:|\n")
	for _, row := range []struct{ host, model, text string }{
		{"Node.js", "arima", "Foretide, ARIMA: a new window"},
		{"augurs", "ets", "augurs, AutoETS without season: a fit and a forecast"},
		{"augurs", "mstl", "augurs, MSTL with ETS: a fit and a forecast"},
		{"Node.js", "prophet", "Foretide, Prophet: a new window"},
		{"augurs", "prophet", "augurs, Prophet: a fit and a forecast"},
	} {
		if r := t.find(row.host, row.model); r != nil {
			fmt.Fprintf(b, "| %s | %s | %s | %s |\n", row.text, digits(r.SteadyUS), digits(r.ColdMS), digits(float64(r.Process)/1e6))
		}
	}
}

// sizes writes what a page has to load.
func sizes(b *strings.Builder, s *settings, dir string) {
	packages := filepath.Join(s.npm, "node_modules")
	const js = "wasm/hosts/js/src/"
	fmt.Fprintf(b, "\n**What has to be downloaded, KB**\n\n| | raw | gzipped |\n|---|--:|--:|\n")
	for _, row := range []struct {
		text  string
		files []string
	}{
		{"Foretide: module and host", []string{filepath.Join(dir, "foretide.wasm"), js + "index.js", js + "module.js", js + "bytes.js", js + "error.js", js + "system.js"}},
		{"its LSTM as a checkpoint", []string{filepath.Join(dir, "lstm.ckpt")}},
		{"its ARIMA, Prophet and auto", []string{filepath.Join(dir, "arima.ckpt"), filepath.Join(dir, "prophet.ckpt"), filepath.Join(dir, "auto.ckpt")}},
		{"onnxruntime-web: module and host", []string{packages + "/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm", packages + "/onnxruntime-web/dist/ort-wasm-simd-threaded.mjs", packages + "/onnxruntime-web/dist/ort.wasm.min.mjs"}},
		{"its LSTM as ONNX", []string{filepath.Join(dir, "lstm.onnx")}},
		{"augurs: Prophet", []string{packages + "/@bsull/augurs/prophet_bg.wasm", packages + "/@bsull/augurs/prophet.js", packages + "/@bsull/augurs-prophet-wasmstan/prophet-wasmstan.core.wasm"}},
		{"augurs: ETS and MSTL", []string{packages + "/@bsull/augurs/mstl_bg.wasm", packages + "/@bsull/augurs/mstl.js"}},
	} {
		raw, packed := 0, 0
		for _, f := range row.files {
			data, err := os.ReadFile(f)
			if err != nil {
				raw = 0
				break
			}
			raw += len(data)
			packed += gzipped(data)
		}
		if raw > 0 {
			fmt.Fprintf(b, "| %s | %d | %d |\n", row.text, raw/1000, packed/1000)
		}
	}
	b.WriteString("\n")
}

func gzipped(data []byte) int {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
	w.Write(data)
	w.Close()
	return b.Len()
}
