// Package record writes what a training or a backtest does as runs, and lists,
// prints and compares runs. Recording never fails the work that it records: what
// cannot be written is told once and left out.
package record

import (
	"fmt"
	"maps"
	"math"
	"os"
	"os/user"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/goccy/go-json"

	"github.com/foretide/foretide/internal/runs"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/config"
)

// Tags of Foretide's own.
const (
	TagCommand    = "foretide.command" // "train" or "backtest"
	TagVersion    = "foretide.version"
	TagContainer  = "foretide.container"
	TagMetric     = "foretide.metric"
	TagModel      = "foretide.model"      // what serves
	TagSummary    = "foretide.summary"    // of the model, for people
	TagFit        = "foretide.fit"        // how the fit ended
	TagReasons    = "foretide.reasons"    // why it is less than was asked for
	TagCheckpoint = "foretide.checkpoint" // its name in the store
	TagDigest     = "foretide.data_digest"
	TagError      = "foretide.error"
)

// A Session is a command's runs: a main one, and its parts. A nil one records
// nothing. Its methods are safe for concurrent use.
type Session struct {
	o    Options
	main *Run

	mu   sync.Mutex
	told bool
}

// Options say where and how a command's runs are written.
type Options struct {
	Dir              runs.Dir
	Experiment, Name string
	Command          string   // "train" or "backtest"
	Args             []string // of the command line
	// Tell is given a remark for people. It must not be nil.
	Tell func(string)
	// Changed is called with each run that has something new, often; may be nil.
	Changed func(id string)
}

// A Run is one run that goes on. A nil one records nothing.
type Run struct {
	s      *Session
	w      *runs.Writer
	curves map[string]*curve
}

// Begin begins a command's main run with parameters; nil where nothing can be
// written.
func Begin(o Options, params map[string]string, inputs ...runs.Dataset) *Session {
	s := &Session{o: o}
	r := runs.New(o.Experiment, o.Name)
	maps.Copy(r.Params, params)
	r.Inputs = inputs
	if s.main = s.begin(r); s.main == nil {
		return nil
	}
	s.main.Artifact("environment.json", Environment(o.Args))
	return s
}

// begin writes a new run.
func (s *Session) begin(r *runs.Run) *Run {
	s.common(r)
	w, err := s.o.Dir.Begin(r)
	if s.failed(err) {
		return nil
	}
	s.changed(r.ID)
	return &Run{s: s, w: w, curves: map[string]*curve{}}
}

// common fills in what every run has.
func (s *Session) common(r *runs.Run) {
	r.User = userName()
	for k, v := range map[string]string{
		runs.TagSource: "foretide " + s.o.Command, runs.TagSourceType: "LOCAL",
		TagCommand: s.o.Command, TagVersion: loader.BuildVersion(),
	} {
		r.Tags[k] = v
	}
	if s.main != nil {
		r.Tags[runs.TagParent] = s.main.w.ID()
	}
}

// Main is the command's main run.
func (s *Session) Main() *Run {
	if s == nil {
		return nil
	}
	return s.main
}

// Child begins a run that is a part of the main one; nil without a session.
func (s *Session) Child(name string, fill func(r *runs.Run)) *Run {
	if s == nil {
		return nil
	}
	r := runs.New(s.o.Experiment, name)
	fill(r)
	return s.begin(r)
}

// failed tells of the first error; true where there is one.
func (s *Session) failed(err error) bool {
	if err == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.told {
		s.told = true
		s.o.Tell(fmt.Sprintf("the run is not recorded in full: %v", err))
	}
	return true
}

func (s *Session) changed(id string) {
	if s.o.Changed != nil {
		s.o.Changed(id)
	}
}

// after passes on that a run has something new.
func (r *Run) after(err error) {
	if !r.s.failed(err) {
		r.s.changed(r.w.ID())
	}
}

// ID is the run's; "" for none.
func (r *Run) ID() string {
	if r == nil {
		return ""
	}
	return r.w.ID()
}

// Metric adds a value at a step; one that is not finite is left out.
func (r *Run) Metric(name string, step int64, v float64) {
	if r != nil && !math.IsNaN(v) && !math.IsInf(v, 0) {
		r.after(r.w.Metric(name, step, v))
	}
}

// Metrics adds values that have no step.
func (r *Run) Metrics(values map[string]float64) {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		r.Metric(name, 0, values[name])
	}
}

// Param adds a parameter.
func (r *Run) Param(name, value string) {
	if r != nil {
		r.after(r.w.Param(name, value))
	}
}

// Tag sets a tag, unless it is empty.
func (r *Run) Tag(name, value string) {
	if r != nil && value != "" {
		r.after(r.w.Tag(name, value))
	}
}

// Artifact keeps a file.
func (r *Run) Artifact(name string, data []byte) {
	if r != nil {
		r.after(r.w.Artifact(name, data))
	}
}

// Finish ends the run.
func (r *Run) Finish(s runs.Status) {
	if r != nil {
		r.after(r.w.Finish(s))
	}
}

// A curve counts the epochs of one training, and the trainings.
type curve struct {
	last, fits int
	loss       float64 // on what it is trained on
}

// Training notes the loss of late on what a model is trained on; prefix is that
// of Epoch.
func (r *Run) Training(prefix string, loss float64) {
	if r != nil {
		r.curve(prefix).loss = loss
	}
}

func (r *Run) curve(prefix string) *curve {
	c := r.curves[prefix]
	if c == nil {
		c = &curve{fits: 1, loss: math.NaN()}
		r.curves[prefix] = c
	}
	return c
}

// Epoch adds the end of an epoch to the curves PREFIXvalidation_loss and, where
// it was noted, PREFIXtraining_loss; a second training of the same model, on all
// of its data, has curves that end in _2. Not safe for concurrent use.
func (r *Run) Epoch(prefix string, number int, loss float64) {
	if r == nil {
		return
	}
	c := r.curve(prefix)
	if number <= c.last {
		c.fits++
	}
	c.last = number
	suffix := ""
	if c.fits > 1 {
		suffix = "_" + strconv.Itoa(c.fits)
	}
	r.Metric(prefix+"validation_loss"+suffix, int64(number), loss)
	r.Metric(prefix+"training_loss"+suffix, int64(number), c.loss)
}

// Settings returns the settings that a configuration's model reads, by the last
// part of their keys.
func Settings(c *config.Config) map[string]string {
	out := map[string]string{}
	c.Used(func(key, value string) { out[key[strings.LastIndexByte(key, '.')+1:]] = value })
	delete(out, "container_name") // it is a parameter of the run
	delete(out, "metric_name")
	return out
}

// Common returns the settings that all configurations agree on.
func Common(all []*config.Config) map[string]string {
	var out map[string]string
	for _, c := range all {
		one := Settings(c)
		if out == nil {
			out = one
		}
		maps.DeleteFunc(out, func(k, v string) bool { w, ok := one[k]; return !ok || w != v })
	}
	return out
}

// Digest is a digest that MLflow takes: of at most 36 characters.
func Digest(full string) string {
	full = strings.TrimPrefix(full, "sha256:")
	return full[:min(len(full), 32)]
}

// Environment says as JSON on what and by what a run was made.
func Environment(args []string) []byte {
	e := struct {
		Foretide string            `json:"foretide"`
		Go       string            `json:"go"`
		OS       string            `json:"os"`
		Arch     string            `json:"arch"`
		CPUs     int               `json:"cpus"`
		Procs    int               `json:"gomaxprocs"`
		Host     string            `json:"host,omitempty"`
		Folder   string            `json:"folder,omitempty"`
		Args     []string          `json:"args"`
		Started  time.Time         `json:"started"`
		Modules  map[string]string `json:"modules,omitempty"`
	}{
		Foretide: loader.BuildVersion(), Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH,
		CPUs: runtime.NumCPU(), Procs: runtime.GOMAXPROCS(0), Args: args, Started: time.Now().UTC(), Modules: map[string]string{},
	}
	e.Host, _ = os.Hostname()
	e.Folder, _ = os.Getwd()
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			e.Modules[m.Path] = m.Version
		}
	}
	b, _ := json.MarshalIndent(e, "", "  ") // nothing in it can fail
	return append(b, '\n')
}

// userName is who runs the program, as far as that is known.
func userName() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return os.Getenv("USER")
}

// ModelFile is the file by which MLflow knows a folder as a model: the folder
// "checkpoints" beside it is a store of checkpoints.
func ModelFile(run string) []byte {
	return fmt.Appendf(nil, `artifact_path: model
flavors:
  foretide:
    data: checkpoints
    version: %q
run_id: %s
utc_time_created: '%s'
`, loader.Version, run, time.Now().UTC().Format("2006-01-02 15:04:05.000000"))
}
