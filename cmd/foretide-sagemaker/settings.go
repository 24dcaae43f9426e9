package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/infra/sagemaker"
	"github.com/foretide/foretide/internal/family"
	"github.com/foretide/foretide/internal/near"
	"github.com/foretide/foretide/loader/config"
)

// The channels that a training reads.
var (
	dataChannels  = []string{"train", "training"}
	configChannel = "config"
)

// defaultGrace is how long after SIGTERM a training works on the best that it has:
// SageMaker ends the container after 120 s.
const (
	defaultGrace = 100 * time.Second
	mostGrace    = time.Hour
)

// settings are what the hyperparameters ask for.
type settings struct {
	metrics, counters []string // metrics: none is all in the data
	container         string   // "" is all in the data
	grace             time.Duration

	overrides []config.Override // of configurations, by the other hyperparameters
	configs   string            // folder with METRIC.yaml; "" for none
	known     map[string]*config.Config
}

// settingsOf takes hyperparameters apart. A name is that of a setting of the
// configuration, with - or _ between its words, or one of our own.
func settingsOf(hyper map[string]string) (*settings, error) {
	s := &settings{grace: defaultGrace, known: map[string]*config.Config{}}
	for _, name := range slices.Sorted(maps.Keys(hyper)) {
		value := hyper[name]
		switch key := strings.ReplaceAll(name, "-", "_"); key {
		case "metric", "metrics":
			s.metrics = append(s.metrics, words(value)...)
		case "counters":
			s.counters = words(value)
		case "container":
			s.container = value
		case "grace":
			d, err := time.ParseDuration(value)
			if err != nil || d < 0 || d > mostGrace {
				return nil, fmt.Errorf("hyperparameter grace is %.40q; it is the time from SIGTERM to the end, such as %v", value, defaultGrace)
			}
			s.grace = d
		default:
			switch key {
			case "model":
				key = "model_type"
			case "horizon", "horizons":
				key = "prediction_horizons"
			}
			if !isSetting(key) {
				return nil, fmt.Errorf("there is no hyperparameter %.80q%s", name, near.Hint(key, names()))
			}
			s.overrides = append(s.overrides, config.Override{Key: key, Value: value,
				Source: config.Source{Kind: config.CommandLine, Name: "hyperparameters " + name}})
		}
	}
	return s, nil
}

// words are those of a list with commas between them.
func words(list string) []string {
	var out []string
	for w := range strings.SplitSeq(strings.Trim(strings.TrimSpace(list), "[]"), ",") {
		if w = strings.Trim(strings.TrimSpace(w), `"`); w != "" {
			out = append(out, w)
		}
	}
	return out
}

func names() []string {
	out := []string{"metric", "counters", "container", "grace", "horizons"}
	for _, key := range config.Keys() {
		out = append(out, key[strings.LastIndexByte(key, '.')+1:])
	}
	return out
}

func isSetting(key string) bool {
	return slices.ContainsFunc(config.Keys(), func(k string) bool { return k == key || strings.HasSuffix(k, "."+key) })
}

// of returns the configuration of a metric: the hyperparameters over the
// environment over the file of the channel config over the defaults.
func (s *settings) of(metric string) (*config.Config, error) {
	if c := s.known[metric]; c != nil {
		return c, nil
	}
	c := config.Defaults(metric)
	if s.configs != "" {
		file, err := config.Load(filepath.Join(s.configs, metric+".yaml"))
		switch {
		case err == nil && file.MetricName != metric:
			return nil, fmt.Errorf("%s: it is for metric %s", filepath.Join(s.configs, metric+".yaml"), file.MetricName)
		case err == nil:
			c = file
		case !errors.Is(err, fs.ErrNotExist):
			return nil, err
		}
	}
	if err := c.Apply(append(config.Env(os.Environ()), s.overrides...)...); err != nil {
		return nil, err
	}
	if _, err := family.Configured(c); err != nil {
		return nil, err
	}
	if s.container != "" && c.Source("model.scope").Kind == config.Default {
		c.Model.Scope = config.ScopeContainer // one container is asked for: its model is its own
	}
	s.known[metric] = c
	return c, nil
}

// serves reports whether a metric's configuration is for the container.
func (s *settings) serves(c *config.Config, container string) bool {
	return s.container != "" || c.ContainerName == "" ||
		c.Source("container_name").Kind == config.Default || c.ContainerName == container
}

// horizon is the longest time ahead that is asked for.
func (s *settings) horizon() (time.Duration, error) {
	metrics := s.metrics
	if len(metrics) == 0 {
		metrics = []string{series.CPU}
	}
	c, err := s.of(metrics[0])
	if err != nil {
		return 0, err
	}
	return slices.Max(c.Horizons()), nil
}

// channel returns the folder of the data, and whether each host has another part
// of it; it notes where configurations are.
func (s *settings) channel(layout sagemaker.Layout, job *sagemaker.Job) (dir string, sharded bool, err error) {
	have := slices.Sorted(maps.Keys(job.Channels))
	for _, name := range have {
		switch {
		case name == configChannel:
			s.configs = layout.Data(name)
		case !slices.Contains(dataChannels, name):
			return "", false, fmt.Errorf("there is no use for the channel %q: metrics are in the channel train, METRIC.yaml in config", name)
		case dir != "":
			return "", false, fmt.Errorf("there are the channels train and training: metrics are in one of them")
		default:
			dir, sharded = layout.Data(name), job.Channels[name].Sharded()
		}
	}
	if dir == "" {
		return "", false, fmt.Errorf("%s: there is no channel train with the metrics", layout.Data(""))
	}
	return dir, sharded, nil
}
