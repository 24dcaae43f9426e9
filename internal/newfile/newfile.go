// Package newfile writes files that appear under their name when they are
// complete, or not at all.
package newfile

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
)

// A File is written under a hidden temporary name beside its own until Commit.
// Not safe for concurrent use.
type File struct {
	*os.File // nil when committed or aborted
	path     string
}

// Create begins the file at path. The folder must exist and be writable. What
// is there already must be a file, not a folder, a pipe or a device, which the
// new file would take the place of; a symbolic link is followed.
func Create(path string) (*File, error) {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	switch info, err := os.Stat(path); {
	case err == nil && info.IsDir():
		return nil, fmt.Errorf("%s: is a folder; give the name of a file in it", path)
	case err == nil && !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: is not a file", path)
	}
	dir, base := filepath.Split(path)
	temp := filepath.Join(dir, "."+base+"."+strconv.FormatUint(rand.Uint64(), 36))
	f, err := os.OpenFile(temp, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return nil, Named(path, err)
	}
	return &File{f, path}, nil
}

// Write puts data into a new file at path.
func Write(path string, data []byte) error {
	f, err := Create(path)
	if err != nil {
		return err
	}
	defer f.Abort()
	if _, err := f.Write(data); err != nil {
		return Named(path, err)
	}
	return f.Commit()
}

// Commit completes the file and gives it its name, over a file that was there.
// Where it fails nothing is left behind and the old file stays.
func (f *File) Commit() error {
	if f.File == nil {
		return fmt.Errorf("%s: %w", f.path, os.ErrClosed)
	}
	defer f.Abort()
	if err := f.Sync(); err != nil {
		return Named(f.path, err)
	}
	temp := f.Name()
	err := f.Close()
	f.File = nil
	if err == nil {
		err = os.Rename(temp, f.path)
	}
	if err != nil {
		os.Remove(temp)
		return Named(f.path, err)
	}
	return nil
}

// Abort removes what was written so far. After Commit or Abort it does nothing.
func (f *File) Abort() {
	if f.File == nil {
		return
	}
	f.Close()
	os.Remove(f.Name())
	f.File = nil
}

// Path is the name that the file is to have.
func (f *File) Path() string { return f.path }

// Named is an error of writing a file: it names the one that was asked for
// in place of the temporary one.
func Named(path string, err error) error {
	var p *fs.PathError
	var l *os.LinkError
	switch {
	case errors.As(err, &p):
		err = p.Err
	case errors.As(err, &l):
		err = l.Err
	}
	return fmt.Errorf("%s: cannot be written: %w", path, err)
}
