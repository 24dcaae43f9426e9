package mlflow

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-json"

	"github.com/foretide/foretide/internal/runs"
)

// The limits of a server, of which we stay clear.
const (
	maxMetrics  = 1000 // of a request
	maxParams   = 100
	maxTags     = 100
	maxEntities = 1000
	maxRequest  = 900_000 // bytes, of 1,000,000
	maxParam    = 6000    // characters
	maxTag      = 5000
)

// Tags that Send gives a meaning.
const (
	// TagOrigin is on the server the ID that the run has here.
	TagOrigin = "foretide.run_id"
	// TagRegister asks, here, for a version of this registered model.
	TagRegister = "foretide.register"
)

// State says how much of a run a server has.
type state struct {
	Server     string            `json:"server"`
	Asked      bool              `json:"asked,omitempty"` // a run was asked for; it may be there
	Experiment string            `json:"experiment,omitempty"`
	Run        string            `json:"run,omitempty"` // its ID there
	Artifacts  string            `json:"artifacts_uri,omitempty"`
	Params     map[string]bool   `json:"params,omitempty"`
	Tags       map[string]string `json:"tags,omitempty"`
	Points     map[string]int    `json:"points,omitempty"` // of each metric
	Inputs     int               `json:"inputs,omitempty"`
	Files      map[string]string `json:"files,omitempty"` // size and time of change
	NoProxy    bool              `json:"no_proxy,omitempty"`
	Status     runs.Status       `json:"status,omitempty"`
	End        int64             `json:"end,omitempty"`
	Registered string            `json:"registered,omitempty"`
}

// A sending sends one run.
type sending struct {
	c      *Client
	dir    runs.Dir
	run    *runs.Run
	folder string
	state  state
	warn   func(string)
}

// Send sends to the server what it lacks of a run, and of the one that the run
// is a part of. It can be ended and called again. warn is given what a user
// should know; it may be nil.
func (c *Client) Send(ctx context.Context, dir runs.Dir, id string, warn func(string)) error {
	_, err := c.send(ctx, dir, id, warn, 0)
	return err
}

// Sent reports whether the server has all of a run that has ended.
func (c *Client) Sent(dir runs.Dir, r *runs.Run) bool {
	folder, err := dir.Folder(r.ID)
	if err != nil {
		return false
	}
	st := c.load(folder)
	return !r.End.IsZero() && st.End == r.End.UnixMilli() && (r.Tags[TagRegister] == "" || st.Registered != "")
}

// maxDepth bounds how deep runs are parts of others.
const maxDepth = 8

func (c *Client) send(ctx context.Context, dir runs.Dir, id string, warn func(string), depth int) (remote string, err error) {
	r, err := dir.Read(id)
	if err != nil {
		return "", err
	}
	folder, err := dir.Folder(id)
	if err != nil {
		return "", err
	}
	if warn == nil {
		warn = func(string) {}
	}
	s := &sending{c: c, dir: dir, run: r, folder: folder, state: c.load(folder), warn: warn}
	parent := ""
	if p := r.Parent(); p != "" && s.state.Run == "" && depth < maxDepth {
		if parent, err = c.parent(ctx, dir, p, warn, depth); err != nil && !errors.Is(err, runs.ErrNotFound) {
			return "", err
		}
	}
	for _, step := range []func(context.Context) error{
		func(ctx context.Context) error { return s.create(ctx, parent) }, s.batches, s.inputs, s.files, s.end, s.register,
	} {
		if err := step(ctx); err != nil {
			return "", err
		}
	}
	return s.state.Run, nil
}

// parent returns the ID on the server of a run that others are parts of.
func (c *Client) parent(ctx context.Context, dir runs.Dir, id string, warn func(string), depth int) (string, error) {
	if folder, err := dir.Folder(id); err == nil {
		if st := c.load(folder); st.Run != "" {
			return st.Run, nil
		}
	}
	return c.send(ctx, dir, id, warn, depth+1)
}

// stateName is where the state of a run is kept: each server has its own.
func (c *Client) stateName(folder string) string {
	sum := sha256.Sum256([]byte(c.Server()))
	return filepath.Join(folder, ".sent-"+hex.EncodeToString(sum[:6])+".json")
}

// load reads the state of a run; one that cannot be read is that of a run of
// which nothing is known, except that it may be there.
func (c *Client) load(folder string) state {
	st := state{}
	b, err := os.ReadFile(c.stateName(folder))
	if !errors.Is(err, fs.ErrNotExist) && (err != nil || json.Unmarshal(b, &st) != nil || st.Server != c.Server()) {
		st = state{Asked: true}
	}
	st.Server = c.Server()
	for _, m := range []*map[string]string{&st.Tags, &st.Files} {
		if *m == nil {
			*m = map[string]string{}
		}
	}
	if st.Params == nil {
		st.Params = map[string]bool{}
	}
	if st.Points == nil {
		st.Points = map[string]int{}
	}
	for name, n := range st.Points {
		st.Points[name] = max(n, 0)
	}
	return st
}

// save keeps the state.
func (s *sending) save() error {
	b, err := json.Marshal(&s.state)
	if err != nil {
		return err
	}
	path := s.c.stateName(s.folder)
	if err := os.WriteFile(path+".new", b, 0o666); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// create makes the run on the server, once.
func (s *sending) create(ctx context.Context, parent string) (err error) {
	if s.state.Run != "" {
		return nil
	}
	if s.state.Experiment, err = s.c.experiment(ctx, s.run.Experiment); err != nil {
		return err
	}
	if s.state.Asked { // and the answer was lost
		s.state.Run, s.state.Artifacts, err = s.c.findRun(ctx, s.state.Experiment, TagOrigin, s.run.ID)
		if err != nil {
			return err
		}
		if s.state.Run != "" {
			return s.save()
		}
	}
	s.state.Asked = true
	if err := s.save(); err != nil {
		return err
	}
	tags := []pair{{TagOrigin, s.run.ID}}
	if parent != "" {
		tags = append(tags, pair{runs.TagParent, parent})
	}
	var made runInfo
	err = s.c.call(ctx, "runs/create", nil, map[string]any{
		"experiment_id": s.state.Experiment, "run_name": s.run.Name, "start_time": s.run.Start.UnixMilli(),
		"user_id": s.run.User, "tags": tags,
	}, &made)
	if err != nil {
		return err
	}
	s.state.Run, s.state.Artifacts = made.Run.Info.ID, made.Run.Info.Artifacts
	if s.state.Run == "" {
		return fmt.Errorf("mlflow: runs/create: the answer of %s names no run", s.c.Server())
	}
	return s.save()
}

type pair struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

type point struct {
	Key   string `json:"key"`
	Value number `json:"value"`
	Time  int64  `json:"timestamp"`
	Step  int64  `json:"step"`
}

// A number is written as JSON of Protocol Buffers has it.
type number float64

func (v number) MarshalJSON() ([]byte, error) {
	switch f := float64(v); {
	case math.IsNaN(f):
		return []byte(`"NaN"`), nil
	case math.IsInf(f, 1):
		return []byte(`"Infinity"`), nil
	case math.IsInf(f, -1):
		return []byte(`"-Infinity"`), nil
	default:
		return json.Marshal(f)
	}
}

// A batch is one request, and what the state is once it is answered.
type batch struct {
	Run     string  `json:"run_id"`
	Metrics []point `json:"metrics,omitempty"`
	Params  []pair  `json:"params,omitempty"`
	Tags    []pair  `json:"tags,omitempty"`

	size int
}

// batches sends metrics, parameters and tags in requests within the limits.
func (s *sending) batches(ctx context.Context) error {
	b := &batch{}
	flush := func() error {
		if len(b.Metrics)+len(b.Params)+len(b.Tags) == 0 {
			return nil
		}
		b.Run = s.state.Run
		if err := s.c.call(ctx, "runs/log-batch", nil, b, nil); err != nil {
			return err
		}
		s.sent(b)
		b = &batch{}
		return s.save()
	}
	// room makes room for something of n bytes.
	room := func(n int) error {
		full := len(b.Metrics) >= maxMetrics || len(b.Params) >= maxParams || len(b.Tags) >= maxTags ||
			len(b.Metrics)+len(b.Params)+len(b.Tags) >= maxEntities || b.size+n > maxRequest
		b.size += n
		if full {
			size := n
			if err := flush(); err != nil {
				return err
			}
			b.size = size
		}
		return nil
	}
	for _, k := range slices.Sorted(maps.Keys(s.run.Params)) {
		p := pair{k, cut(s.run.Params[k], maxParam)}
		if s.state.Params[k] {
			continue
		}
		if err := room(sizeOf(p)); err != nil {
			return err
		}
		b.Params = append(b.Params, p)
	}
	for _, p := range s.tags() {
		if err := room(sizeOf(p)); err != nil {
			return err
		}
		b.Tags = append(b.Tags, p)
	}
	for _, k := range s.run.Names() {
		points := s.run.Metrics[k]
		for _, p := range points[min(s.state.Points[k], len(points)):] {
			q := point{k, number(p.Value), p.Time.UnixMilli(), p.Step}
			if err := room(sizeOf(q)); err != nil {
				return err
			}
			b.Metrics = append(b.Metrics, q)
		}
	}
	return flush()
}

// tags are those that the server lacks, or has with another value.
func (s *sending) tags() []pair {
	var out []pair
	for _, k := range slices.Sorted(maps.Keys(s.run.Tags)) {
		v := cut(s.run.Tags[k], maxTag)
		if k == runs.TagParent || k == TagRegister || s.state.Tags[k] == digest(v) {
			continue
		}
		out = append(out, pair{k, v})
	}
	return out
}

// sent notes what a batch had.
func (s *sending) sent(b *batch) {
	for _, p := range b.Params {
		s.state.Params[p.Key] = true
	}
	for _, p := range b.Tags {
		s.state.Tags[p.Key] = digest(p.Value)
	}
	for _, p := range b.Metrics {
		s.state.Points[p.Key]++
	}
}

func digest(v string) string {
	sum := sha256.Sum256([]byte(v))
	return hex.EncodeToString(sum[:8])
}

// sizeOf is how much of a request something takes, at most.
func sizeOf(v any) int {
	b, _ := json.Marshal(v) // of our own types
	return len(b) + 1
}

// cut shortens a text to so many characters.
func cut(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}

// inputs sends which data the run has read. Old servers know nothing of them.
func (s *sending) inputs(ctx context.Context) error {
	if s.state.Inputs >= len(s.run.Inputs) {
		return nil
	}
	var sets []map[string]any
	for i := range s.run.Inputs {
		in := &s.run.Inputs[i]
		set := map[string]string{"name": in.Name, "digest": in.Digest, "source_type": "local", "source": in.SourceJSON()}
		if in.Profile != "" {
			set["profile"] = in.Profile
		}
		sets = append(sets, map[string]any{"dataset": set, "tags": []pair{{"mlflow.data.context", in.Context}}})
	}
	err := s.c.call(ctx, "runs/log-inputs", nil, map[string]any{"run_id": s.state.Run, "datasets": sets}, nil)
	var e *apiError
	if err != nil && !(errors.As(err, &e) && e.Status == 404) {
		return err
	}
	s.state.Inputs = len(s.run.Inputs)
	return s.save()
}

// files sends the artifacts.
func (s *sending) files(ctx context.Context) error {
	if s.state.NoProxy {
		return nil
	}
	all, err := s.dir.Artifacts(s.run.ID)
	if err != nil {
		return err
	}
	for _, a := range all {
		info, err := os.Stat(a.Path)
		if err != nil {
			return err
		}
		mark := fmt.Sprintf("%d %d", info.Size(), info.ModTime().UnixMilli())
		if s.state.Files[a.Name] == mark {
			continue
		}
		// The size could change while it is sent: it is read first where it is small.
		open := func() (io.ReadCloser, error) { return os.Open(a.Path) }
		if info.Size() < 4<<20 {
			b, err := os.ReadFile(a.Path)
			if err != nil {
				return err
			}
			a.Size = int64(len(b))
			open = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }
		}
		switch err := s.c.putArtifact(ctx, s.state.Artifacts, a.Name, a.Size, open); {
		case errors.Is(err, errNoProxy):
			s.state.NoProxy = true
			s.warn(fmt.Sprintf("%s: the files of run %s stay in %s: %v", s.c.Server(), short(s.run.ID), s.folder, err))
			return s.save()
		case err != nil:
			return err
		}
		s.state.Files[a.Name] = mark
		if err := s.save(); err != nil {
			return err
		}
	}
	return nil
}

func short(id string) string { return id[:min(8, len(id))] }

// end says how the run ended, once it has.
func (s *sending) end(ctx context.Context) error {
	if s.run.End.IsZero() || s.state.End == s.run.End.UnixMilli() && s.state.Status == s.run.Status {
		return nil
	}
	err := s.c.call(ctx, "runs/update", nil, map[string]any{
		"run_id": s.state.Run, "status": s.run.Status.String(), "end_time": s.run.End.UnixMilli(),
	}, nil)
	if err != nil {
		return err
	}
	s.state.Status, s.state.End = s.run.Status, s.run.End.UnixMilli()
	return s.save()
}

// register makes the version of a registered model that a tag asks for, of a run
// that has ended well.
func (s *sending) register(ctx context.Context) error {
	model := s.run.Tags[TagRegister]
	if model == "" || s.state.Registered != "" || s.run.Status != runs.Finished || s.run.End.IsZero() {
		return nil
	}
	if s.state.NoProxy {
		return fmt.Errorf("mlflow: %q cannot be registered: %w", model, errNoProxy)
	}
	version, err := s.c.register(ctx, model, strings.TrimRight(s.state.Artifacts, "/")+"/model", s.state.Run)
	if err != nil {
		return err
	}
	s.state.Registered = model + "/" + version
	s.warn(fmt.Sprintf("%s is version %s of model %s on %s", short(s.run.ID), version, model, s.c.Server()))
	return s.save()
}
