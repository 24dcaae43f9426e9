package runs

import (
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// A Dir is a folder of runs. It is made when the first run is written.
type Dir string

const (
	meta      = "meta.yaml"
	artifacts = "artifacts"
	datasets  = "datasets"
)

// reserved are folders of an experiment that are no runs.
var reserved = map[string]bool{"tags": true, datasets: true, "traces": true, "models": true}

// New returns a run that begins now, with an ID of its own.
func New(experiment, name string) *Run {
	var id [16]byte
	_, _ = rand.Read(id[:]) // it never fails
	return &Run{
		ID: hex.EncodeToString(id[:]), Experiment: experiment, Name: name, Status: Running,
		Start: time.Now().Truncate(time.Millisecond), Params: map[string]string{}, Tags: map[string]string{}, Metrics: map[string][]Point{},
	}
}

// Put writes a new run. It appears when it is complete. The error is ErrName, or
// one of the file system.
func (d Dir) Put(r *Run) error {
	if err := r.checkNames(); err != nil {
		return err
	}
	experiment, err := d.experiment(r.Experiment)
	if err != nil {
		return err
	}
	parent := filepath.Join(string(d), experiment)
	temp := filepath.Join(parent, "."+r.ID)
	if err := d.fill(temp, experiment, r); err != nil {
		os.RemoveAll(temp)
		return err
	}
	if err := os.Rename(temp, filepath.Join(parent, r.ID)); err != nil {
		os.RemoveAll(temp)
		return err
	}
	return nil
}

// fill writes the files of a run into a new folder.
func (d Dir) fill(folder, experiment string, r *Run) error {
	for _, sub := range []string{"metrics", "params", "tags", artifacts} { // MLflow wants them to be there
		if err := os.MkdirAll(filepath.Join(folder, sub), 0o777); err != nil {
			return err
		}
	}
	tags := map[string]string{TagName: r.Name, TagUser: r.User}
	for k, v := range r.Tags {
		tags[k] = v
	}
	for sub, values := range map[string]map[string]string{"params": r.Params, "tags": tags} {
		for name, v := range values {
			if err := write(filepath.Join(folder, sub, filepath.FromSlash(name)), []byte(oneLine(sub, v))); err != nil {
				return err
			}
		}
	}
	for name, points := range r.Metrics {
		var b []byte
		for _, p := range points {
			b = appendPoint(b, p)
		}
		if err := write(filepath.Join(folder, "metrics", filepath.FromSlash(name)), b); err != nil {
			return err
		}
	}
	for i := range r.Inputs {
		if err := d.input(folder, experiment, r.ID, &r.Inputs[i]); err != nil {
			return err
		}
	}
	text, err := d.describe(experiment, r)
	if err != nil {
		return err
	}
	return write(filepath.Join(folder, meta), text)
}

// oneLine is a parameter's value as MLflow reads it: the first line of its file.
func oneLine(sub, v string) string {
	if sub == "params" {
		return strings.Join(strings.Fields(v), " ")
	}
	return v
}

// describe returns a run's meta.yaml.
func (d Dir) describe(experiment string, r *Run) ([]byte, error) {
	uri, err := d.uri(experiment + "/" + r.ID + "/" + artifacts)
	if err != nil {
		return nil, err
	}
	end := "null"
	if !r.End.IsZero() {
		end = strconv.FormatInt(r.End.UnixMilli(), 10)
	}
	return fmt.Appendf(nil, `artifact_uri: %s
end_time: %s
entry_point_name: ''
experiment_id: '%s'
lifecycle_stage: active
run_id: %s
run_name: %s
run_uuid: %[4]s
source_name: ''
source_type: 4
source_version: ''
start_time: %[6]d
status: %[7]d
tags: []
user_id: %[8]s
`, quote(uri), end, experiment, quote(r.ID), quote(r.Name), r.Start.UnixMilli(), int(r.Status), quote(r.User)), nil
}

// quote writes a text in the double quotes of YAML, which has Go's escapes.
func quote(s string) string { return strconv.QuoteToASCII(strings.ToValidUTF8(s, "�")) }

// uri is a path in the folder as a URI.
func (d Dir) uri(path string) (string, error) {
	abs, err := filepath.Abs(filepath.Join(string(d), filepath.FromSlash(path)))
	if err != nil {
		return "", err
	}
	abs = filepath.ToSlash(abs)
	if !strings.HasPrefix(abs, "/") {
		abs = "/" + abs // C:/…
	}
	return (&url.URL{Scheme: "file", Path: abs}).String(), nil
}

// experiment returns the number of the experiment of a name, which is made where
// there is none.
func (d Dir) experiment(name string) (string, error) {
	if name == "" {
		return "", fmt.Errorf("%w: the experiment has none", ErrName)
	}
	if have, err := d.Experiments(); err == nil {
		for id, e := range have {
			if e == name {
				return id, nil
			}
		}
	}
	// By its name: two programs that make it at the same time make the same.
	sum := sha256.Sum256([]byte(name))
	id := strconv.FormatUint(100_000_000_000_000_000+binary.LittleEndian.Uint64(sum[:])%900_000_000_000_000_000, 10)
	folder := filepath.Join(string(d), id)
	uri, err := d.uri(id)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return "", err
	}
	// MLflow 3 shows what belongs to the training of models only then.
	if err := write(filepath.Join(folder, "tags", TagKind), []byte(KindTraining)); err != nil {
		return "", err
	}
	now := time.Now().UnixMilli()
	return id, replace(filepath.Join(folder, meta), fmt.Appendf(nil, `artifact_location: %s
creation_time: %d
experiment_id: '%s'
last_update_time: %[2]d
lifecycle_stage: active
name: %[4]s
`, quote(uri), now, id, quote(name)))
}

// input writes a data set and that a run has read it.
func (d Dir) input(folder, experiment, run string, s *Dataset) error {
	id := hash(s.Name, s.Digest)
	path := filepath.Join(string(d), experiment, datasets, id, meta)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		text := fmt.Appendf(nil, "digest: %s\nname: %s\nprofile: %s\nschema: null\nsource: %s\nsource_type: local\n",
			quote(s.Digest), quote(s.Name), orNull(s.Profile), quote(s.SourceJSON()))
		if err := write(path, text); err != nil {
			return err
		}
	}
	return write(filepath.Join(folder, "inputs", hash(id, run), meta), fmt.Appendf(nil,
		"destination_id: %s\ndestination_type: RUN\nsource_id: %[1]s\nsource_type: DATASET\ntags:\n  mlflow.data.context: %s\n",
		quote(id), quote(s.Context)))
}

// SourceJSON is where the data lie as MLflow's local data source has it.
func (s *Dataset) SourceJSON() string { return `{"uri": ` + strconv.QuoteToASCII(s.Source) + `}` }

func orNull(s string) string {
	if s == "" {
		return "null"
	}
	return quote(s)
}

// hash is how MLflow makes IDs of data sets.
func hash(a, b string) string {
	sum := md5.Sum([]byte(a + b))
	return hex.EncodeToString(sum[:])
}

func appendPoint(b []byte, p Point) []byte {
	b = strconv.AppendInt(b, p.Time.UnixMilli(), 10)
	b = append(b, ' ')
	b = append(b, FormatValue(p.Value)...)
	b = append(b, ' ')
	b = strconv.AppendInt(b, p.Step, 10)
	return append(b, '\n')
}

// FormatValue writes a value as Python reads it.
func FormatValue(v float64) string {
	return strings.TrimPrefix(strings.ToLower(strconv.FormatFloat(v, 'g', -1, 64)), "+")
}

// write puts data into a file, and makes its folder.
func write(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o666)
}

// replace puts data in the place of a file in one step, without waiting for the
// disk.
func replace(path string, data []byte) error {
	temp := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+"."+strconv.Itoa(os.Getpid()))
	err := os.WriteFile(temp, data, 0o666)
	if err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		os.Remove(temp)
	}
	return err
}
