package sagemaker

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/foretide/foretide/internal/newfile"
)

// DefaultPrefix is where SageMaker puts everything.
const DefaultPrefix = "/opt/ml"

// A Layout is the folder that SageMaker lays out: DefaultPrefix, or another for
// trying it out.
type Layout string

// Model is the folder of the model: what training leaves in it becomes
// model.tar.gz, and an endpoint finds the contents of that file there.
func (l Layout) Model() string { return l.path("model") }

// Checkpoints is the folder that outlives an interruption of a training on spot
// instances: SageMaker copies it to S3 and back.
func (l Layout) Checkpoints() string { return l.path("checkpoints") }

// Data is the folder of a channel.
func (l Layout) Data(channel string) string { return l.path("input", "data", channel) }

func (l Layout) config(name string) string { return l.path("input", "config", name) }

func (l Layout) path(parts ...string) string {
	return filepath.Join(append([]string{string(l)}, parts...)...)
}

// mostFailure is how many bytes of the reason of a failure SageMaker shows.
const mostFailure = 1024

// Fail writes why a training failed to where SageMaker shows it from
// (FailureReason of the job).
func (l Layout) Fail(reason error) error {
	dir := l.path("output")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	text := strings.ToValidUTF8(reason.Error(), "?")
	if len(text) > mostFailure {
		text = strings.ToValidUTF8(text[:mostFailure-len("…")], "") + "…"
	}
	return newfile.Write(filepath.Join(dir, "failure"), []byte(text))
}

// unfailed removes what an earlier attempt has left of that.
func (l Layout) unfailed() error {
	err := os.Remove(l.path("output", "failure"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
