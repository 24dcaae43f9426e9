package fit

import (
	"errors"
	"math"
	"testing"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/lstm"
	"github.com/foretide/foretide/core/lstm/network"
	"github.com/foretide/foretide/core/series"
)

// TestWindows: the windows that are handed out are those that Fit trains on, in
// its order, and those that it is judged by.
func TestWindows(t *testing.T) {
	c := small()
	c.Dropout = 0
	opts := forecast.Options{Seed: 5}
	w, err := c.Prepare(histories(), taskOf(), opts.Seed)
	if err != nil {
		t.Fatal(err)
	}
	if w.PerEpoch() != 480 || len(w.Containers()) != 2 || w.Held() < 150 || len(w.Others()) != 1 {
		t.Errorf("%d windows of %d containers, %d held, %v", w.PerEpoch(), len(w.Containers()), w.Held(), w.Others())
	}
	net := network.New(w.Shape())
	net.Initialise(opts.Seed, taskOf().Levels)
	d, err := c.newDataset(histories(), taskOf(), c.Held)
	if err != nil {
		t.Fatal(err)
	}
	// The loss of the second epoch's first batch, by the rows alone.
	work := network.NewWorkspace(w.Shape(), c.Batch, true)
	var target, weight []float32
	row := 0
	stop := errors.New("enough")
	err = w.Epoch(1, func(r *Row) error {
		if row == c.Batch {
			return stop
		}
		r.Place(work, row)
		row++
		target, weight = append(target, r.Target...), append(weight, r.Weight...)
		return nil
	})
	if err != stop {
		t.Fatal(err)
	}
	loss := network.Loss{Levels: taskOf().Levels, Weights: c.WeightsOf(taskOf().Levels)}
	net.Forward(work)
	got := loss.Value(work, target, weight) / float64(c.Batch*3)
	trainer := c.newTrainer(d, net, c.Epochs, c.Rate, &opts)
	want, _ := trainer.step(w.PerEpoch()/c.Batch, 0)
	if math.Abs(got-want) > 1e-6*want {
		t.Errorf("the loss of a batch is %v, and Fit's %v", got, want)
	}

	f, _, err := c.Fit(histories(), taskOf(), opts)
	if err != nil {
		t.Fatal(err)
	}
	model := f.(*lstm.Fitted)
	trainer = c.newTrainer(d, model.Network(), c.Epochs, c.Rate, &opts)
	trainer.hold(d.held(c.HeldWindows))
	want, _ = trainer.validate()
	if got := w.Loss(model); math.Abs(got-want) > 1e-12 || !(got > 0) {
		t.Errorf("the loss of the model is %v, not %v", got, want)
	}
	rows := 0
	if err := w.EachHeld(func(r *Row) error { rows++; return nil }); err != nil || rows != w.Held() {
		t.Errorf("%d windows of %d, %v", rows, w.Held(), err)
	}
}

// TestTrained: a model from elsewhere is taken as it is, unless it is of
// another task, and trained further where that is asked for.
func TestTrained(t *testing.T) {
	c := small()
	c.Epochs, c.Windows = 1, 128
	f, _, err := c.Fit(histories(), taskOf(), forecast.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var m forecast.Refitter = Trained{Config: c, Model: f.(*lstm.Fitted)}
	got, report, err := m.Fit(histories(), taskOf(), forecast.Options{})
	if err != nil || got != f || report.Points < 2500 || m.Name() != "lstm" || !m.Global() {
		t.Errorf("%v, %+v, %v", got, report, err)
	}
	if got, _, err := m.Refit(f, histories(), taskOf(), forecast.Options{}); err != nil || got != f {
		t.Errorf("refitted: %v, %v", got, err)
	}
	m = Trained{Config: c, Model: f.(*lstm.Fitted), Again: true}
	if got, _, err := m.Refit(f, histories(), taskOf(), forecast.Options{}); err != nil || got == f {
		t.Errorf("trained further: %v, %v", got, err)
	}
	for want, change := range map[error]func(*forecast.Task){
		forecast.ErrMetric:  func(t *forecast.Task) { t.Metric = "memory" },
		forecast.ErrStep:    func(t *forecast.Task) { t.Step = 60 },
		forecast.ErrHorizon: func(t *forecast.Task) { t.Horizons = []int64{300} },
		forecast.ErrLevels:  func(t *forecast.Task) { t.Levels = []float64{0.5} },
	} {
		task := taskOf()
		change(&task)
		if _, _, err := m.Fit([]series.Frame{}, task, forecast.Options{}); !errors.Is(err, want) {
			t.Errorf("%v, not %v", err, want)
		}
	}
}
