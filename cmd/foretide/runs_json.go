package main

import (
	"time"

	"github.com/foretide/foretide/internal/runs"
	"github.com/foretide/foretide/internal/terminal"
)

type runJSON struct {
	ID         string                   `json:"id"`
	Experiment string                   `json:"experiment"`
	Name       string                   `json:"name"`
	Status     string                   `json:"status"`
	Start      time.Time                `json:"start"`
	End        *time.Time               `json:"end"` // null while it goes on
	Seconds    float64                  `json:"seconds"`
	User       string                   `json:"user,omitempty"`
	Parent     string                   `json:"parent,omitempty"`
	Params     map[string]string        `json:"params"`
	Tags       map[string]string        `json:"tags"`
	Metrics    map[string]terminal.Real `json:"metrics"`          // the last values
	Curves     map[string][]pointJSON   `json:"curves,omitempty"` // of metrics with several values
	Inputs     []inputJSON              `json:"inputs,omitempty"`
	Artifacts  []artifactJSON           `json:"artifacts,omitempty"`
	Parts      []string                 `json:"parts,omitempty"`
}

type pointJSON struct {
	Step  int64         `json:"step"`
	Value terminal.Real `json:"value"`
	Time  time.Time     `json:"time"`
}

type inputJSON struct {
	Name    string `json:"name"`
	Digest  string `json:"digest"`
	Source  string `json:"source"`
	Context string `json:"context,omitempty"`
}

type artifactJSON struct {
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"`
	Path  string `json:"path"`
}

// describe returns a run for JSON, without its curves.
func describe(r *runs.Run) runJSON {
	j := runJSON{
		ID: r.ID, Experiment: r.Experiment, Name: r.Name, Status: r.Status.String(), Start: r.Start.UTC(),
		Seconds: took(r).Seconds(), User: r.User, Parent: r.Parent(), Params: r.Params, Tags: r.Tags, Metrics: map[string]terminal.Real{},
	}
	if !r.End.IsZero() {
		end := r.End.UTC()
		j.End = &end
	}
	for _, name := range r.Names() {
		j.Metrics[name] = terminal.Real(valueOf(r, name))
	}
	for _, in := range r.Inputs {
		j.Inputs = append(j.Inputs, inputJSON{in.Name, in.Digest, in.Source, in.Context})
	}
	return j
}

// curvesOf returns the metrics that have several values.
func curvesOf(r *runs.Run) map[string][]pointJSON {
	out := map[string][]pointJSON{}
	for name, points := range r.Metrics {
		if len(points) < 2 {
			continue
		}
		for _, p := range points {
			out[name] = append(out[name], pointJSON{p.Step, terminal.Real(p.Value), p.Time.UTC()})
		}
	}
	return out
}
