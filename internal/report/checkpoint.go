package report

import (
	"cmp"
	"fmt"
	"io"
	"time"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/internal/terminal"
)

// WriteCheckpoint prints what a checkpoint says of itself. Its size is that of
// the file.
func WriteCheckpoint(w io.Writer, file string, size int64, c *codec.Checkpoint) {
	p := &c.Provenance
	serves := c.Container
	if serves == "" {
		serves = "every container"
	}
	line := func(name, format string, args ...any) {
		fmt.Fprintf(w, "%-14s%s\n", name, fmt.Sprintf(format, args...))
	}
	line("file", "%s (%d bytes, model %d)", file, size, len(c.Payload))
	line("forecasts", "%s of %s at steps of %s", c.Metric, serves, time.Duration(c.Step)*time.Second)
	line("model", "%s: %s (%s)", p.Model, cmp.Or(p.Summary, c.Kind), p.Status)
	line("history", "%s to %s, %d observed values", terminal.Stamp(p.DataStart), terminal.Stamp(p.DataEnd), p.Points)
	line("data", "%s", p.DataDigest)
	line("written by", "foretide %s, seed %d, kind %s", p.Version, p.Seed, c.Kind)
	for _, n := range p.Notes {
		line("note", "%s", n)
	}
	t := terminal.NewTable("horizon", "forecasts", "MAE", "ratio", "covers 80 %")
	t.Right(1, 2, 3, 4)
	for _, s := range p.Scores {
		t.Row(terminal.Minutes(s.Ahead), fmt.Sprint(s.Count), terminal.Number(s.MAE), terminal.Ratio(s.Ratio), terminal.Share(s.Coverage))
	}
	t.Write(w)
}

// A CheckpointJSON is a checkpoint as JSON shows it.
type CheckpointJSON struct {
	File      string      `json:"file"`
	Bytes     int64       `json:"bytes"`
	Kind      string      `json:"kind"`
	Metric    string      `json:"metric"`
	Container string      `json:"container"`
	Step      int64       `json:"step_s"`
	Horizons  []int64     `json:"horizons_s"`
	Levels    []float64   `json:"quantiles"`
	Version   string      `json:"version"`
	Model     string      `json:"model"`
	Summary   string      `json:"summary"`
	Status    string      `json:"status"`
	Seed      uint64      `json:"seed"`
	From      time.Time   `json:"history_from"`
	To        time.Time   `json:"history_to"`
	Points    int64       `json:"points"`
	Digest    string      `json:"data_digest"`
	Trained   []string    `json:"trained_on"`
	Notes     []string    `json:"notes,omitempty"`
	Scores    []scoreJSON `json:"validation"`
	Config    string      `json:"config"`
}

type scoreJSON struct {
	Ahead    int64         `json:"horizon_s"`
	Count    int64         `json:"rows"`
	MAE      terminal.Real `json:"mae"`
	Ratio    terminal.Real `json:"ratio"`
	Coverage terminal.Real `json:"coverage80"`
}

// DescribeCheckpoint returns what a checkpoint says of itself for JSON.
func DescribeCheckpoint(file string, size int64, c *codec.Checkpoint) CheckpointJSON {
	p := &c.Provenance
	j := CheckpointJSON{
		File: file, Bytes: size, Kind: c.Kind, Metric: c.Metric, Container: c.Container, Step: c.Step,
		Horizons: c.Horizons, Levels: c.Levels, Version: p.Version, Model: p.Model, Summary: p.Summary, Status: p.Status,
		Seed: p.Seed, From: time.Unix(p.DataStart, 0).UTC(), To: time.Unix(p.DataEnd, 0).UTC(), Points: p.Points,
		Digest: p.DataDigest, Trained: p.Containers, Notes: p.Notes, Scores: []scoreJSON{}, Config: p.Config,
	}
	for _, s := range p.Scores {
		j.Scores = append(j.Scores, scoreJSON{s.Ahead, s.Count, terminal.Real(s.MAE), terminal.Real(s.Ratio), terminal.Real(s.Coverage)})
	}
	return j
}
