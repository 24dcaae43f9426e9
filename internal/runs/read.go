package runs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

// The most that is read of one file, in bytes. A value of a parameter or tag
// that is longer is cut.
const (
	maxMeta   = 64 << 10
	maxValue  = 64 << 10
	maxMetric = 64 << 20
)

// Experiments returns the names of the experiments by number. Deleted ones and
// folders that are none are left out; without a folder there are none.
func (d Dir) Experiments() (map[string]string, error) {
	entries, err := os.ReadDir(string(d))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, e := range entries {
		if !e.IsDir() || strings.HasPrefix(e.Name(), ".") || e.Name() == "models" {
			continue
		}
		b, err := readFile(filepath.Join(string(d), e.Name(), meta), maxMeta)
		if err != nil {
			continue
		}
		var m struct {
			Name  string `yaml:"name"`
			Stage string `yaml:"lifecycle_stage"`
		}
		if yaml.Unmarshal(b, &m) == nil && m.Name != "" && m.Stage != "deleted" {
			out[e.Name()] = m.Name
		}
	}
	return out, nil
}

// A Listing is what List finds.
type Listing struct {
	Runs    []*Run  // newest first; without metrics, parameters and inputs
	Damaged []error // of runs that cannot be read
}

// List returns the runs of an experiment, or of all for "". They have tags; Load
// reads the rest.
func (d Dir) List(experiment string) (*Listing, error) {
	have, err := d.Experiments()
	if err != nil {
		return nil, err
	}
	out := &Listing{}
	for id, name := range have {
		if experiment != "" && name != experiment {
			continue
		}
		entries, err := os.ReadDir(filepath.Join(string(d), id))
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if !e.IsDir() || strings.HasPrefix(e.Name(), ".") || reserved[e.Name()] {
				continue
			}
			r, err := d.describedRun(filepath.Join(string(d), id, e.Name()), name)
			switch {
			case err != nil:
				out.Damaged = append(out.Damaged, err)
			case r != nil:
				out.Runs = append(out.Runs, r)
			}
		}
	}
	slices.SortFunc(out.Runs, func(a, b *Run) int {
		if c := b.Start.Compare(a.Start); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return out, nil
}

// describedRun reads a run's meta.yaml and tags; nil for a deleted one.
func (d Dir) describedRun(folder, experiment string) (*Run, error) {
	path := filepath.Join(folder, meta)
	b, err := readFile(path, maxMeta)
	if err != nil {
		return nil, err
	}
	r, deleted, err := parseMeta(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if deleted {
		return nil, nil
	}
	if r.ID != filepath.Base(folder) {
		return nil, fmt.Errorf("%s: %w: it is of run %q", path, ErrFormat, r.ID)
	}
	r.Experiment = experiment
	r.Tags, err = readValues(filepath.Join(folder, "tags"))
	if name := r.Tags[TagName]; name != "" {
		r.Name = name
	}
	return r, err
}

// parseMeta reads the description of a run.
func parseMeta(b []byte) (r *Run, deleted bool, err error) {
	var m struct {
		ID     string `yaml:"run_id"`
		UUID   string `yaml:"run_uuid"`
		Name   string `yaml:"run_name"`
		User   string `yaml:"user_id"`
		Stage  string `yaml:"lifecycle_stage"`
		Status int    `yaml:"status"`
		Start  int64  `yaml:"start_time"`
		End    *int64 `yaml:"end_time"`
	}
	if err := yaml.Unmarshal(b, &m); err != nil {
		return nil, false, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if m.ID == "" {
		m.ID = m.UUID
	}
	if m.ID == "" {
		return nil, false, fmt.Errorf("%w: run_id is missing", ErrFormat)
	}
	r = &Run{ID: m.ID, Name: m.Name, User: m.User, Status: Status(m.Status), Start: time.UnixMilli(m.Start)}
	if m.End != nil && *m.End > 0 {
		r.End = time.UnixMilli(*m.End)
	}
	return r, m.Stage == "deleted", nil
}

// Folder returns the folder of a run.
func (d Dir) Folder(id string) (string, error) {
	if id != "" && id == filepath.Base(id) && !strings.HasPrefix(id, ".") {
		found, err := filepath.Glob(filepath.Join(escape(string(d)), "*", id, meta))
		if err == nil && len(found) > 0 {
			return filepath.Dir(found[0]), nil
		}
	}
	return "", fmt.Errorf("%s: %w: run %q", string(d), ErrNotFound, id)
}

// escape keeps a path from being a pattern.
func escape(path string) string {
	if filepath.Separator != '/' {
		return path // there is no escaping there
	}
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// Read returns a whole run.
func (d Dir) Read(id string) (*Run, error) {
	folder, err := d.Folder(id)
	if err != nil {
		return nil, err
	}
	have, err := d.Experiments()
	if err != nil {
		return nil, err
	}
	r, err := d.describedRun(folder, have[filepath.Base(filepath.Dir(folder))])
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, fmt.Errorf("%s: %w: run %q is deleted", string(d), ErrNotFound, id)
	}
	return r, d.Load(r)
}

// Load reads the parameters, metrics and inputs of a run that List returned.
func (d Dir) Load(r *Run) error {
	folder, err := d.Folder(r.ID)
	if err != nil {
		return err
	}
	if r.Params, err = readValues(filepath.Join(folder, "params")); err != nil {
		return err
	}
	r.Metrics = map[string][]Point{}
	err = each(filepath.Join(folder, "metrics"), func(name, path string) error {
		b, err := readFile(path, maxMetric)
		if err != nil {
			return err
		}
		if r.Metrics[name], err = parsePoints(b); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	r.Inputs, err = readInputs(folder)
	return err
}

// parsePoints reads a metric's lines. A last line that is not complete, of a
// program that was ended, is left out.
func parsePoints(b []byte) ([]Point, error) {
	if i := bytes.LastIndexByte(b, '\n'); i >= 0 {
		b = b[:i+1]
	} else {
		b = nil
	}
	var out []Point
	n := 0
	for line := range bytes.Lines(b) {
		n++
		words := strings.Fields(string(line))
		if len(words) == 0 {
			continue
		}
		p, err := parsePoint(words)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		out = append(out, p)
	}
	return out, nil
}

// parsePoint reads time, value and step, which old files lack; a data set's name
// and digest may follow.
func parsePoint(words []string) (p Point, err error) {
	bad := func(what string) (Point, error) {
		return Point{}, fmt.Errorf("%w: %s in %.80q; it is: milliseconds value step", ErrFormat, what, strings.Join(words, " "))
	}
	if len(words) < 2 || len(words) > 5 {
		return bad(fmt.Sprintf("%d words", len(words)))
	}
	ms, err := strconv.ParseInt(words[0], 10, 64)
	if err != nil || ms < 0 || ms > math.MaxInt64/2 {
		return bad("a time that is none")
	}
	if p.Value, err = strconv.ParseFloat(words[1], 64); err != nil && !errors.Is(err, strconv.ErrRange) {
		return bad("a value that is no number")
	}
	if len(words) > 2 {
		if p.Step, err = strconv.ParseInt(words[2], 10, 64); err != nil {
			return bad("a step that is no whole number")
		}
	}
	p.Time = time.UnixMilli(ms)
	return p, nil
}

// readInputs reads the data sets of a run.
func readInputs(folder string) ([]Dataset, error) {
	found, err := filepath.Glob(filepath.Join(escape(folder), "inputs", "*", meta))
	if err != nil {
		return nil, err
	}
	var out []Dataset
	for _, path := range found {
		var in struct {
			Source string            `yaml:"source_id"`
			Type   string            `yaml:"source_type"`
			Tags   map[string]string `yaml:"tags"`
		}
		if err := readYAML(path, &in); err != nil {
			return nil, err
		}
		if in.Type != "DATASET" || in.Source != filepath.Base(in.Source) {
			continue
		}
		var s struct {
			Name, Digest, Source, Profile string
		}
		if err := readYAML(filepath.Join(filepath.Dir(folder), datasets, in.Source, meta), &s); err != nil {
			return nil, err
		}
		source := s.Source
		if text, ok := strings.CutPrefix(source, `{"uri": `); ok {
			if uri, err := strconv.Unquote(strings.TrimSuffix(text, "}")); err == nil {
				source = uri
			}
		}
		out = append(out, Dataset{s.Name, s.Digest, source, s.Profile, in.Tags["mlflow.data.context"]})
	}
	return out, nil
}

func readYAML(path string, v any) error {
	b, err := readFile(path, maxMeta)
	if err != nil {
		return err
	}
	if err := yaml.Unmarshal(b, v); err != nil {
		return fmt.Errorf("%s: %w: %w", path, ErrFormat, err)
	}
	return nil
}

// readValues reads a folder of parameters or tags.
func readValues(folder string) (map[string]string, error) {
	out := map[string]string{}
	return out, each(folder, func(name, path string) error {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		b, err := io.ReadAll(io.LimitReader(f, maxValue))
		out[name] = strings.ToValidUTF8(string(b), "�")
		return err
	})
}

// An Artifact is a file that a run left.
type Artifact struct {
	Name string // with slashes
	Path string // of the file
	Size int64
}

// Artifacts lists the files of a run, by name.
func (d Dir) Artifacts(id string) ([]Artifact, error) {
	folder, err := d.Folder(id)
	if err != nil {
		return nil, err
	}
	var out []Artifact
	err = each(filepath.Join(folder, artifacts), func(name, path string) error {
		info, err := os.Stat(path)
		if err == nil {
			out = append(out, Artifact{name, path, info.Size()})
		}
		return err
	})
	return out, err
}

// each calls do for the files below a folder, hidden ones aside, by name.
func each(folder string, do func(name, path string) error) error {
	return filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		switch {
		case path == folder && errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case path != folder && strings.HasPrefix(e.Name(), "."):
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		case !e.Type().IsRegular():
			return nil
		}
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		return do(filepath.ToSlash(name), path)
	})
}

// readFile reads a file that is at most so large.
func readFile(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(b)) > most {
		return nil, fmt.Errorf("%s: %w: it is larger than %d bytes", path, ErrFormat, most)
	}
	return b, err
}
