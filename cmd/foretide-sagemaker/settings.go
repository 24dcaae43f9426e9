package main

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/infra/sagemaker"
	"github.com/foretide/foretide/internal/fleet"
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

	configs fleet.Configs // by the other hyperparameters and the channel config
}

// settingsOf takes hyperparameters apart. A name is that of a setting of the
// configuration, with - or _ between its words, or one of our own.
func settingsOf(hyper map[string]string) (*settings, error) {
	s := &settings{grace: defaultGrace, configs: fleet.Configs{Environ: os.Environ()}}
	for _, name := range slices.Sorted(maps.Keys(hyper)) {
		value := hyper[name]
		switch key := strings.ReplaceAll(name, "-", "_"); key {
		case "metric", "metrics":
			s.metrics = append(s.metrics, words(value)...)
		case "counters":
			s.counters = words(value)
		case "container":
			s.container, s.configs.Container = value, value
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
			s.configs.Overrides = append(s.configs.Overrides, config.Override{Key: key, Value: value,
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

// horizon is the longest time ahead that is asked for.
func (s *settings) horizon() (time.Duration, error) {
	metrics := s.metrics
	if len(metrics) == 0 {
		metrics = []string{series.CPU}
	}
	c, err := s.configs.Of(metrics[0])
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
			s.configs.Path = layout.Data(name)
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
