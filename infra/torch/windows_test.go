package torch

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/kernel"
	"github.com/foretide/foretide/core/lstm/fit"
	"github.com/foretide/foretide/core/lstm/network"
	"github.com/foretide/foretide/core/series"
)

// frames are two containers, one with holes and a metric more.
func frames() []series.Frame {
	wave := func(n int, unit float64) []float64 {
		v := make([]float64, n)
		for i := range v {
			v[i] = unit * (3 + math.Sin(2*math.Pi*float64(i)/288) + 0.3*math.Sin(float64(i*i)))
			if i%17 == 5 {
				v[i] = math.NaN()
			}
		}
		return v
	}
	a := series.FrameOf("a", "cpu", series.Series{Start: 86400 * 19000, Step: 300, Values: wave(900, 1)})
	b := series.Frame{Container: "b", Start: 86400 * 19001, Step: 300, Metrics: []string{"cpu", "memory"},
		Columns: [][]float64{wave(700, 1000), wave(700, 1e6)}}
	return []series.Frame{a, b}
}

func source(t *testing.T) *Source {
	t.Helper()
	c := fit.Defaults()
	c.Layers, c.Steps, c.Hidden, c.Width, c.Windows, c.Batch, c.HeldWindows = 2, 6, 5, 3, 100, 20, 50
	task := model(3, true).Spec().Task
	w, err := c.Prepare(frames(), task, 9)
	if err != nil {
		t.Fatal(err)
	}
	return &Source{Windows: w, Task: task, Model: c, Seed: 9, Epochs: 2, Config: "y", Data: "d"}
}

// forward computes the quantiles of rows of a file's part.
func forward(t *testing.T, f *tensorFile, part string, net *network.Network, rows int) []float64 {
	t.Helper()
	s := net.Shape()
	w := network.NewWorkspace(s, rows, false)
	for _, x := range []struct {
		name     string
		dst      []float32
		outer, n int
	}{{"input", w.Input, s.Steps, s.Inputs}, {"features", w.Features, s.Horizons, s.Features}, {"skip", w.Skip, s.Horizons, s.Skip}} {
		src := make([]float32, rows*x.outer*x.n)
		if err := f.FloatsAt(src, part+"."+x.name, 0); err != nil {
			t.Fatal(err)
		}
		place(x.dst, src, rows, x.outer, x.n)
	}
	net.Forward(w)
	out := make([]float64, rows*s.Horizons*s.Levels)
	for row := range rows {
		for k := range s.Horizons {
			w.Quantiles(out[(row*s.Horizons+k)*s.Levels:][:s.Levels], k, row)
		}
	}
	return out
}

// TestWindows: the file holds the windows in their order, without padding, and
// the loss of those that are held back is what core/lstm/fit computes.
func TestWindows(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "w")
	s := source(t)
	calls := 0
	s.Progress = func(done, total int) error { calls++; return nil }
	if err := SaveWindows(path, s); err != nil {
		t.Fatal(err)
	}
	f, err := openTensors(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	held := s.Windows.Held()
	if x, ok := f.Tensor("train.input"); !ok || !slices.Equal(x.Shape, []int{200, 6, 8}) {
		t.Errorf("train.input %+v", x)
	}
	if x, ok := f.Tensor("held.target"); !ok || !slices.Equal(x.Shape, []int{held, 2}) {
		t.Errorf("held.target %+v", x)
	}
	m := model(3, true)
	if m.Network().Shape() != s.Windows.Shape() {
		t.Fatal("the test's model is of another shape")
	}
	target, err1 := f.Floats("held.target")
	weight, err2 := f.Floats("held.weight")
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	weights := s.Model.WeightsOf(s.Task.Levels)
	sum, n := 0.0, 0
	for i, q := range forward(t, f, "held", m.Network(), held) {
		k := i / 3
		e, p := float64(target[k])-q, s.Task.Levels[i%3]
		sum += float64(weight[k]) * weights[i%3] * max(p*e, (p-1)*e)
		if i%3 == 0 && weight[k] > 0 {
			n++
		}
	}
	if got, want := sum/float64(n), s.Windows.Loss(m); !(math.Abs(got-want) < 1e-9) {
		t.Errorf("the loss is %v, and core/lstm/fit's %v", got, want)
	}
	// The second epoch's first window, and where the windows are from.
	var sample []float32
	var origin int64
	stop := errors.New("enough")
	_ = s.Windows.Epoch(1, func(r *fit.Row) error {
		for at := 0; at < len(r.Input); at += kernel.Padded(8) {
			sample = append(sample, r.Input[at:][:8]...)
		}
		origin = r.Origin
		return stop
	})
	got := make([]float32, len(sample))
	if err := f.FloatsAt(got, "train.input", 100*6*8); err != nil || !slices.Equal(got, sample) {
		t.Errorf("window 100 is %v, not %v, %v", got, sample, err)
	}
	origins, err := f.Ints("train.origin")
	containers, err2 := f.Ints("train.container")
	if err != nil || err2 != nil || origins[100] != origin || slices.Min(containers) != 0 || slices.Max(containers) != 1 ||
		f.Metadata[keySources] != `["a","b"]` {
		t.Errorf("it is from %d, not %d; containers %s", origins[100], origin, f.Metadata[keySources])
	}
}

// TestInterrupted: windows that are not written to the end are not there.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := source(t)
	s.Epochs = 30
	stop := errors.New("enough")
	s.Progress = func(done, total int) error { return stop }
	if err := SaveWindows(filepath.Join(dir, "w"), s); err != stop {
		t.Errorf("%v", err)
	}
	if all, _ := os.ReadDir(dir); len(all) != 0 {
		t.Errorf("it left %v", all)
	}
}

// TestLatest: from the rows of the windows at the end to the forecast.
func TestLatest(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "w")
	m, all := model(3, true), frames()
	if err := SaveLatest(path, m, all); err != nil {
		t.Fatal(err)
	}
	f, err := openTensors(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	last, err1 := f.Doubles("latest.last")
	scale, err2 := f.Doubles("latest.scale")
	if err1 != nil || err2 != nil || len(last) != 2 {
		t.Fatal(err1, err2)
	}
	quantiles := forward(t, f, "latest", m.Network(), len(all))
	for i := range all {
		var dst forecast.Forecast
		w := forecast.WindowOf(&all[i], m.Spec().Needs)
		if err := m.Forecast(&dst, &w); err != nil {
			t.Fatal(err)
		}
		for k, h := range dst.At {
			for j, want := range h.Quantiles {
				got := m.Spec().Bounds.Clamp(last[i] + scale[i]*quantiles[(i*2+k)*3+j])
				if !(math.Abs(got-want) <= 1e-6*math.Abs(want)) {
					t.Errorf("%s, horizon %d, level %d: %v, not %v", all[i].Container, k, j, got, want)
				}
			}
		}
	}
	all[0].Step = 60
	if err := SaveLatest(path, m, all); !errors.Is(err, forecast.ErrStep) {
		t.Errorf("of another step: %v", err)
	}
}
