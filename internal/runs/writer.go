package runs

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// A Writer adds to a run that is going on. It is safe for concurrent use.
type Writer struct {
	mu     sync.Mutex
	dir    Dir
	folder string
	run    Run
}

// Begin writes a new run that goes on, and returns what adds to it. The errors
// are those of Put.
func (d Dir) Begin(r *Run) (*Writer, error) {
	if err := d.Put(r); err != nil {
		return nil, err
	}
	folder, err := d.Folder(r.ID)
	if err != nil {
		return nil, err
	}
	return &Writer{dir: d, folder: folder, run: *r}, nil
}

// ID is the run's.
func (w *Writer) ID() string { return w.run.ID }

// Metric adds a value.
func (w *Writer) Metric(name string, step int64, v float64) error {
	if err := checkName("metric", name); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	path := filepath.Join(w.folder, "metrics", filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o666)
	if err != nil {
		return err
	}
	_, err = f.Write(appendPoint(nil, Point{Step: step, Value: v, Time: time.Now()}))
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}

// Param gives a parameter its value, which cannot be changed later.
func (w *Writer) Param(name, value string) error { return w.put("params", "parameter", name, value) }

// Tag gives a tag its value, in the place of one that it had.
func (w *Writer) Tag(name, value string) error { return w.put("tags", "tag", name, value) }

func (w *Writer) put(sub, kind, name, value string) error {
	if err := checkName(kind, name); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	path := filepath.Join(w.folder, sub, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return replace(path, []byte(oneLine(sub, value)))
}

// Artifact keeps a file with the run under a name, which may have slashes.
func (w *Writer) Artifact(name string, data []byte) error {
	path, err := w.artifact(name)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return replace(path, data)
}

// artifact returns the path of an artifact, whose folder is made.
func (w *Writer) artifact(name string) (string, error) {
	local := filepath.FromSlash(name)
	if !fs.ValidPath(name) || name == "." || !filepath.IsLocal(local) {
		return "", fmt.Errorf("%w: artifact %q is not a path inside the run", ErrName, name)
	}
	path := filepath.Join(w.folder, artifacts, local)
	return path, os.MkdirAll(filepath.Dir(path), 0o777)
}

// Finish says how the run ended, now. What is added later is kept all the same.
func (w *Writer) Finish(s Status) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.run.Status, w.run.End = s, time.Now().Truncate(time.Millisecond)
	text, err := w.dir.describe(filepath.Base(filepath.Dir(w.folder)), &w.run)
	if err != nil {
		return err
	}
	return replace(filepath.Join(w.folder, meta), text)
}

// Tag gives a tag of a run that is there its value.
func (d Dir) Tag(id, name, value string) error {
	folder, err := d.Folder(id)
	if err != nil {
		return err
	}
	w := &Writer{dir: d, folder: folder}
	return w.Tag(name, value)
}
