// Package config reads how a metric is to be forecast: one YAML file for each
// metric, over built-in defaults and under environment variables and flags,
// each value with the place that it came from.
//
//	c, err := config.Load("configs/cpu.yaml")
//	...
//	err = c.Apply(append(config.Env(os.Environ()), config.Flag("model_type", "model-type", "arima"))...)
//	task, err := c.Task(0)
package config

import (
	"slices"
	"time"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

// DefaultStep is the step that horizons are counted in unless data.step says
// otherwise: Prometheus' usual scrape interval.
const DefaultStep = 15 * time.Second

// A Config says how one metric is forecast. Its fields are taken literally:
// start from Defaults, Parse or Load rather than from a zero Config.
type Config struct {
	MetricName    string // "cpu", "memory" …
	ContainerName string // the only container that it is for; "" for every one
	Data          Data
	Model         Model
	Prophet       Prophet // of the model section, too
	Training      Training

	sources map[string]Source // by key; a key that is not there has its default
}

// Data says what a forecast is made from and for when.
type Data struct {
	Step               time.Duration // that horizons are counted in; whole seconds
	WindowSize         int           // lstm: cells of the recent past that the network reads one by one
	PredictionHorizons []Span        // how far ahead, ascending
	TrainSplit         float64       // share of the history, the earliest, that is trained on; in (0,1)
	Quantiles          []float64     // probabilities in (0,1), ascending, 0.5 among them
	LowerBound         float64       // no forecast is below; -Inf for none
	UpperBound         float64       // no forecast is above; +Inf for none
}

// Model says which model forecasts, and how it is built. Settings of families
// other than ModelType are kept and not used.
type Model struct {
	ModelType     string  // one of Known
	Scope         string  // lstm: one of Scopes
	HiddenSize    int     // lstm: units of each layer
	NumLayers     int     // lstm: recurrent layers
	Bidirectional bool    // lstm: layers read the window both ways
	HeadSize      int     // lstm: hidden units of each horizon's head; 0 for a linear one
	Dropout       float64 // lstm: share of units dropped while training, in [0,1)
}

// Scopes of a model: one for all containers of a metric, one for each, or one
// for all that is then trained further on each.
const (
	ScopeGlobal    = "global"
	ScopeContainer = "container"
	ScopeTuned     = "finetune"
)

// Scopes are the scopes that there are.
var Scopes = []string{ScopeGlobal, ScopeContainer, ScopeTuned}

// Training says how the model is fitted.
type Training struct {
	Epochs       int     // lstm: at most
	EpochWindows int     // lstm: windows drawn for each epoch
	OtherMetrics float64 // lstm: weight of the containers' other metrics among what is drawn, in [0,1)
	BatchSize    int     // lstm: windows for each step of the optimiser
	LearningRate float64 // lstm: of the optimiser, > 0
	WeightDecay  float64 // lstm: of the optimiser, ≥ 0
	Patience     int     // lstm: epochs without a better one after which training stops
	Seed         uint64  // of every random choice; 0 is a seed like any other
}

// A Span is a length of time: a number of steps or, where Steps is 0, a
// duration.
type Span struct {
	Steps    int
	Duration time.Duration
}

// Length returns the span as a duration, with steps of the given length.
func (s Span) Length(step time.Duration) time.Duration {
	if s.Steps != 0 {
		return time.Duration(s.Steps) * step
	}
	return s.Duration
}

// String returns the span as a configuration gives it: "20" or "5m".
func (s Span) String() string {
	if s.Steps != 0 {
		return itoa(s.Steps)
	}
	return formatDuration(s.Duration)
}

// Known are the model families that a configuration may name, in this version
// or a later one.
var Known = []string{"auto", "naive", "arima", "linear", "network", "general", "prophet", "lstm", "ensemble"}

// Defaults returns the built-in configuration of a metric. A metric that
// series.Metrics does not list has no bounds.
func Defaults(metric string) *Config {
	bounds := series.DefaultBounds(metric)
	return &Config{
		MetricName: metric,
		Data: Data{
			Step:               DefaultStep,
			WindowSize:         16,
			PredictionHorizons: []Span{{Steps: 20}, {Steps: 60}, {Steps: 120}},
			TrainSplit:         0.7,
			Quantiles:          forecast.DefaultLevels(),
			LowerBound:         bounds.Lower,
			UpperBound:         bounds.Upper,
		},
		Model: Model{
			ModelType:     "auto",
			Scope:         ScopeGlobal,
			HiddenSize:    32,
			NumLayers:     1,
			Bidirectional: true,
			HeadSize:      192,
		},
		Prophet: defaultProphet(),
		Training: Training{
			Epochs:       16,
			EpochWindows: 32768,
			OtherMetrics: 0.5,
			BatchSize:    64,
			LearningRate: 0.002,
			WeightDecay:  0.01,
			Patience:     5,
		},
	}
}

// Clone returns a copy that shares nothing with c.
func (c *Config) Clone() *Config {
	d := *c
	for i := range settings {
		switch p := settings[i].field(&d).(type) {
		case *[]Span:
			*p = slices.Clone(*p)
		case *[]float64:
			*p = slices.Clone(*p)
		case special:
			p.assign(p)
		}
	}
	d.sources = nil
	for k, s := range c.sources {
		d.setSource(k, s)
	}
	return &d
}

// Source returns where the value of a key ("data.step") came from.
func (c *Config) Source(key string) Source { return c.sources[key] }

func (c *Config) setSource(key string, s Source) {
	if c.sources == nil {
		c.sources = make(map[string]Source)
	}
	c.sources[key] = s
}

// Horizons returns the prediction horizons as durations, ascending.
func (c *Config) Horizons() []time.Duration {
	out := make([]time.Duration, len(c.Data.PredictionHorizons))
	for i, h := range c.Data.PredictionHorizons {
		out[i] = h.Length(c.Data.Step)
	}
	return out
}

// Task returns what is to be forecast from data of the given step in seconds,
// or of the configured step where it is 0. Horizons are converted by duration:
// 20 steps of 15 s are one step of data at 5 minutes. A horizon that is not a
// multiple of the data's step is an error, which wraps forecast.ErrHorizon;
// one of the defaults is left out instead as long as another remains.
func (c *Config) Task(step int64) (forecast.Task, error) {
	if step == 0 {
		step = int64(c.Data.Step / time.Second)
	}
	t := forecast.Task{
		Metric: c.MetricName,
		Step:   step,
		Levels: slices.Clone(c.Data.Quantiles),
		Bounds: series.Bounds{Lower: c.Data.LowerBound, Upper: c.Data.UpperBound},
	}
	var off error
	for i, h := range c.Horizons() {
		if s := int64(h / time.Second); s > 0 && s%step == 0 {
			t.Horizons = append(t.Horizons, s)
		} else if off == nil {
			off = c.offGrid(i, time.Duration(step)*time.Second)
		}
	}
	if off != nil && (len(t.Horizons) == 0 || c.Source(keyHorizons).Kind != Default) {
		return t, off
	}
	return t, nil
}

// offGrid is the error of the i-th horizon, which is no multiple of the step.
func (c *Config) offGrid(i int, step time.Duration) error {
	h := c.Data.PredictionHorizons[i]
	return &Error{
		Source: c.Source(keyHorizons), Key: keyHorizons,
		Reason: "horizon " + h.String() + " (" + formatDuration(h.Length(c.Data.Step)) +
			") is not a multiple of the data's step of " + formatDuration(step),
		Err: forecast.ErrHorizon,
	}
}
