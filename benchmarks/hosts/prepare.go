//go:build !wasip1

package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"github.com/goccy/go-json"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/lstm"
	"github.com/foretide/foretide/core/lstm/network"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/infra/torch"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/wasm"
)

// families are the models: those of the interface's test vectors, fitted to real
// data, and an LSTM of another size.
var families = []string{"arima", "prophet", "lstm", "auto"}

// A window is what all forecast from.
type window struct {
	Container string               `json:"container"`
	Start     int64                `json:"start"`
	Step      int64                `json:"step"`
	Metrics   map[string][]float64 `json:"metrics"`
}

const (
	container = "ccc/cluster28"
	step      = 300
	cells     = 8 * 86400 / step
)

// prepare writes what the hosts read: checkpoints, the module, the window as JSON and
// as CSV, the LSTM as ONNX.
func prepare(dir string) error {
	for _, f := range families {
		if f == "lstm" {
			continue
		}
		b, err := os.ReadFile(filepath.Join("wasm", "testdata", f+".ckpt"))
		if err != nil {
			return fmt.Errorf("%w (it is to be run from the repository's root)", err)
		}
		if err := os.WriteFile(filepath.Join(dir, f+".ckpt"), b, 0o600); err != nil {
			return err
		}
	}
	model := notesLSTM()
	graph, err := torch.EncodeONNX(model, "benchmark")
	if err != nil {
		return err
	}
	w := wave()
	text, err := json.Marshal(w)
	if err != nil {
		return err
	}
	for name, b := range map[string][]byte{
		"lstm.ckpt":     loader.NewCheckpoint(model, "", codec.Provenance{Version: "benchmark", Model: lstm.Name}).Append(nil),
		"lstm.onnx":     graph,
		"foretide.wasm": wasm.Module,
		"window.json":   text,
		"window.csv":    []byte(w.csv()),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// notesLSTM returns a network of two layers both ways, 128 units a direction, over
// 240 steps of 8 features, with random weights.
func notesLSTM() *lstm.Fitted {
	task := forecast.Task{Metric: series.CPU, Step: step, Horizons: []int64{300, 900, 1800},
		Levels: forecast.DefaultLevels(), Bounds: series.DefaultBounds(series.CPU)}
	others := []string{series.Memory}
	shape := lstm.Complete(network.Shape{Steps: 240, Hidden: 128, Layers: 2, Bidirectional: true}, &task, others)
	net := network.New(shape)
	net.Initialise(1, task.Levels)
	lstm.Round(net)
	return lstm.New(task, others, net)
}

// wave is eight days of a daily wave, with noise.
func wave() *window {
	w := &window{Container: container, Start: 1722470400, Step: step, Metrics: map[string][]float64{}}
	r := rand.New(rand.NewPCG(1, 2))
	for _, m := range []string{series.CPU, series.Memory} {
		v := make([]float64, cells)
		for i := range v {
			v[i] = math.Round(1e3*(100+40*math.Sin(float64(i)/288*2*math.Pi)+5*r.NormFloat64())) / 1e3
		}
		w.Metrics[m] = v
	}
	return w
}

func (w *window) frame() series.Frame {
	f := series.Frame{Container: w.Container, Start: w.Start, Step: w.Step}
	for _, m := range []string{series.CPU, series.Memory} {
		f.Metrics = append(f.Metrics, m)
		f.Columns = append(f.Columns, w.Metrics[m])
	}
	return f
}

func (w *window) csv() string {
	var b strings.Builder
	b.WriteString("timestamp,container,cpu,memory\n")
	for i, v := range w.Metrics[series.CPU] {
		fmt.Fprintf(&b, "%d,%s,%g,%g\n", w.Start+int64(i)*w.Step, w.Container, v, w.Metrics[series.Memory][i])
	}
	return b.String()
}
