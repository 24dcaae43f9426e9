// Package runs keeps runs as files: what a training or a backtest was given
// (parameters, data), what it came to (metrics, some of them step by step), and
// what it left (artifacts). The layout is that of MLflow's file store, so that
// its tools read a folder of runs, and this package reads theirs:
//
//	EXPERIMENT/meta.yaml                    its name
//	EXPERIMENT/RUN/meta.yaml                name, status, times
//	EXPERIMENT/RUN/params/NAME              the value
//	EXPERIMENT/RUN/tags/NAME                the value
//	EXPERIMENT/RUN/metrics/NAME             lines of: time in ms, value, step
//	EXPERIMENT/RUN/artifacts/…              files
//	EXPERIMENT/RUN/inputs/ID/meta.yaml      the data sets that were read
//	EXPERIMENT/datasets/ID/meta.yaml
//
// EXPERIMENT is a number of up to 18 digits, RUN and ID 32 hexadecimal digits.
// A new run appears under its name when it is complete, and its description is
// replaced in one step; metrics are appended line by line. Nothing is synced to
// the disk: after a loss of power the newest runs may be damaged, which List says.
package runs

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Tags that MLflow gives a meaning.
const (
	TagName       = "mlflow.runName"
	TagParent     = "mlflow.parentRunId"
	TagNote       = "mlflow.note.content" // Markdown
	TagUser       = "mlflow.user"
	TagSource     = "mlflow.source.name"
	TagSourceType = "mlflow.source.type"

	// TagKind is of experiments, and this its value for the training of models.
	TagKind      = "mlflow.experimentKind"
	KindTraining = "custom_model_development"
)

// Status says how far a run is.
type Status int

// The states of a run, numbered as MLflow does.
const (
	Running   Status = 1
	Scheduled Status = 2
	Finished  Status = 3
	Failed    Status = 4
	Killed    Status = 5 // somebody ended it
)

var statuses = map[Status]string{Running: "RUNNING", Scheduled: "SCHEDULED", Finished: "FINISHED", Failed: "FAILED", Killed: "KILLED"}

// String returns the status as MLflow's interfaces name it.
func (s Status) String() string {
	if name, ok := statuses[s]; ok {
		return name
	}
	return fmt.Sprintf("STATUS %d", int(s))
}

// A Run is one training or backtest, or a part of one.
type Run struct {
	ID         string // 32 hexadecimal digits; New makes one
	Experiment string // its name
	Name       string
	Status     Status
	Start, End time.Time // to the millisecond; End is zero until then
	User       string

	Params  map[string]string
	Tags    map[string]string
	Metrics map[string][]Point // by name, each in the order of logging
	Inputs  []Dataset
}

// A Point is a value of a metric. Values that are not finite are kept as such.
type Point struct {
	Step  int64 // epoch …; 0 for a metric that has one value
	Value float64
	Time  time.Time // to the millisecond
}

// A Dataset is data that a run has read.
type Dataset struct {
	Name    string // for people
	Digest  string // identifies the values; MLflow allows 36 characters
	Source  string // where it lies, as a path or URI
	Profile string // JSON: how much there is; may be ""
	Context string // "training", "evaluation"
}

// Parent is the run that this one is a part of; "" for none.
func (r *Run) Parent() string { return r.Tags[TagParent] }

// Last returns the metric's value at its last step, the latest where that step
// has several.
func (r *Run) Last(metric string) (float64, bool) {
	points := r.Metrics[metric]
	if len(points) == 0 {
		return 0, false
	}
	last := points[0]
	for _, p := range points[1:] {
		if p.Step >= last.Step {
			last = p
		}
	}
	return last.Value, true
}

// Names returns the names of the metrics, sorted.
func (r *Run) Names() []string { return slices.Sorted(maps.Keys(r.Metrics)) }

// Set gives a metric that has one value its value.
func (r *Run) Set(metric string, v float64, at time.Time) {
	if r.Metrics == nil {
		r.Metrics = map[string][]Point{}
	}
	r.Metrics[metric] = []Point{{Value: v, Time: at}}
}

var (
	// ErrName: MLflow does not allow the name of a parameter, metric, tag or
	// artifact.
	ErrName = errors.New("runs: impossible name")
	// ErrFormat: a file is not as the layout has it.
	ErrFormat = errors.New("runs: damaged")
	// ErrNotFound: there is no such run.
	ErrNotFound = errors.New("runs: not found")
)

// Key turns a text into one that is allowed as a part of a name of a parameter
// or metric on every system: letters, digits, "_", "-", "." and spaces, not a
// dot at the start. Everything else, a slash too, becomes "_".
func Key(text string) string {
	out := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-. ", r) {
			return r
		}
		return '_'
	}, text)
	if out == "" || out[0] == '.' {
		out = "_" + out
	}
	return out
}

// maxName is the longest name that MLflow takes, in bytes.
const maxName = 250

// checkName refuses what is no name: parts with slashes between, each of the
// characters of Key.
func checkName(kind, name string) error {
	for part := range strings.SplitSeq(name, "/") {
		if part != Key(part) {
			return fmt.Errorf("%w: %s %q; it can have letters, digits, _ - . space, and slashes between parts that do not begin with a dot", ErrName, kind, name)
		}
	}
	if len(name) > maxName {
		return fmt.Errorf("%w: %s %q… is longer than %d characters", ErrName, kind, name[:40], maxName)
	}
	return nil
}

// checkNames refuses a run whose names are impossible, or of which one is the
// folder of another.
func (r *Run) checkNames() error {
	for kind, names := range map[string][]string{
		"parameter": slices.Collect(maps.Keys(r.Params)), "tag": slices.Collect(maps.Keys(r.Tags)), "metric": slices.Collect(maps.Keys(r.Metrics)),
	} {
		slices.Sort(names)
		for _, name := range names {
			if err := checkName(kind, name); err != nil {
				return err
			}
			for i := range len(name) {
				if _, folder := slices.BinarySearch(names, name[:i]); name[i] == '/' && folder {
					return fmt.Errorf("%w: %s %q is in the way of %q", ErrName, kind, name[:i], name)
				}
			}
		}
	}
	return nil
}
