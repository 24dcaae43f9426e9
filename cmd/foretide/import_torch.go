package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/foretide/foretide/core/lstm"
	"github.com/foretide/foretide/infra/torch"
	"github.com/foretide/foretide/internal/fleet"
	"github.com/foretide/foretide/loader/config"
)

// isSafetensors reports whether a file is one of tensors: by its name, or by
// what it begins with, the length of a JSON object.
func isSafetensors(path string) (bool, error) {
	if strings.EqualFold(filepath.Ext(path), ".safetensors") {
		return true, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer file.Close()
	var b [9]byte
	if _, err := io.ReadFull(file, b[:]); err != nil {
		return false, nil // too short for one
	}
	return binary.LittleEndian.Uint64(b[:]) < 1<<32 && b[8] == '{', nil
}

// importTorch makes a checkpoint of a network that was trained in PyTorch.
func (a *app) importTorch(cmd *cobra.Command, path string, f *importFlags) error {
	for _, name := range []string{"step", "time-zone"} {
		if cmd.Flags().Changed(name) {
			return usagef(cmd, "--%s is for models of Prophet: %s says itself what it forecasts", name, path)
		}
	}
	if err := needData(cmd, f.data); err != nil {
		return err
	}
	bucket, err := writableStore(cmd.Context(), f.store)
	if err != nil {
		return err
	}
	model, err := torch.Open(path)
	if err != nil {
		return err
	}
	c, err := f.configOf(cmd, path, model)
	if err != nil {
		return err
	}
	s := settings{metrics: []string{c.MetricName}, counters: f.counters, container: f.container,
		known: fleet.Fixed(c, f.container)}
	jobs, err := s.jobs(cmd, a, f.data)
	if err != nil {
		return err
	}
	if jobs, err = a.ofStep(jobs, model.Fitted.Spec().Step); err != nil {
		return fmt.Errorf("%s: %w", f.data, err)
	}
	if have := fleet.Digest(jobs); model.Data != "" && have != model.Data {
		a.notice("foretide: %s was trained on other data than these: if any of it is in the last %.0f %% of these, which judge it,\nit looks better than it is",
			path, 100*(1-c.Data.TrainSplit))
	}
	out, err := a.trainFleet(cmd.Context(), jobs, bucket, fleet.Options{
		Trained: &fleet.Trained{Model: model.Fitted, Again: f.refit}})
	if err != nil {
		return err
	}
	return a.trained(f.store, out, false)
}

// configOf returns the configuration that a network is imported with: the one
// that its training had, unless a flag names another, which must be of the same
// task.
func (f *importFlags) configOf(cmd *cobra.Command, path string, model *torch.Model) (*config.Config, error) {
	task := &model.Fitted.Spec().Task
	if f.metric != "" && f.metric != task.Metric {
		return nil, usagef(cmd, "--metric is %s, and %s forecasts %s", f.metric, path, task.Metric)
	}
	var c *config.Config
	var err error
	switch {
	case f.config != "" || model.Config == "":
		c, err = fleet.LoadConfig(f.config, task.Metric, os.Environ())
	default:
		c, err = config.Parse(path+" (foretide.config)", []byte(model.Config))
	}
	if err != nil {
		return nil, err
	}
	c = c.Clone()
	if f.container != "" && f.scope == "" {
		c.Model.Scope = config.ScopeContainer
	}
	if f.scope != "" {
		if err := c.Apply(config.Flag("scope", "scope", f.scope)); err != nil {
			return nil, err
		}
	}
	// What the network is, whatever the file says.
	s := model.Fitted.Network().Shape()
	c.Model.ModelType = lstm.Name
	c.Data.WindowSize = s.Steps
	c.Model.HiddenSize, c.Model.NumLayers, c.Model.Bidirectional, c.Model.HeadSize = s.Hidden, s.Layers, s.Bidirectional, s.Width
	have, err := fleet.Task(c, task.Step)
	if err != nil {
		return nil, err
	}
	if c.MetricName != task.Metric || !slices.Equal(have.Horizons, task.Horizons) || !slices.Equal(have.Levels, task.Levels) {
		return nil, usagef(cmd, "%s forecasts %s %v s ahead with quantiles %v, and the configuration asks for %s %v s ahead with %v: leave out --config",
			path, task.Metric, task.Horizons, task.Levels, c.MetricName, have.Horizons, have.Levels)
	}
	return c, nil
}
