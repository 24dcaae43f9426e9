package record

import (
	"time"

	"github.com/foretide/foretide/internal/runs"
	"github.com/foretide/foretide/internal/terminal"
)

// A RunJSON is a run as JSON shows it.
type RunJSON struct {
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
	Curves     map[string][]PointJSON   `json:"curves,omitempty"` // of metrics with several values
	Inputs     []InputJSON              `json:"inputs,omitempty"`
	Artifacts  []ArtifactJSON           `json:"artifacts,omitempty"`
	Parts      []string                 `json:"parts,omitempty"`
}

// A PointJSON is a value of a curve.
type PointJSON struct {
	Step  int64         `json:"step"`
	Value terminal.Real `json:"value"`
	Time  time.Time     `json:"time"`
}

// An InputJSON is a data set that a run read.
type InputJSON struct {
	Name    string `json:"name"`
	Digest  string `json:"digest"`
	Source  string `json:"source"`
	Context string `json:"context,omitempty"`
}

// An ArtifactJSON is a file of a run.
type ArtifactJSON struct {
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"`
	Path  string `json:"path"`
}

// Describe returns a run for JSON, with its curves if they are asked for.
func Describe(r *runs.Run, curves bool) RunJSON {
	j := RunJSON{
		ID: r.ID, Experiment: r.Experiment, Name: r.Name, Status: r.Status.String(), Start: r.Start.UTC(),
		Seconds: took(r).Seconds(), User: r.User, Parent: r.Parent(), Params: r.Params, Tags: r.Tags, Metrics: map[string]terminal.Real{},
	}
	if !r.End.IsZero() {
		end := r.End.UTC()
		j.End = &end
	}
	for _, name := range r.Names() {
		j.Metrics[name] = terminal.Real(ValueOf(r, name))
	}
	for _, in := range r.Inputs {
		j.Inputs = append(j.Inputs, InputJSON{in.Name, in.Digest, in.Source, in.Context})
	}
	if curves {
		j.Curves = curvesOf(r)
	}
	return j
}

// curvesOf returns the metrics that have several values.
func curvesOf(r *runs.Run) map[string][]PointJSON {
	out := map[string][]PointJSON{}
	for name, points := range r.Metrics {
		if len(points) < 2 {
			continue
		}
		for _, p := range points {
			out[name] = append(out[name], PointJSON{p.Step, terminal.Real(p.Value), p.Time.UTC()})
		}
	}
	return out
}
