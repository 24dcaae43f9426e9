package main

import (
	"cmp"
	"errors"
	"github.com/foretide/foretide/core/models"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/foretide/foretide/infra/csvfile"
	"github.com/foretide/foretide/internal/fleet"
	"github.com/foretide/foretide/internal/report"
	"github.com/foretide/foretide/internal/terminal"
	"github.com/foretide/foretide/loader/config"
)

// settings are the flags that say what is forecast, and by which model.
type settings struct {
	metrics, counters              []string
	container, config, model, seed string
	scope                          string

	known *fleet.Configs // once they are asked for
	wide  bool           // models read columns beside the metrics, whatever the configuration says
}

// add declares the flags; what is "train", "judge" … for their help.
func (s *settings) add(cmd *cobra.Command, what string) {
	fs := cmd.Flags()
	fs.StringSliceVar(&s.metrics, "metric", nil, "metrics to "+what+several+" (default: all in the data)")
	addCounters(cmd, &s.counters)
	fs.StringVar(&s.container, "container", "", "the only container to "+what+" (default: all in the data)")
	fs.StringVar(&s.config, "config", "", "configuration file, or folder with METRIC.yaml (default: built in)")
	fs.StringVar(&s.seed, "seed", "", "seed of every random choice (default: the configuration's)")
}

// addCounters declares the flag of every command that reads metrics files.
func addCounters(cmd *cobra.Command, counters *[]string) {
	cmd.Flags().StringSliceVar(counters, "counter", nil,
		"metrics whose columns are running totals"+several+": their rates per second are taken")
}

// addModel declares the flags that choose one model.
func (s *settings) addModel(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.model, "model", "", "model: "+strings.Join(models.Names(), ", ")+" (default: the configuration's)")
	s.addScope(cmd)
}

// addScope declares the flag that says how many containers a model is for.
func (s *settings) addScope(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.scope, "scope", "", "for lstm: one model for all containers (global), one for each (container),\n"+
		"or one for all that is trained further on each (finetune) (default: the configuration's)")
}

// several ends the help of a flag that takes a list.
const several = ", repeated or with commas between"

// oldNames are flags that were called otherwise once: of all commands, and of
// one by its name.
var oldNames = map[string]map[string]string{
	"":         {"metrics": "metric", "counters": "counter", "model-type": "model"},
	"backtest": {"by": "group-by"},
	"import":   {"refit": "train-further"},
	"inspect":  {"config": "with-config"},
	"list":     {"metric": "show", "metrics": "show"},
	"compare":  {"metric": "show", "metrics": "show"},
}

// acceptOldNames lets the flags of a command and its subcommands have their old
// names, too.
func acceptOldNames(cmd *cobra.Command) {
	own := oldNames[cmd.Name()]
	cmd.Flags().SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		return pflag.NormalizedName(cmp.Or(own[name], oldNames[""][name], name))
	})
	for _, sub := range cmd.Commands() {
		acceptOldNames(sub)
	}
}

// configs returns the configurations that the flags ask for.
func (s *settings) configs() *fleet.Configs {
	if s.known != nil {
		return s.known
	}
	s.known = &fleet.Configs{Path: s.config, Environ: os.Environ(), Container: s.container}
	for _, f := range []struct{ key, flag, value string }{{"model_type", "model", s.model}, {"seed", "seed", s.seed}, {"scope", "scope", s.scope}} {
		if f.value != "" {
			s.known.Overrides = append(s.known.Overrides, config.Flag(f.key, f.flag, f.value))
		}
	}
	return s.known
}

// check reads the configurations that are known to be needed before any data
// is read, so that a mistake in them is found at once.
func (s *settings) check() error {
	metrics := s.metrics
	if len(metrics) == 0 {
		if s.configs().Folder() {
			return nil
		}
		metrics = []string{""}
	}
	for _, metric := range metrics {
		if _, err := s.configs().Of(metric); err != nil {
			return err
		}
	}
	return nil
}

// first is the metric whose configuration stands for all: the first of the
// flags, else the file's own.
func (s *settings) first() string {
	if len(s.metrics) > 0 {
		return s.metrics[0]
	}
	return ""
}

// read reads the data that the settings ask for and returns the metrics to
// work on: those of the flags, else the configuration file's, else all.
func (s *settings) read(cmd *cobra.Command, a *app, path string) (*csvfile.Data, []string, error) {
	first, err := s.configs().Of(s.first())
	if err != nil {
		return nil, nil, err
	}
	horizons := first.Horizons()
	columns := s.metrics
	for _, m := range s.metrics {
		if c, err := s.configs().Of(m); err == nil && (s.wide || models.Of(c.Model.ModelType).Siblings || len(c.Columns()) > 0) {
			columns = nil // all: those that models read are among them
		}
	}
	data, err := a.readData(cmd.Context(), path, csvfile.Options{
		Metrics: columns, Counters: s.counters, Container: s.container,
		Horizon: int64(horizons[len(horizons)-1] / time.Second),
	})
	if err != nil {
		return nil, nil, err
	}
	have := metricsOf(data.Frames)
	metrics := s.metrics
	if len(metrics) == 0 {
		metrics = have
		if s.config != "" && !s.configs().Folder() {
			c, err := s.configs().Of("")
			if err != nil {
				return nil, nil, err
			}
			metrics = []string{c.MetricName}
		}
	}
	for _, m := range metrics {
		if err := checkMetric(m, have); err != nil {
			return nil, nil, err
		}
	}
	return data, metrics, nil
}

// jobs lists what there is to train in the data.
func (s *settings) jobs(cmd *cobra.Command, a *app, path string) ([]fleet.Job, error) {
	data, metrics, err := s.read(cmd, a, path)
	if err != nil {
		return nil, err
	}
	jobs, err := s.configs().Jobs(data.Frames, metrics)
	if errors.Is(err, fleet.ErrNoJob) {
		return nil, dataf("%s: %v (there are %s)", path, err, terminal.List(data.Containers()))
	}
	if err != nil {
		return nil, err
	}
	a.notices(report.MissingHorizons(jobs))
	a.tellOutsideJobs(jobs)
	return jobs, nil
}
