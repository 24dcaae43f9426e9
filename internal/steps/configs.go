package steps

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/foretide/foretide/loader/config"
	"github.com/foretide/foretide/loader/store"
)

// ConfigFolder is where the bucket has configurations: METRIC.yaml.
const ConfigFolder = "configs/"

// maxConfig is the most bytes of a configuration.
const maxConfig = 1 << 20

// Configs are the configurations of metrics: a file of the bucket over the
// defaults, and the environment over the file. One that was read serves for the
// life of the process. Safe for concurrent use.
type Configs struct {
	Objects store.Bucket
	Environ []string // of "NAME=value" strings
	// Check reports what is wrong with a configuration that was read; nil for
	// nothing.
	Check func(*config.Config) error

	mu    sync.Mutex
	known map[string]*config.Config
}

// Of returns the configuration of a metric, trained by the model family where
// one is named. Equal arguments give the same pointer.
func (c *Configs) Of(ctx context.Context, metric, model string) (*config.Config, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := metric + "\x00" + model
	if known := c.known[key]; known != nil {
		return known, nil
	}
	out, err := c.read(ctx, metric)
	if err != nil {
		return nil, err
	}
	overrides := config.Env(c.Environ)
	if model != "" {
		overrides = append(overrides, config.Flag("model_type", "model", model))
	}
	if err := out.Apply(overrides...); err != nil {
		return nil, err
	}
	if c.Check != nil {
		if err := c.Check(out); err != nil {
			return nil, err
		}
	}
	if c.known == nil {
		c.known = map[string]*config.Config{}
	}
	c.known[key] = out
	return out, nil
}

func (c *Configs) read(ctx context.Context, metric string) (*config.Config, error) {
	key := ConfigFolder + metric + ".yaml"
	data, _, err := c.Objects.Get(ctx, key, maxConfig)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return config.Defaults(metric), nil
	case err != nil:
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	out, err := config.Parse(key, data)
	if err != nil {
		return nil, err
	}
	if out.MetricName != metric {
		if out.Source("metric_name").Kind != config.Default {
			return nil, fmt.Errorf("%s: its metric_name is %s; the file's name says %s", key, out.MetricName, metric)
		}
		err = out.Apply(config.Flag("metric_name", "metric", metric))
	}
	return out, err
}
