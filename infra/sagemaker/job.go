package sagemaker

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/goccy/go-json"
)

// ErrJob marks a configuration file of a job that cannot be. The error that wraps
// it names file and field.
var ErrJob = errors.New("sagemaker: configuration of the job")

// Limits of a job's configuration; AWS's own are lower.
const (
	maxConfig = 1 << 20 // bytes of a file
	maxHosts  = 1000
	maxValues = 1000 // hyperparameters, and channels
)

// A Job is what SageMaker tells a training container.
type Job struct {
	Hyper    map[string]string // hyperparameters, as text; those of SageMaker itself are left out
	Channels map[string]Channel
	Host     string   // this one; "" where the file does not say
	Hosts    []string // all, sorted
}

// A Channel is a part of the input.
type Channel struct {
	Mode         string `json:"TrainingInputMode"`     // "File", "FastFile", "Pipe"
	Distribution string `json:"S3DistributionType"`    // "FullyReplicated", "ShardedByS3Key"
	Compression  string `json:"CompressionType"`       // "None", "Gzip"
	ContentType  string `json:"ContentType,omitempty"` //
}

// Sharded reports whether each host has other files of the channel.
func (c Channel) Sharded() bool { return c.Distribution == "ShardedByS3Key" }

// Read reads the configuration of a job, and removes what an earlier attempt has
// left as its failure. A file that is not there says nothing: without
// inputdataconfig.json the channels are the folders below input/data. The error
// is an ErrJob, or of the file system.
func (l Layout) Read() (*Job, error) {
	if err := l.unfailed(); err != nil {
		return nil, err
	}
	j := &Job{}
	for name, parse := range map[string]func([]byte) error{
		"hyperparameters.json": j.parseHyper, "inputdataconfig.json": j.parseChannels, "resourceconfig.json": j.parseHosts,
	} {
		path := l.config(name)
		data, err := readSmall(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = parse(data)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	if j.Channels == nil {
		j.Channels = map[string]Channel{}
		entries, err := os.ReadDir(l.Data(""))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		for _, e := range entries {
			if e.IsDir() {
				j.Channels[e.Name()] = Channel{Mode: "File", Distribution: "FullyReplicated"}
			}
		}
	}
	return j, nil
}

// readSmall reads a file that is not to be large.
func readSmall(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxConfig+1))
	if err == nil && len(data) > maxConfig {
		err = fmt.Errorf("%w: it has more than %d bytes", ErrJob, maxConfig)
	}
	return data, err
}

func decode(data []byte, dst any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	if err := d.Decode(dst); err != nil {
		return fmt.Errorf("%w: it is no JSON of this kind: %s", ErrJob, strings.TrimPrefix(err.Error(), "json: "))
	}
	if _, more := d.Token(); more != io.EOF {
		return fmt.Errorf("%w: there is more after the JSON value", ErrJob)
	}
	return nil
}

// parseHyper reads hyperparameters. SageMaker makes every value a string; where
// the SDK has encoded it as JSON before that, as it does for scripts, that is
// undone.
func (j *Job) parseHyper(data []byte) error {
	var raw map[string]json.RawMessage
	if err := decode(data, &raw); err != nil {
		return err
	}
	if len(raw) > maxValues {
		return fmt.Errorf("%w: it has %d values; the limit is %d", ErrJob, len(raw), maxValues)
	}
	j.Hyper = map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(raw)) {
		if strings.HasPrefix(name, "sagemaker_") || strings.HasPrefix(name, "_tuning_") {
			continue // SageMaker's own
		}
		value := string(bytes.TrimSpace(raw[name]))
		switch {
		case strings.HasPrefix(value, `"`):
			var text string
			if err := json.Unmarshal(raw[name], &text); err != nil {
				return fmt.Errorf("%w: %.80q: %w", ErrJob, name, err)
			}
			j.Hyper[name] = unquoted(text)
		case value == "null" || strings.HasPrefix(value, "{"):
			return fmt.Errorf("%w: hyperparameter %.80q is %.40s; it is a text", ErrJob, name, value)
		default:
			j.Hyper[name] = value
		}
	}
	return nil
}

// unquoted undoes an encoding as JSON of a text or of a list of texts.
func unquoted(text string) string {
	var one string
	var many []string
	switch {
	case strings.HasPrefix(text, `"`) && json.Unmarshal([]byte(text), &one) == nil:
		return one
	case strings.HasPrefix(text, `["`) && json.Unmarshal([]byte(text), &many) == nil:
		return strings.Join(many, ",")
	}
	return text
}

func (j *Job) parseChannels(data []byte) error {
	if err := decode(data, &j.Channels); err != nil {
		return err
	}
	if len(j.Channels) > maxValues {
		return fmt.Errorf("%w: it has %d channels; the limit is %d", ErrJob, len(j.Channels), maxValues)
	}
	for _, name := range slices.Sorted(maps.Keys(j.Channels)) {
		switch c := j.Channels[name]; {
		case name == "" || name == "." || name == ".." || len(name) > 64 || strings.ContainsAny(name, "/\\\x00"):
			return fmt.Errorf("%w: channel %.80q has an impossible name", ErrJob, name)
		case c.Mode == "Pipe":
			return fmt.Errorf("%w: channel %q is of mode Pipe, and metrics may have to be read twice: use File or FastFile", ErrJob, name)
		}
	}
	if j.Channels == nil {
		j.Channels = map[string]Channel{}
	}
	return nil
}

func (j *Job) parseHosts(data []byte) error {
	var r struct {
		Current string   `json:"current_host"`
		Hosts   []string `json:"hosts"`
	}
	if err := decode(data, &r); err != nil {
		return err
	}
	slices.Sort(r.Hosts)
	switch {
	case len(r.Hosts) > maxHosts:
		return fmt.Errorf("%w: it has %d hosts; the limit is %d", ErrJob, len(r.Hosts), maxHosts)
	case len(r.Hosts) > 0 && !slices.Contains(r.Hosts, r.Current):
		return fmt.Errorf("%w: current_host %.80q is not among hosts", ErrJob, r.Current)
	}
	j.Host, j.Hosts = r.Current, r.Hosts
	return nil
}

// Place returns which of how many hosts this one is: 0 of 1 where there is no
// other.
func (j *Job) Place() (host, hosts int) {
	if len(j.Hosts) < 2 {
		return 0, 1
	}
	return slices.Index(j.Hosts, j.Host), len(j.Hosts)
}
