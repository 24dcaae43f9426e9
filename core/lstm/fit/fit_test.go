package fit

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/lstm"
	"github.com/foretide/foretide/core/optim"
	"github.com/foretide/foretide/core/series"
)

func taskOf() forecast.Task {
	return forecast.Task{Metric: "cpu", Step: 300, Horizons: []int64{300, 900, 1800},
		Levels: forecast.DefaultLevels(), Bounds: series.DefaultBounds("cpu")}
}

// daily is a daily curve with noise and holes, in a unit of its own.
func daily(name string, days int, unit float64, seed uint64) series.Frame {
	r := rand.New(rand.NewPCG(seed, 9))
	v, m := make([]float64, days*288), make([]float64, days*288)
	for i := range v {
		v[i] = unit * (100 + 40*math.Sin(2*math.Pi*float64(i)/288) + 8*r.NormFloat64())
		m[i] = 1e6 * (100 + r.Float64())
		if r.Float64() < 0.03 {
			v[i] = math.NaN()
		}
	}
	return series.Frame{Container: name, Start: 86400 * 19000, Step: 300,
		Metrics: []string{"cpu", "memory"}, Columns: [][]float64{v, m}}
}

func small() Config {
	c := Defaults()
	c.Steps, c.Hidden, c.Width = 8, 6, 12
	c.Epochs, c.Windows, c.Batch, c.HeldWindows, c.RefitEpochs = 4, 512, 40, 200, 1
	c.OtherMetrics = 0
	return c
}

func histories() []series.Frame {
	return []series.Frame{daily("a", 6, 1, 1), daily("b", 5, 1000, 2)}
}

// ratio returns the mean absolute error of the median by persistence's, over
// the last half of a frame.
func ratio(t *testing.T, f forecast.Fitted, frame *series.Frame) float64 {
	t.Helper()
	windows := forecast.NewWindows(frame, f.Spec().Needs)
	var w forecast.Window
	var dst forecast.Forecast
	v := frame.Columns[0]
	var model, last float64
	for i := len(v) / 2; i+6 < len(v); i += 7 {
		if v[i] != v[i] || v[i+6] != v[i+6] {
			continue
		}
		windows.At(&w, i)
		if err := f.Forecast(&dst, &w); err != nil {
			t.Fatal(err)
		}
		model += math.Abs(dst.Median(&dst.At[2]) - v[i+6])
		last += math.Abs(v[i] - v[i+6])
	}
	return model / last
}

// TestLearns: after a few epochs the network is better than persistence on
// containers of very different sizes, and on one that it has not seen.
func TestLearns(t *testing.T) {
	c := small()
	c.Epochs, c.Windows = 6, 2048
	f, report, err := c.Fit(histories(), taskOf(), forecast.Options{Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	if report.Points < 2500 || !strings.Contains(report.Summary, "2 containers") {
		t.Errorf("report %+v", report)
	}
	for _, frame := range append(histories(), daily("new", 6, 0.01, 3)) {
		if r := ratio(t, f, &frame); r > 0.88 {
			t.Errorf("%s: ratio to persistence %.3f", frame.Container, r)
		}
	}
}

// TestDeterministic: a seed has one result, whatever the number of cores, and
// another seed another.
func TestDeterministic(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	var want []byte
	for _, cores := range []int{1, 2, 5} {
		runtime.GOMAXPROCS(cores)
		f, _, err := small().Fit(histories(), taskOf(), forecast.Options{Seed: 3})
		if err != nil {
			t.Fatal(err)
		}
		got := f.AppendPayload(nil)
		if want != nil && !bytes.Equal(got, want) {
			t.Errorf("%d cores: other weights", cores)
		}
		want = got
	}
	f, _, err := small().Fit(histories(), taskOf(), forecast.Options{Seed: 4})
	if err != nil || bytes.Equal(f.AppendPayload(nil), want) {
		t.Errorf("another seed: the same weights, or %v", err)
	}
}

// TestResume: going on from any epoch's state gives the bits of a training that
// was not interrupted; a state of another training, or damaged, is refused.
func TestResume(t *testing.T) {
	var states [][]byte
	opts := forecast.Options{Seed: 3, Save: func(s []byte) { states = append(states, s) }}
	f, _, err := small().Fit(histories(), taskOf(), opts)
	if err != nil {
		t.Fatal(err)
	}
	want := f.AppendPayload(nil)
	if len(states) != small().Epochs {
		t.Fatalf("%d states", len(states))
	}
	for i, s := range states {
		f, _, err := small().Fit(histories(), taskOf(), forecast.Options{Seed: 3, State: s})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(f.AppendPayload(nil), want) {
			t.Errorf("resumed after epoch %d: other weights", i+1)
		}
	}
	other := small()
	other.Rate *= 2
	if _, _, err := other.Fit(histories(), taskOf(), forecast.Options{Seed: 3, State: states[1]}); !errors.Is(err, forecast.ErrState) {
		t.Errorf("another configuration: %v", err)
	}
	if _, _, err := small().Fit(histories(), taskOf(), forecast.Options{Seed: 4, State: states[1]}); !errors.Is(err, forecast.ErrState) {
		t.Errorf("another seed: %v", err)
	}
	if _, _, err := small().Fit(histories()[:1], taskOf(), forecast.Options{Seed: 3, State: states[1]}); !errors.Is(err, forecast.ErrState) {
		t.Errorf("another history: %v", err)
	}
	for _, s := range [][]byte{{}, {1, 2, 3}, states[1][:len(states[1])/2]} {
		if _, _, err := small().Fit(histories(), taskOf(), forecast.Options{Seed: 3, State: s}); !errors.Is(err, forecast.ErrState) {
			t.Errorf("damaged: %v", err)
		}
	}
}

// TestInterrupt: before the first epoch's end there is nothing to keep; later
// the best so far is; a stop always leaves something to serve.
func TestInterrupt(t *testing.T) {
	calls := 0
	early := forecast.Options{Seed: 3, Interrupt: func() bool { calls++; return calls > 3 }}
	if _, _, err := small().Fit(histories(), taskOf(), early); !errors.Is(err, forecast.ErrInterrupted) {
		t.Errorf("in the first epoch: %v", err)
	}
	for name, set := range map[string]func(o *forecast.Options, when func() bool){
		"interrupt": func(o *forecast.Options, when func() bool) { o.Interrupt = when },
		"stop":      func(o *forecast.Options, when func() bool) { o.Stop = when },
	} {
		epochs := 0
		o := forecast.Options{Seed: 3, Progress: func(e forecast.Event) {
			if e.Stage == "epoch" {
				epochs = e.Done
			}
		}}
		set(&o, func() bool { return epochs >= 2 })
		f, report, err := small().Fit(histories(), taskOf(), o)
		if err != nil || f == nil || report.Status != forecast.Interrupted || epochs != 2 {
			t.Errorf("%s after the second epoch: %v, %+v, %d epochs", name, err, report, epochs)
		}
	}
	o := forecast.Options{Seed: 3, Stop: func() bool { return true }}
	if f, _, err := small().Fit(histories(), taskOf(), o); err != nil || f == nil {
		t.Errorf("stopped at once: %v", err)
	}
}

// TestNothingToLearn: what cannot be trained on is an error, not a model.
func TestNothingToLearn(t *testing.T) {
	flat := daily("flat", 5, 1, 1)
	for i := range flat.Columns[0] {
		flat.Columns[0][i] = math.NaN()
	}
	short := daily("short", 5, 1, 1)
	short = short.Slice(0, 6)
	for name, f := range map[string]series.Frame{"all missing": flat, "six cells": short} {
		if _, _, err := small().Fit([]series.Frame{f}, taskOf(), forecast.Options{}); !errors.Is(err, ErrNoWindows) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := small().Fit(nil, taskOf(), forecast.Options{}); !errors.Is(err, forecast.ErrEmpty) {
		t.Errorf("no history: %v", err)
	}
	task := taskOf()
	task.Metric = "disk_read"
	if _, _, err := small().Fit(histories(), task, forecast.Options{}); !errors.Is(err, forecast.ErrMetric) {
		t.Errorf("no such metric: %v", err)
	}
	// A constant has windows, but no change to forecast: persistence it is.
	for i := range flat.Columns[0] {
		flat.Columns[0][i] = 7
	}
	f, _, err := small().Fit([]series.Frame{flat}, taskOf(), forecast.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := forecast.WindowOf(&flat, f.Spec().Needs)
	var dst forecast.Forecast
	if err := f.Forecast(&dst, &w); err != nil || dst.Median(&dst.At[0]) != 7 {
		t.Errorf("of a constant: %v, %v", dst.At, err)
	}
}

// TestDiverged: a learning rate that is far too large ends in an error, or in
// finite weights, but never in a model that forecasts nothing.
func TestDiverged(t *testing.T) {
	c := small()
	c.Rate, c.Clip, c.Warmup = 1e38, 1e38, 0
	f, report, err := c.Fit(histories(), taskOf(), forecast.Options{})
	if err != nil {
		if !errors.Is(err, optim.ErrDiverged) {
			t.Error(err)
		}
		return
	}
	for i, w := range f.(*lstm.Fitted).Network().Weights {
		if w-w != 0 {
			t.Fatalf("weight %d is %v (%+v)", i, w, report)
		}
	}
}

// TestHeldBack: nothing after the split reaches a batch.
func TestHeldBack(t *testing.T) {
	c := small()
	load := func(poison bool) []float32 {
		h := histories()
		for i := range h {
			split := series.SplitShares(h[i].Len(), c.Held, 0).Train.To
			for j := split; poison && j < h[i].Len(); j++ {
				h[i].Columns[0][j] = 1e12
				h[i].Columns[1][j] = -1e12
			}
		}
		d, err := c.newDataset(h, taskOf(), c.Held)
		if err != nil {
			t.Fatal(err)
		}
		picks := make([]pick, 300)
		d.draw(picks, 5, 17)
		s := newShard(c.shape(d), len(picks), true)
		newLoader(d).load(s, picks, false, 1)
		out := append([]float32(nil), s.Work.Input...)
		out = append(append(out, s.Work.Features...), s.Work.Skip...)
		return append(append(out, s.Target...), s.Weight...)
	}
	want, got := load(false), load(true)
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("element %d of a batch is %v, not %v, where the end of the history differs", i, got[i], want[i])
		}
	}
}

// TestTune: a model of all containers goes on to one that is unlike the others
// and forecasts it no worse.
func TestTune(t *testing.T) {
	c := small()
	f, _, err := c.Fit(histories(), taskOf(), forecast.Options{Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	saw := daily("saw", 6, 1, 4)
	for i := range saw.Columns[0] {
		saw.Columns[0][i] = float64(i % 17)
	}
	c.Tuned, c.TuneEpochs, c.TuneRate = true, 6, 1
	own, _, err := c.Refit(f, []series.Frame{saw}, taskOf(), forecast.Options{Seed: 3, Own: true})
	if err != nil {
		t.Fatal(err)
	}
	if before, after := ratio(t, f, &saw), ratio(t, own, &saw); after > 0.9*before {
		t.Errorf("ratio %.3f before, %.3f after", before, after)
	}
	c.TuneRate = 1e9 // nothing good can come of that
	if own, _, err = c.Refit(f, []series.Frame{saw}, taskOf(), forecast.Options{Seed: 3, Own: true}); err != nil || own != f {
		t.Errorf("a hopeless tuning: %v, %v", own, err)
	}
	c.Tuned, c.TuneRate = false, 1
	if own, _, err = c.Refit(f, []series.Frame{saw}, taskOf(), forecast.Options{Own: true}); err != nil || own != f {
		t.Errorf("without Tuned: got %v, %v, want the model of all containers", own, err)
	}
}

// TestOtherMetrics: windows are drawn from the containers' other metrics too, as
// much as is asked for, and training is judged by the task's own.
func TestOtherMetrics(t *testing.T) {
	c := small()
	c.OtherMetrics = 0.25
	h := histories()
	h[1].Metrics, h[1].Columns = h[1].Metrics[:1], h[1].Columns[:1] // b has none
	d, err := c.newDataset(h, taskOf(), c.Held)
	if err != nil {
		t.Fatal(err)
	}
	if len(d.sources) != 3 || d.sources[0].other || !d.sources[1].other || d.sources[2].other {
		t.Fatalf("%d sources", len(d.sources))
	}
	if own, other := d.sources[0].share, d.sources[1].share; math.Abs(other/own-0.25) > 0.01 {
		t.Errorf("shares %v and %v", own, other)
	}
	if got := d.sources[1].values[7]; got != h[0].Columns[1][7] {
		t.Errorf("value %v, want %v", got, h[0].Columns[1][7])
	}
	drawn := make([]int, 3)
	picks := make([]pick, 3000)
	d.draw(picks, 1, 0)
	for _, p := range picks {
		drawn[p.source]++
	}
	if got := float64(drawn[1]) / float64(drawn[0]); got < 0.2 || got > 0.3 {
		t.Errorf("drawn %v", drawn)
	}
	for _, p := range d.held(200) {
		if p.source == 1 {
			t.Fatal("training is judged by another metric")
		}
	}
	alone := c
	alone.OtherMetrics = 0
	if e, err := alone.newDataset(h, taskOf(), c.Held); err != nil || len(d.held(40)) != len(e.held(40)) {
		t.Errorf("%d windows are held back, of the task's metric alone %d", len(d.held(40)), len(e.held(40)))
	}
	_, report, err := c.Fit(h, taskOf(), forecast.Options{})
	if want := h[0].Len() + h[1].Len(); err != nil || report.Points > want || report.Points < want*9/10 ||
		!strings.HasSuffix(report.Summary, ", 2 containers") {
		t.Errorf("%+v, %v", report, err)
	}
	h[0].Columns[0] = nan(h[0].Len()) // b's alone are left, and a's memory
	if d, err = c.newDataset(h, taskOf(), c.Held); err != nil || len(d.sources) != 2 {
		t.Errorf("%v", err)
	}
	if _, err = c.newDataset(h[:1], taskOf(), c.Held); !errors.Is(err, ErrNoWindows) {
		t.Errorf("without a value of the metric: %v", err)
	}
}

func nan(n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = math.NaN()
	}
	return x
}

// TestDraw: windows come from all sources by their shares, from observed cells
// of the part for training, and another batch has others.
func TestDraw(t *testing.T) {
	c := small()
	d, err := c.newDataset(histories(), taskOf(), c.Held)
	if err != nil {
		t.Fatal(err)
	}
	picks, more := make([]pick, 4000), make([]pick, 4000)
	d.draw(picks, 1, 1)
	d.draw(more, 1, 2)
	same, first := 0, 0
	for i, p := range picks {
		s := &d.sources[p.source]
		if x := s.values[p.origin]; x != x || p.origin < s.from || p.origin+d.ahead[0] >= s.split {
			t.Fatalf("drew cell %d of source %d", p.origin, p.source)
		}
		if p == more[i] {
			same++
		}
		if p.source == 0 {
			first++
		}
	}
	if same > 40 || math.Abs(float64(first)/4000-d.sources[0].share) > 0.03 {
		t.Errorf("%d of 4000 are the same in another batch; %d from the first source, whose share is %.2f", same, first, d.sources[0].share)
	}
}

func BenchmarkStep(b *testing.B) {
	c := Defaults()
	c.Epochs, c.Windows, c.RefitEpochs = 1, c.Batch, 0
	d, err := c.newDataset(histories(), taskOf(), c.Held)
	if err != nil {
		b.Fatal(err)
	}
	f, _, err := c.Fit(histories(), taskOf(), forecast.Options{})
	if err != nil {
		b.Fatal(err)
	}
	t := c.resume(f, d, 1, 1e-3, &forecast.Options{})
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		t.step(i, t.loop.At(i))
	}
}
