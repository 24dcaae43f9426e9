package fit

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/foretide/foretide/core/feature"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/internal/mlp"
	"github.com/foretide/foretide/core/internal/quantile"
	"github.com/foretide/foretide/core/network"
	"github.com/foretide/foretide/core/optim"
)

// Train trains a network on the histories, of any metric and step, to forecast
// so many seconds ahead; a horizon that is no multiple of a history's step is
// left out there. Where start is not nil its weights are what is begun with, and
// levels are its own. The errors are errNoWindows, forecast.ErrLevels,
// optim.ErrDiverged, and forecast.ErrInterrupted.
func (c Config) Train(start *network.Net, histories []forecast.History, horizons []int64, levels []float64, opts forecast.Options) (*network.Net, forecast.Status, error) {
	net, _, status, err := c.train(start, histories, nil, horizons, levels, opts)
	return net, status, err
}

// train is Train, which also returns the loss on windows that are held back, at
// the end of each of curvePoints parts of the training; nil where none are. They
// decide nothing.
func (c Config) train(start *network.Net, histories []forecast.History, held *dataset, horizons []int64, levels []float64, opts forecast.Options) (*network.Net, []float64, forecast.Status, error) {
	task := forecast.Task{Step: 1, Horizons: horizons, Levels: levels}
	if err := task.Check(); err != nil {
		return nil, nil, 0, err
	}
	d, err := c.newDataset(histories, horizons)
	if err != nil {
		return nil, nil, 0, err
	}
	t := &trainer{config: &c, data: d, held: held, opts: &opts}
	if start != nil {
		t.net, levels = start.MLP().Clone(), start.Levels()
	} else {
		t.net = mlp.New(network.ShapeOf(c.hidden(), levels))
		t.net.Initialise(opts.Seed, levels)
	}
	status, err := t.run(levels)
	if err != nil {
		return nil, nil, status, err
	}
	return network.NewNet(t.net, levels), t.curve, status, nil
}

// A trainer trains one network.
type trainer struct {
	config *Config
	data   *dataset
	opts   *forecast.Options
	net    *mlp.Network
	loss   quantile.Loss
	back   *mlp.Back
	adam   *optim.AdamW
	shards []shard
	picks  []pick

	held  *dataset // nil for none
	steps int      // in all
	curve []float64
}

// A shard is a part of a batch, and what a goroutine needs to load it.
type shard struct {
	work           *mlp.Workspace
	target, weight []float32
	window         forecast.Window
	wide           feature.Wide
	scratch        forecast.Scratch
	dst            [feature.WideCount]float32
	skip           [feature.WideSkip]float32
}

// shardWindows is how many windows are in a shard. It decides how gradients are
// added up, and so the result's last bits: not the number of cores.
const shardWindows = 32

func (t *trainer) run(levels []float64) (forecast.Status, error) {
	c := t.config
	count := (c.Batch + shardWindows - 1) / shardWindows
	t.loss = quantile.NewLoss(levels, c.Tail)
	t.back = mlp.NewBack(t.net.Shape())
	t.adam = optim.NewAdamW(t.net.Weights, count, optim.Rule{Decay: c.Decay, Clip: c.Clip})
	t.shards = make([]shard, count)
	rows := shardWindows * t.data.rows
	for i := range t.shards {
		t.shards[i].work = mlp.NewWorkspace(t.net.Shape(), rows, true)
		t.shards[i].target, t.shards[i].weight = make([]float32, rows), make([]float32, rows)
	}
	t.picks = make([]pick, c.Batch)
	windows := min(max(c.Epochs*t.data.total(), c.Fewest), c.Most) * 8 / max(t.data.rows, 8)
	loop := optim.Loop{
		// What is drawn anew at each step has no epochs: one stands for all.
		Schedule: optim.Schedule{Epochs: 1, Steps: max(windows/c.Batch, 1), Batch: c.Batch, Rate: c.Rate, Warmup: c.Warmup},
		Weights:  t.net.Weights, Options: t.opts, Step: t.step, BestLoss: math.Inf(1),
	}
	t.steps = loop.Steps
	status, err := loop.Run()
	if err == nil && t.opts.Interrupted() {
		err = forecast.ErrInterrupted // half a training is none
	}
	return status, err
}

// step makes step number of the training, from 0.
func (t *trainer) step(number int, rate float64) (loss float64, ok bool) {
	t.data.draw(t.picks, t.config.Cut, t.opts.Seed, number)
	t.back.Prepare(t.net)
	loss, ok = t.adam.Step(number, rate, t.opts.Seed, func(i int, grad []float32, random *rand.PCG) float64 {
		s := &t.shards[i]
		t.load(t.data, s, t.picks[min(i*shardWindows, len(t.picks)):min((i+1)*shardWindows, len(t.picks))])
		return t.net.Gradient(s.work, t.back, &t.loss, s.target, s.weight, grad, t.config.Dropout, random)
	})
	t.look(number)
	return loss, ok
}

// load makes the rows of a shard: of each window one for each horizon that its
// source has. Rows that are left have no weight.
func (t *trainer) load(d *dataset, s *shard, picks []pick) {
	clear(s.weight)
	factor := 1 / float32(t.config.Batch*t.data.rows)
	row := 0
	for _, p := range picks {
		src := &d.sources[p.source]
		recent, long := src.window(&s.window, &p)
		s.wide.Reset(recent, long, &s.scratch)
		for k := range src.aheads {
			a := &src.aheads[k]
			target, weight := src.target(a, p.origin, s.wide.Last(), s.wide.Scale())
			if weight == 0 {
				continue
			}
			s.wide.Fill(s.dst[:], s.skip[:], a.seconds)
			s.work.Set(s.work.Input, row, s.dst[:])
			s.work.Set(s.work.Skip, row, s.skip[:])
			s.target[row], s.weight[row] = target, weight*factor
			row++
		}
	}
}

// Horizons lists those that a network which is to serve any is trained on:
// minutes to two hours ahead.
func Horizons() []int64 {
	return slices.Clone([]int64{60, 120, 300, 600, 900, 1800, 3600, 7200})
}
