package fit

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/network"
	"github.com/foretide/foretide/core/series"
)

// histories are two metrics of different steps: a daily curve, and one that jumps
// up at each full hour.
func histories() []forecast.History {
	r := rand.New(rand.NewPCG(1, 2))
	daily, hourly := make([]float64, 6*288), make([]float64, 3*1440)
	for i := range daily {
		daily[i] = 50 + 20*math.Sin(2*math.Pi*float64(i)/288) + r.NormFloat64()
	}
	for i := range hourly {
		hourly[i] = 1e9 + 1e6*r.NormFloat64()
		if i%60 < 5 {
			hourly[i] += 1e8
		}
	}
	return []forecast.History{
		{Frame: series.FrameOf("a", "cpu", series.Series{Start: 1700006400, Step: 300, Values: daily}), Metric: "cpu"},
		{Frame: series.FrameOf("b", "memory", series.Series{Start: 1700006400, Step: 60, Values: hourly}), Metric: "memory"},
	}
}

func small() Config {
	c := Defaults()
	c.Hidden, c.Fewest, c.Most, c.Batch = []int{32, 32}, 40000, 40000, 64
	return c
}

func train(t *testing.T, c Config, h []forecast.History, seed uint64) *network.Net {
	t.Helper()
	net, _, err := c.Train(nil, h, []int64{60, 300, 900}, forecast.DefaultLevels(), forecast.Options{Seed: seed})
	if err != nil {
		t.Fatal(err)
	}
	return net
}

// TestLearns: one network learns both, and forecasts them far better than the
// last value does.
func TestLearns(t *testing.T) {
	h := histories()
	first := slices.Clone(h)
	for i := range first {
		first[i].Frame = h[i].Frame.Slice(0, h[i].Frame.Len()*3/4)
	}
	net := train(t, small(), first, 1)
	for i, ahead := range []int64{900, 300} {
		f := &h[i].Frame
		fitted, err := net.Bind(forecast.Task{Metric: h[i].Metric, Step: f.Step, Horizons: []int64{ahead}, Levels: forecast.DefaultLevels(),
			Bounds: series.DefaultBounds(h[i].Metric)})
		if err != nil {
			t.Fatal(err)
		}
		ws := forecast.NewWindows(f, fitted.Spec().Needs)
		var w forecast.Window
		var dst forecast.Forecast
		var ours, last float64
		values := f.Columns[0]
		for o := first[i].Frame.Len(); o+int(ahead/f.Step) < len(values); o++ {
			ws.At(&w, o)
			if err := fitted.Forecast(&dst, &w); err != nil {
				t.Fatal(err)
			}
			y := values[o+int(ahead/f.Step)]
			ours += math.Abs(y - dst.At[0].Mean)
			last += math.Abs(y - values[o])
		}
		if ratio := ours / last; !(ratio < 0.7) {
			t.Errorf("%s: %.3f of the error of the last value", h[i].Metric, ratio)
		}
	}
}

// TestDeterministic: a seed has one network, another has another.
func TestDeterministic(t *testing.T) {
	c := small()
	c.Fewest, c.Most = 1000, 1000
	a, b := train(t, c, histories(), 5), train(t, c, histories(), 5)
	if !slices.Equal(a.MLP().Weights, b.MLP().Weights) {
		t.Error("the same seed gives another network")
	}
	if slices.Equal(a.MLP().Weights, train(t, c, histories(), 6).MLP().Weights) {
		t.Error("another seed gives the same network")
	}
}

// TestPool: what is judged has learnt nothing of the part that judges, and what
// serves has.
func TestPool(t *testing.T) {
	c := small()
	c.Fewest, c.Most = 1000, 1000
	pool := func(h []forecast.History) *pooled {
		p, err := c.Pool(h, []int64{300, 900, 300}, 0.3, forecast.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return p.(*pooled)
	}
	h := histories()
	before := pool(h)
	for _, x := range h {
		values := x.Frame.Columns[0]
		for i := len(values) * 8 / 10; i < len(values); i++ {
			values[i] *= 3
		}
	}
	after := pool(h)
	if !slices.Equal(before.nets[0].MLP().Weights, after.nets[0].MLP().Weights) {
		t.Error("what is judged has seen the part that judges")
	}
	if slices.Equal(before.nets[1].MLP().Weights, after.nets[1].MLP().Weights) {
		t.Error("what serves has not")
	}
	task := forecast.Task{Metric: "memory", Step: 60, Horizons: []int64{300}, Levels: forecast.DefaultLevels()}
	frames := []series.Frame{h[1].Frame}
	a, _, err := after.Fit(frames, task, forecast.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if own, _, err := after.Refit(a, frames, task, forecast.Options{Own: true}); err != nil || own != a {
		t.Errorf("for one container: got %v, %v, want the model of all", own, err)
	}
	b, report, err := after.Refit(a, frames, task, forecast.Options{})
	if err != nil || a.(*network.Fitted).Net() != after.nets[0] || b.(*network.Fitted).Net() != after.nets[1] || report.Points != 3*1440 {
		t.Errorf("fitted %v, refitted %v, %+v, %v", a, b, report, err)
	}
}

// TestCut: a window whose past is cut shows the newest of it alone.
func TestCut(t *testing.T) {
	c := small()
	d, err := c.newDataset(histories(), []int64{300})
	if err != nil {
		t.Fatal(err)
	}
	var w forecast.Window
	for _, past := range []int64{120, 600, 3600, 86400, longest} {
		recent, long := d.sources[1].window(&w, &pick{source: 1, origin: 4000, past: past})
		end := d.sources[1].frame.Time(4001)
		if recent.End() != end || int64(len(recent.Values))*60 > past || len(recent.Values) < 2 || int64(len(long.Values))*300 > past {
			t.Errorf("%d s: %d recent cells to %d, %d long ones", past, len(recent.Values), recent.End()-end, len(long.Values))
		}
	}
}

func TestErrors(t *testing.T) {
	c := small()
	levels := forecast.DefaultLevels()
	empty := series.FrameOf("a", "cpu", series.Series{Start: 0, Step: 300, Values: []float64{1}})
	if _, _, err := c.Train(nil, []forecast.History{{Frame: empty, Metric: "cpu"}}, []int64{300}, levels, forecast.Options{}); !errors.Is(err, errNoWindows) {
		t.Errorf("nothing to learn from: %v", err)
	}
	if _, _, err := c.Train(nil, histories(), []int64{300}, []float64{0.1}, forecast.Options{}); !errors.Is(err, forecast.ErrLevels) {
		t.Errorf("no median: %v", err)
	}
	stop := forecast.Options{Interrupt: func() bool { return true }}
	if _, _, err := c.Train(nil, histories(), []int64{300}, levels, stop); !errors.Is(err, forecast.ErrInterrupted) {
		t.Errorf("interrupted: %v", err)
	}
	task := forecast.Task{Metric: "disk", Step: 300, Horizons: []int64{300}, Levels: levels}
	if _, _, err := c.Fit([]series.Frame{empty}, task, forecast.Options{}); !errors.Is(err, forecast.ErrMetric) {
		t.Errorf("another metric: %v", err)
	}
}

// TestCurve: a pooled training tells its loss on what is held back at the end of
// each of its parts, falling, and the looking changes nothing.
func TestCurve(t *testing.T) {
	c := small()
	h := histories()
	var told []forecast.Event
	opts := forecast.Options{Progress: func(e forecast.Event) {
		if e.Stage == "epoch" {
			told = append(told, e)
		}
	}}
	m, err := c.Pool(h, []int64{300, 900}, 0.3, opts)
	if err != nil {
		t.Fatal(err)
	}
	p := m.(*pooled)
	if len(p.losses) != curvePoints || len(told) != curvePoints || !(p.losses[curvePoints-1] < 0.9*p.losses[0]) {
		t.Fatalf("%d losses, %d told: %v", len(p.losses), len(told), p.losses)
	}
	for k, e := range told {
		if e.Done != k+1 || e.Total != curvePoints || e.Loss != p.losses[k] {
			t.Errorf("part %d: %+v", k, e)
		}
	}
	var first []forecast.History
	for _, x := range h {
		to := series.SplitShares(x.Frame.Len(), 0.3, 0).Train.To
		first = append(first, forecast.History{Frame: x.Frame.Slice(0, to), Metric: x.Metric})
	}
	plain, _, err := c.Train(nil, first, []int64{300, 900}, forecast.DefaultLevels(), forecast.Options{})
	if err != nil || !slices.Equal(plain.MLP().Weights, p.nets[0].MLP().Weights) {
		t.Errorf("to look at the loss changes the network, %v", err)
	}
	task := forecast.Task{Metric: h[1].Metric, Step: h[1].Frame.Step, Horizons: []int64{300}, Levels: forecast.DefaultLevels()}
	if _, report, err := p.Fit([]series.Frame{h[1].Frame}, task, forecast.Options{}); err != nil || !slices.Equal(report.Losses, p.losses) {
		t.Errorf("reported %v, %v", report.Losses, err)
	}
}
