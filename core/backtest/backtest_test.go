package backtest

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

// A trainer fits the mean of the history; its model forecasts the mean of that
// and of the window, with an interval of ± 1. So a forecast depends on all it
// may know.
type trainer struct {
	Plain
	global bool
	needs  forecast.Needs
	before func(history []series.Frame) error // called by Train; may be nil
}

func (t trainer) Name() string { return "means" }
func (t trainer) Global() bool { return t.global }

func (t trainer) Train(history []series.Frame, task forecast.Task, _ forecast.Options) (forecast.Fitted, forecast.Report, error) {
	if t.before != nil {
		if err := t.before(history); err != nil {
			return nil, forecast.Report{}, err
		}
	}
	var all []float64
	for i := range history {
		s, _ := history[i].Series(task.Metric)
		all = append(all, s.Values...)
	}
	m := mean(all)
	return &fitted{spec: forecast.Spec{Task: task, Model: "means", Needs: t.needs}, level: m},
		forecast.Report{Summary: fmt.Sprintf("mean %.3f of %d", m, len(all))}, nil
}

type fitted struct {
	spec  forecast.Spec
	level float64
}

func (f *fitted) Spec() *forecast.Spec            { return &f.spec }
func (f *fitted) AppendPayload(dst []byte) []byte { return dst }
func (f *fitted) Kind() string                    { return "means" }

func (f *fitted) Forecast(dst *forecast.Forecast, w *forecast.Window) error {
	recent, long, err := w.Check(&f.spec)
	if err != nil {
		return err
	}
	dst.Reset(&f.spec, w)
	v := (f.level + mean(recent.Values)) / 2
	if long.Len() > 0 {
		v += mean(long.Values) / 1000
	}
	for i := range dst.At {
		h := &dst.At[i]
		h.Mean = v
		for k, p := range f.spec.Levels {
			h.Quantiles[k] = v + (p-0.5)/0.4
		}
	}
	return nil
}

func mean(v []float64) float64 {
	s, n := 0.0, 0.0
	for _, x := range v {
		if !math.IsNaN(x) {
			s, n = s+x, n+1
		}
	}
	return s / n
}

// wave is a frame of two metrics with holes; the second metric begins later.
func wave(name string, n int, shift float64) series.Frame {
	f := series.Frame{Container: name, Step: 300, Start: 1_700_000_100, Metrics: []string{"cpu", "memory"}}
	a, b := make([]float64, n), make([]float64, n)
	for i := range a {
		a[i] = 5 + 3*math.Sin(float64(i)/9+shift)
		b[i] = float64((i*7919+int(shift*10))%101) + 1
		if i%23 == 4 {
			a[i] = nan
		}
		if i < n/10 {
			b[i] = nan
		}
	}
	f.Columns = [][]float64{a, b}
	return f
}

func config(workers int) Config {
	c := Defaults()
	c.Workers = workers
	return c
}

func collect(t *testing.T, frames []series.Frame, tr Trainer, c Config) ([]Row, *Result) {
	t.Helper()
	var rows []Row
	res, err := Run(frames, tr, c, forecast.Options{}, func(r *Row) error { rows = append(rows, *r); return nil })
	if err != nil {
		t.Fatal(err)
	}
	return rows, res
}

// TestRows: a grid of 21 cells by hand. The test part begins at cell 14, an
// origin every 7 cells; cell 14 is the only one with a target.
func TestRows(t *testing.T) {
	f := series.Frame{Container: "a/b", Step: 300, Start: 3000, Metrics: []string{"cpu"}, Columns: [][]float64{make([]float64, 25)}}
	v := f.Columns[0]
	for i := range v {
		v[i] = float64(i)
	}
	v[0], v[1], v[23], v[24] = nan, nan, nan, nan // trimmed: 21 cells from index 2
	v[2+17] = nan                                 // the target of 15 minutes
	rows, res := collect(t, []series.Frame{f}, trainer{needs: forecast.Needs{Recent: 1}}, config(1))
	level := mean(v[2:16])
	want := (level + 16) / 2
	if len(rows) != 2 {
		t.Fatalf("got %d rows, want 2: %+v", len(rows), rows)
	}
	for k, h := range []int64{300, 1800} {
		r := rows[k]
		if r.Origin != 3000+16*300 || r.Horizon != h || r.Last != 16 || r.Actual != 16+float64(h/300) ||
			r.Point != want || math.Abs(r.Lo-(want-1)) > 1e-12 || math.Abs(r.Hi-(want+1)) > 1e-12 || r.Model != "means" {
			t.Errorf("row %d: %+v, want point %v", k, r, want)
		}
	}
	s := res.Series[0]
	if s.Test != 3000+16*300 || s.End != 3000+23*300 || s.Fits != 1 || len(s.At) != 2 || s.At[1].Horizon != 1800 {
		t.Errorf("series: %+v", s)
	}
	if got, want := s.At[1].MAE, 22-want; math.Abs(got-want) > 1e-12 {
		t.Errorf("MAE %v, want %v", got, want)
	}
	if got, want := s.At[1].MASE, s.At[1].MAE; got != want { // neighbours differ by 1
		t.Errorf("MASE %v, want %v", got, want)
	}
}

// TestOrder: rows and scores are the same for any number of workers, with and
// without refits, for local and global trainers.
func TestOrder(t *testing.T) {
	frames := []series.Frame{wave("a/x", 700, 0), wave("b/y", 500, 1), wave("b/z", 900, 2)}
	for _, global := range []bool{false, true} {
		for _, refit := range []int64{0, 12 * 3600} {
			t.Run(fmt.Sprintf("global %v refit %d", global, refit), func(t *testing.T) {
				c := config(1)
				c.Refit = refit
				tr := trainer{global: global, needs: forecast.Needs{Recent: 12}}
				rows, res := collect(t, frames, tr, c)
				c.Workers = 5
				rows2, res2 := collect(t, frames, tr, c)
				if !reflect.DeepEqual(rows, rows2) || !reflect.DeepEqual(res, res2) {
					t.Error("five workers give another result than one")
				}
				for i := 1; i < len(rows); i++ {
					a, b := rows[i-1], rows[i]
					if a.Container > b.Container || a.Container == b.Container && (a.Metric > b.Metric ||
						a.Metric == b.Metric && (a.Origin > b.Origin || a.Origin == b.Origin && a.Horizon >= b.Horizon)) {
						t.Fatalf("row %d is out of order", i)
					}
				}
				if refit > 0 && (res.Series[0].Fits < 2 || res.Series[0].Fits < res.Series[2].Fits/2) {
					t.Errorf("fits: %d and %d", res.Series[0].Fits, res.Series[2].Fits)
				}
			})
		}
	}
}

// TestNoLeak: what comes after an origin changes nothing in its forecast, and
// what comes before does.
func TestNoLeak(t *testing.T) {
	for _, refit := range []int64{0, 6 * 3600} {
		c := config(2)
		c.Refit = refit
		tr := trainer{needs: forecast.Needs{Recent: 12, Long: 30, LongStep: 900}}
		base := wave("a/x", 400, 0)
		rows, _ := collect(t, []series.Frame{base}, tr, c)
		for _, cell := range []int{280, 300, 333, 352, 390} {
			f := wave("a/x", 400, 0)
			f.Columns[0][cell] += 1000
			f.Columns[1][cell] += 1000
			changed, _ := collect(t, []series.Frame{f}, tr, c)
			if len(changed) != len(rows) {
				t.Fatal("the rows changed")
			}
			moved := 0
			for i := range rows {
				before := rows[i].Origin < base.Time(cell)
				if same := rows[i].Point == changed[i].Point; !same && before {
					t.Errorf("refit %d: the forecast from %d knows the value of %d", refit, rows[i].Origin, base.Time(cell))
				} else if !same {
					moved++
				}
			}
			if moved == 0 && cell < 390 {
				t.Errorf("refit %d: cell %d changes no later forecast", refit, cell)
			}
		}
	}
}

// TestRefit: what a fit is given ends where its time begins.
func TestRefit(t *testing.T) {
	f := wave("a/x", 400, 0)
	c := config(1)
	c.Refit = 6 * 3600 // 72 cells
	c.Select = func(_, metric string) bool { return metric == "cpu" }
	var lengths []int
	tr := trainer{needs: forecast.Needs{Recent: 1}, before: func(h []series.Frame) error {
		lengths = append(lengths, h[0].Len())
		return nil
	}}
	_, res := collect(t, []series.Frame{f}, tr, c)
	if want := []int{280, 352}; !reflect.DeepEqual(lengths, want) {
		t.Errorf("fitted to %v cells, want %v", lengths, want)
	}
	if res.Series[0].Fits != 2 {
		t.Errorf("%d fits reported, want 2", res.Series[0].Fits)
	}
}

// TestGlobal: one fit for each metric, to the training parts of all.
func TestGlobal(t *testing.T) {
	frames := []series.Frame{wave("a/x", 700, 0), wave("b/y", 500, 1)}
	var calls atomic.Int32
	tr := trainer{global: true, needs: forecast.Needs{Recent: 1}, before: func(h []series.Frame) error {
		calls.Add(1)
		if len(h) != 2 || h[0].Container != "a/x" || h[1].Container != "b/y" {
			return fmt.Errorf("history of %d containers", len(h))
		}
		return nil
	}}
	_, res := collect(t, frames, tr, config(3))
	if calls.Load() != 2 {
		t.Errorf("%d fits, want 2", calls.Load())
	}
	if a, b := res.Series[0].Summary, res.Series[2].Summary; a != b {
		t.Errorf("the containers have different models: %s, %s", a, b)
	}
}

func TestRunEnds(t *testing.T) {
	frames := []series.Frame{wave("a/x", 700, 0), wave("b/y", 500, 1)}
	boom := errors.New("boom")
	t.Run("trainer fails", func(t *testing.T) {
		tr := trainer{needs: forecast.Needs{Recent: 1}, before: func(h []series.Frame) error {
			if h[0].Container == "b/y" {
				return boom
			}
			return nil
		}}
		_, err := Run(frames, tr, config(2), forecast.Options{}, nil)
		if !errors.Is(err, boom) || err.Error() != "backtest: b/y cpu: boom" {
			t.Errorf("got %v", err)
		}
	})
	t.Run("emit fails", func(t *testing.T) {
		_, err := Run(frames, trainer{needs: forecast.Needs{Recent: 1}}, config(2), forecast.Options{}, func(*Row) error { return boom })
		if err != boom {
			t.Errorf("got %v", err)
		}
	})
	t.Run("interrupted", func(t *testing.T) {
		var polls atomic.Int32
		opts := forecast.Options{Interrupt: func() bool { return polls.Add(1) > 30 }}
		_, err := Run(frames, trainer{needs: forecast.Needs{Recent: 1}}, config(2), opts, nil)
		if err != forecast.ErrInterrupted {
			t.Errorf("got %v", err)
		}
	})
	t.Run("nothing to do", func(t *testing.T) {
		short := wave("a/short", 3, 0)
		hour := series.Frame{Container: "hour", Step: 3600, Metrics: []string{"cpu"}, Columns: [][]float64{make([]float64, 50)}}
		none := series.Frame{Container: "none", Step: 60, Metrics: []string{"cpu"}, Columns: [][]float64{{nan, nan}}}
		res, err := Run([]series.Frame{short, hour, none}, trainer{}, config(2), forecast.Options{}, nil)
		if err != ErrNothing || len(res.Skipped) != 4 {
			t.Fatalf("got %v, %+v", err, res)
		}
		for i, want := range []string{"too short: no origin with a target in its test part", "", "no horizon is a multiple of its step", "no observed value"} {
			if want != "" && res.Skipped[i].Why != want {
				t.Errorf("skipped %+v, want %s", res.Skipped[i], want)
			}
		}
	})
}

// TestBounded: the workers do not run far ahead of what has been emitted, so
// that memory does not grow with the number of series.
func TestBounded(t *testing.T) {
	var frames []series.Frame
	for i := range 60 {
		frames = append(frames, wave(fmt.Sprintf("a/%02d", i), 100, float64(i)))
	}
	const workers = 2
	var fits, taken atomic.Int32
	var worst int32
	var mu sync.Mutex
	tr := trainer{needs: forecast.Needs{Recent: 1}, before: func([]series.Frame) error {
		mu.Lock()
		worst = max(worst, fits.Add(1)-taken.Load())
		mu.Unlock()
		return nil
	}}
	last := ""
	_, err := Run(frames, tr, config(workers), forecast.Options{}, func(r *Row) error {
		if at := r.Container + r.Metric; at != last {
			last = at
			taken.Add(1)
		}
		return nil
	})
	if err != nil || worst > 4*workers {
		t.Errorf("%v; up to %d fits ahead of the rows, want %d at most", err, worst, 4*workers)
	}
}

func TestProgress(t *testing.T) {
	var events []forecast.Event
	opts := forecast.Options{Progress: func(e forecast.Event) { events = append(events, e) }}
	if _, err := Run([]series.Frame{wave("a/x", 300, 0)}, trainer{needs: forecast.Needs{Recent: 1}}, config(2), opts, nil); err != nil {
		t.Fatal(err)
	}
	if len(events) != 2 || events[1].Done != 2 || events[1].Total != 2 || events[1].Stage != "backtest" {
		t.Errorf("got %+v", events)
	}
}
