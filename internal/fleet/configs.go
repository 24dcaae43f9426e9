package fleet

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/loader/config"
)

// ErrNoJob reports that the configurations are for other containers than the data
// has.
var ErrNoJob = errors.New("nothing to train: the configuration's container_name is not in the data")

// Configs are the configurations of metrics: overrides over the environment, the
// environment over a file, a file over the defaults. One that was read is kept.
type Configs struct {
	Path      string            // a file, or a folder with METRIC.yaml; "" for none
	Environ   []string          // of "NAME=value" strings
	Overrides []config.Override // flags, or what else is given with the command
	Container string            // the only one that is asked for; "" for all

	known map[string]*config.Config // by metric; "" is the file's own
}

// Fixed returns the configurations of one metric, which is that of the
// configuration.
func Fixed(c *config.Config, container string) *Configs {
	return &Configs{Container: container, known: map[string]*config.Config{c.MetricName: c}}
}

// Folder reports whether the configurations are in a folder.
func (c *Configs) Folder() bool {
	info, err := os.Stat(c.Path)
	return c.Path != "" && err == nil && info.IsDir()
}

// Of returns the configuration of a metric; "" stands for the metric that the
// file names, or cpu. Equal metrics give the same pointer.
func (c *Configs) Of(metric string) (*config.Config, error) {
	if known := c.known[metric]; known != nil {
		return known, nil
	}
	file := c.Path
	if c.Folder() {
		file = filepath.Join(file, metric+".yaml")
		if _, err := os.Stat(file); os.IsNotExist(err) {
			file = ""
		}
	}
	out, err := LoadConfig(file, metric, c.Environ)
	if err != nil {
		return nil, err
	}
	if err := out.Apply(c.Overrides...); err != nil {
		return nil, err
	}
	if _, err := Configured(out); err != nil {
		return nil, err
	}
	if c.Container != "" && out.Source("model.scope").Kind == config.Default {
		out.Model.Scope = config.ScopeContainer // one container is asked for: its model is its own
	}
	if c.known == nil {
		c.known = map[string]*config.Config{}
	}
	c.known[metric] = out
	return out, nil
}

// LoadConfig returns the configuration of a metric: the environment over the
// file, the file over the defaults. A metric that is named must be the file's,
// where the file names one. Neither the file nor the metric need be given.
func LoadConfig(file, metric string, environ []string) (*config.Config, error) {
	out := config.Defaults(series.CPU)
	if metric != "" {
		out = config.Defaults(metric)
	}
	if file != "" {
		var err error
		if out, err = config.Load(file); err != nil {
			return nil, err
		}
	}
	if metric != "" && metric != out.MetricName {
		if from := out.Source("metric_name"); from.Kind != config.Default {
			return nil, config.Errors{{Source: from, Key: "metric_name", Reason: fmt.Sprintf("%s is for metric %s, not %s", file, out.MetricName, metric)}}
		}
		if err := out.Apply(config.Flag("metric_name", "metric", metric)); err != nil {
			return nil, err
		}
	}
	return out, out.Apply(config.Env(environ)...)
}

// Serves reports whether a metric's configuration is for the container: for
// every one unless it names one and no flag does.
func (c *Configs) Serves(of *config.Config, container string) bool {
	return c.Container != "" || of.ContainerName == "" ||
		of.Source("container_name").Kind == config.Default || of.ContainerName == container
}

// Jobs lists what there is to train of the metrics in the data. The error may
// wrap ErrNoJob.
func (c *Configs) Jobs(frames []series.Frame, metrics []string) ([]Job, error) {
	var jobs []Job
	for i := range frames {
		for _, m := range metrics {
			if frames[i].Column(m) < 0 {
				continue
			}
			of, err := c.Of(m)
			if err != nil {
				return nil, err
			}
			if c.Serves(of, frames[i].Container) {
				jobs = append(jobs, Job{Frame: &frames[i], Config: of})
			}
		}
	}
	if len(jobs) == 0 {
		return nil, ErrNoJob
	}
	return jobs, nil
}
