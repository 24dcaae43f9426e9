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
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

// Scopes of a model: one for all containers of a metric, one for each, or one
// for all that is then trained further on each.
const (
	ScopeGlobal    = "global"
	ScopeContainer = "container"
	ScopeTuned     = "finetune"
)

// A Config says how one metric is forecast. Its fields are taken literally:
// start from Defaults, Parse or Load rather than from a zero Config.
//
// The tags are all that reading, checking and showing go by: yaml is the key,
// models the families that read it (none: all), help a sentence for the files
// in configs/, and range, oneof and check restrict the value (see restriction).
type Config struct {
	MetricName    string   `yaml:"metric_name" check:"name" help:"The metric: a column of the data."`
	ContainerName string   `yaml:"container_name" check:"optional name" help:"The only container that this file is for; \"\" for every container."`
	Data          Data     `yaml:"data"`
	Model         Model    `yaml:"model"`
	Prophet       Prophet  `yaml:"model"`
	Training      Training `yaml:"training"`

	sources map[string]Source // by key; a key that is not there has its default
}

// Data says what a forecast is made from and for when.
type Data struct {
	Step               time.Duration `yaml:"step" check:"step" help:"The step that horizons are counted in."`
	WindowSize         int           `yaml:"window_size" models:"lstm" range:"[2,4096]" help:"Points of the recent past that the network reads one by one."`
	PredictionHorizons []Span        `yaml:"prediction_horizons" check:"horizons" help:"How far ahead: steps, or durations such as 5m."` // ascending
	TrainSplit         float64       `yaml:"train_split" range:"(0,1)" help:"The share of the history, the earliest, that is trained on; the rest judges."`
	Quantiles          []float64     `yaml:"quantiles" range:"(0,1)" check:"quantiles" help:"The quantiles of a forecast; 0.1 and 0.9 bound its 80 % interval."` // ascending, with 0.5
	LowerBound         float64       `yaml:"lower_bound" range:"[-inf,inf)" check:"bounds" help:"No forecast is below this; -.inf for no bound."`
	UpperBound         float64       `yaml:"upper_bound" range:"(-inf,inf]" help:"No forecast is above this; .inf for no bound."`
}

// Model says which model forecasts, and how an LSTM is built. Settings of
// families other than ModelType are kept and not used.
type Model struct {
	ModelType     string  `yaml:"model_type" check:"model" help:"The model: %s."`
	Scope         string  `yaml:"scope" models:"lstm" oneof:"global,container,finetune" help:"One model for all containers (global), one for each (container), or one for all that is trained further on each (finetune)."`
	HiddenSize    int     `yaml:"hidden_size" models:"lstm" range:"[1,512]" help:"Units of each layer."`
	NumLayers     int     `yaml:"num_layers" models:"lstm" range:"[1,4]" help:"Recurrent layers."`
	Bidirectional bool    `yaml:"bidirectional" models:"lstm" help:"Whether layers read the window both ways."`
	HeadSize      int     `yaml:"head_size" models:"lstm" range:"[0,1024]" help:"Hidden units of each horizon's head; 0 for a linear one."`
	Dropout       float64 `yaml:"dropout" models:"lstm" range:"[0,1)" help:"The share of units dropped while training."`
}

// Training says how the model is fitted.
type Training struct {
	Epochs       int     `yaml:"epochs" models:"lstm" range:"[1,1000000]" help:"Epochs, at most; training stops earlier where validation stops improving."`
	EpochWindows int     `yaml:"epoch_windows" models:"lstm" range:"[1,100000000]" help:"Windows of an epoch, at most, drawn at random from all containers; of few windows a quarter."`
	OtherMetrics float64 `yaml:"other_metrics" models:"lstm" range:"[0,1)" help:"How much the containers' other metrics count among what windows are drawn from, each as if it were this one: from 0 (not at all) to below 1."`
	BatchSize    int     `yaml:"batch_size" models:"lstm" range:"[1,65536]" help:"Windows for each step of the optimiser."`
	LearningRate float64 `yaml:"learning_rate" models:"lstm" range:"(0,inf)" help:"Of the optimiser."`
	WeightDecay  float64 `yaml:"weight_decay" models:"lstm" range:"[0,1)" help:"Of the optimiser: how fast weights shrink that nothing holds up."`
	Patience     int     `yaml:"patience" models:"lstm" range:"[1,1000000]" help:"Epochs without a better one after which training stops."`
	Seed         uint64  `yaml:"seed" help:"Of every random choice: the same seed and data give the same model."`
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
		return strconv.Itoa(s.Steps)
	}
	return formatDuration(s.Duration)
}

// Defaults returns the built-in configuration of a metric. A metric that
// series.Metrics does not list has no bounds.
func Defaults(metric string) *Config {
	bounds := series.DefaultBounds(metric)
	return &Config{
		MetricName: metric,
		Data: Data{
			Step:               15 * time.Second, // Prometheus' usual scrape interval
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
		settings[i].copy(&d, c)
	}
	d.sources = maps.Clone(c.sources)
	return &d
}

// Source returns where the value of a key ("data.step") came from.
func (c *Config) Source(key string) Source { return c.sources[key] }

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
