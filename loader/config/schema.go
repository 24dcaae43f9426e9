package config

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// A setting is one key of a configuration. The table of them is the only place
// that knows the keys: reading, checking, showing and the files in configs/
// all follow it.
type setting struct {
	key    string              // "data.window_size"
	help   string              // a sentence for the configuration files
	models []string            // the families that use it; none for all
	field  func(c *Config) any // a pointer to the field
	check  func(c *Config) string
}

const keyHorizons = "data.prediction_horizons"

var lstm = []string{"lstm"}

// settings lists every key in the order in which a configuration is shown.
var settings = withProphet([]setting{
	{key: "metric_name", help: "The metric: a column of the data.",
		field: func(c *Config) any { return &c.MetricName },
		check: func(c *Config) string { return checkName(c.MetricName, false) }},
	{key: "container_name", help: `The only container that this file is for; "" for every container.`,
		field: func(c *Config) any { return &c.ContainerName },
		check: func(c *Config) string { return checkName(c.ContainerName, true) }},
	{key: "data.step", help: "The step that horizons are counted in.",
		field: func(c *Config) any { return &c.Data.Step },
		check: checkStep},
	{key: "data.window_size", help: "Points of the recent past that the network reads one by one.", models: lstm,
		field: func(c *Config) any { return &c.Data.WindowSize },
		check: func(c *Config) string { return intRange(c.Data.WindowSize, 2, 4096) }},
	{key: keyHorizons, help: "How far ahead: steps, or durations such as 5m.",
		field: func(c *Config) any { return &c.Data.PredictionHorizons },
		check: checkHorizons},
	{key: "data.train_split", help: "The share of the history, the earliest, that is trained on; the rest judges.",
		field: func(c *Config) any { return &c.Data.TrainSplit },
		check: func(c *Config) string { return inside(c.Data.TrainSplit, 0, 1) }},
	{key: "data.quantiles", help: "The quantiles of a forecast; 0.1 and 0.9 bound its 80 % interval.",
		field: func(c *Config) any { return &c.Data.Quantiles },
		check: checkQuantiles},
	{key: "data.lower_bound", help: "No forecast is below this; -.inf for no bound.",
		field: func(c *Config) any { return &c.Data.LowerBound },
		check: checkBounds},
	{key: "data.upper_bound", help: "No forecast is above this; .inf for no bound.",
		field: func(c *Config) any { return &c.Data.UpperBound },
		check: func(c *Config) string {
			if math.IsNaN(c.Data.UpperBound) || math.IsInf(c.Data.UpperBound, -1) {
				return "must be a number or .inf"
			}
			return ""
		}},
	{key: "model.model_type", help: "The model: " + strings.Join(Known, ", ") + ".",
		field: func(c *Config) any { return &c.Model.ModelType },
		check: checkModelType},
	{key: "model.scope", help: "One model for all containers (global), one for each (container), or one for all that is trained further on each (finetune).", models: lstm,
		field: func(c *Config) any { return &c.Model.Scope },
		check: checkScope},
	{key: "model.hidden_size", help: "Units of each layer.", models: lstm,
		field: func(c *Config) any { return &c.Model.HiddenSize },
		check: func(c *Config) string { return intRange(c.Model.HiddenSize, 1, 512) }},
	{key: "model.num_layers", help: "Recurrent layers.", models: lstm,
		field: func(c *Config) any { return &c.Model.NumLayers },
		check: func(c *Config) string { return intRange(c.Model.NumLayers, 1, 4) }},
	{key: "model.bidirectional", help: "Whether layers read the window both ways.", models: lstm,
		field: func(c *Config) any { return &c.Model.Bidirectional }},
	{key: "model.head_size", help: "Hidden units of each horizon's head; 0 for a linear one.", models: lstm,
		field: func(c *Config) any { return &c.Model.HeadSize },
		check: func(c *Config) string { return intRange(c.Model.HeadSize, 0, 1024) }},
	{key: "model.dropout", help: "The share of units dropped while training.", models: lstm,
		field: func(c *Config) any { return &c.Model.Dropout },
		check: func(c *Config) string {
			if d := c.Model.Dropout; !(d >= 0 && d < 1) {
				return fmt.Sprintf("must be at least 0 and less than 1, got %v", d)
			}
			return ""
		}},
	{key: "training.epochs", help: "Epochs, at most; training stops earlier where validation stops improving.", models: lstm,
		field: func(c *Config) any { return &c.Training.Epochs },
		check: func(c *Config) string { return intRange(c.Training.Epochs, 1, 1_000_000) }},
	{key: "training.epoch_windows", help: "Windows of an epoch, at most, drawn at random from all containers; of few windows a quarter.", models: lstm,
		field: func(c *Config) any { return &c.Training.EpochWindows },
		check: func(c *Config) string { return intRange(c.Training.EpochWindows, 1, 100_000_000) }},
	{key: "training.other_metrics", help: "How much the containers' other metrics count among what windows are drawn from, each as if it were this one: from 0 (not at all) to below 1.", models: lstm,
		field: func(c *Config) any { return &c.Training.OtherMetrics },
		check: func(c *Config) string {
			if w := c.Training.OtherMetrics; !(w >= 0 && w < 1) {
				return fmt.Sprintf("must be at least 0 and less than 1, got %v", w)
			}
			return ""
		}},
	{key: "training.batch_size", help: "Windows for each step of the optimiser.", models: lstm,
		field: func(c *Config) any { return &c.Training.BatchSize },
		check: func(c *Config) string { return intRange(c.Training.BatchSize, 1, 65536) }},
	{key: "training.learning_rate", help: "Of the optimiser.", models: lstm,
		field: func(c *Config) any { return &c.Training.LearningRate },
		check: func(c *Config) string {
			if r := c.Training.LearningRate; !(r > 0) || math.IsInf(r, 0) {
				return fmt.Sprintf("must be more than 0, got %v", r)
			}
			return ""
		}},
	{key: "training.weight_decay", help: "Of the optimiser: how fast weights shrink that nothing holds up.", models: lstm,
		field: func(c *Config) any { return &c.Training.WeightDecay },
		check: func(c *Config) string {
			if d := c.Training.WeightDecay; !(d >= 0 && d < 1) {
				return fmt.Sprintf("must be at least 0 and less than 1, got %v", d)
			}
			return ""
		}},
	{key: "training.patience", help: "Epochs without a better one after which training stops.", models: lstm,
		field: func(c *Config) any { return &c.Training.Patience },
		check: func(c *Config) string { return intRange(c.Training.Patience, 1, 1_000_000) }},
	{key: "training.seed", help: "Of every random choice: the same seed and data give the same model.",
		field: func(c *Config) any { return &c.Training.Seed }},
})

// section returns the part of a key before its last dot: "data", or "".
func (s *setting) section() string {
	section, _, ok := strings.Cut(s.key, ".")
	if !ok {
		return ""
	}
	return section
}

// leaf returns the part of a key after its last dot. It is unique.
func (s *setting) leaf() string { return s.key[strings.LastIndexByte(s.key, '.')+1:] }

// uses reports whether a model family reads the setting.
func (s *setting) uses(family string) bool {
	return len(s.models) == 0 || slices.Contains(s.models, family)
}

// find returns the setting of a key, whole or its last part, or nil.
func find(key string) *setting {
	for i := range settings {
		if settings[i].key == key || settings[i].leaf() == key {
			return &settings[i]
		}
	}
	return nil
}

// Keys returns every key, whole ("data.step"), in the order of a file.
func Keys() []string {
	out := make([]string, len(settings))
	for i := range settings {
		out[i] = settings[i].key
	}
	return out
}

// nearestKey returns the whole key of any section whose last part is nearest
// to that of the word; "" where none is near.
func nearestKey(word string) string {
	var all []string
	for i := range settings {
		all = append(all, settings[i].leaf())
	}
	if near := nearest(word[strings.LastIndexByte(word, '.')+1:], all); near != "" {
		return find(near).key
	}
	return ""
}

// Used calls do with every key that the chosen model reads, in the order of a
// file, and its value as YAML.
func (c *Config) Used(do func(key, value string)) {
	for i := range settings {
		if s := &settings[i]; s.uses(c.Model.ModelType) {
			do(s.key, text(s.field(c)))
		}
	}
}

// Unused returns the keys that were set by a file, the environment or a flag
// and that the chosen model does not read.
func (c *Config) Unused() []string {
	var out []string
	for i := range settings {
		s := &settings[i]
		if c.Source(s.key).Kind != Default && !s.uses(c.Model.ModelType) {
			out = append(out, s.key)
		}
	}
	return out
}

// Validate returns everything that is impossible in c as Errors, or nil.
func (c *Config) Validate() error {
	var errs Errors
	for i := range settings {
		s := &settings[i]
		if s.check == nil {
			continue
		}
		if reason := s.check(c); reason != "" {
			e := &Error{Source: c.Source(s.key), Key: s.key, Reason: reason}
			if s.key == "model.model_type" {
				e.Nearest = nearest(c.Model.ModelType, Known)
			}
			errs = append(errs, e)
		}
	}
	return errs.orNil()
}

func checkName(name string, emptyAllowed bool) string {
	switch {
	case name == "" && !emptyAllowed:
		return "must not be empty"
	case len(name) > 1024:
		return "is longer than 1024 bytes"
	case strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0xfffd }):
		return "must be printable text"
	}
	return ""
}

func checkStep(c *Config) string {
	if s := c.Data.Step; s < time.Second || s > 24*time.Hour || s%time.Second != 0 {
		return "must be whole seconds from 1s to 1d, got " + formatDuration(s)
	}
	return ""
}

// maxHorizon bounds how far ahead a configuration may look, so that sums of
// times cannot overflow.
const maxHorizon = 366 * 24 * time.Hour

func checkHorizons(c *Config) string {
	hs := c.Data.PredictionHorizons
	if len(hs) == 0 || len(hs) > 1000 {
		return fmt.Sprintf("must have 1 to 1000 horizons, got %d", len(hs))
	}
	previous := time.Duration(0)
	for i, h := range hs {
		if h.Steps < 0 || h.Duration < 0 || h == (Span{}) {
			return fmt.Sprintf("must be more than 0, got %v", h)
		}
		if h.Steps > int(maxHorizon/time.Second) || h.Length(c.Data.Step) > maxHorizon {
			return fmt.Sprintf("must be at most %s ahead, got %v", formatDuration(maxHorizon), h)
		}
		d := h.Length(c.Data.Step)
		if d%time.Second != 0 {
			return fmt.Sprintf("must be whole seconds, got %v", h)
		}
		if d <= previous {
			return fmt.Sprintf("must be ascending, got %v after %v", h, hs[i-1])
		}
		previous = d
	}
	return ""
}

func checkQuantiles(c *Config) string {
	qs := c.Data.Quantiles
	if len(qs) == 0 || len(qs) > 1000 {
		return fmt.Sprintf("must have 1 to 1000 quantiles, got %d", len(qs))
	}
	for i, q := range qs {
		if r := inside(q, 0, 1); r != "" {
			return r
		}
		if i > 0 && q <= qs[i-1] {
			return fmt.Sprintf("must be ascending, got %v after %v", q, qs[i-1])
		}
	}
	if !slices.Contains(qs, 0.5) {
		return "must have 0.5 among them, the median"
	}
	return ""
}

func checkBounds(c *Config) string {
	lo, hi := c.Data.LowerBound, c.Data.UpperBound
	if math.IsNaN(lo) || math.IsInf(lo, 1) {
		return "must be a number or -.inf"
	}
	if lo >= hi {
		return fmt.Sprintf("must be less than upper_bound, which is %v, got %v", hi, lo)
	}
	return ""
}

func checkModelType(c *Config) string {
	if slices.Contains(Known, c.Model.ModelType) {
		return ""
	}
	return fmt.Sprintf("no such model %q; the models are %s", c.Model.ModelType, strings.Join(Known, ", "))
}

func checkScope(c *Config) string {
	if slices.Contains(Scopes, c.Model.Scope) {
		return ""
	}
	return fmt.Sprintf("no such scope %q; the scopes are %s", c.Model.Scope, strings.Join(Scopes, ", "))
}

func intRange(v, lo, hi int) string {
	if v < lo || v > hi {
		return fmt.Sprintf("must be from %d to %d, got %d", lo, hi, v)
	}
	return ""
}

// inside checks that v lies between lo and hi and is neither.
func inside(v, lo, hi float64) string {
	if !(v > lo && v < hi) {
		return fmt.Sprintf("must be more than %v and less than %v, got %v", lo, hi, v)
	}
	return ""
}
