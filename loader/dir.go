package loader

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// Dir is a store in a folder. The folder need not exist before the first Put.
// A name's parts are folders in it; nothing outside it is read or written, by
// no name and through no symbolic link. Files and folders whose names begin
// with "." are not listed: Put writes a file of such a name first, makes sure
// that it has reached the disk, and then gives it its own name. Of checkpoints
// it keeps the last DefaultKeep versions in the folder .versions.
type Dir string

// MaxFileSize is the size of the largest file that a Dir reads.
const MaxFileSize = 1 << 30

const tempPrefix = ".tmp-"

// List implements Store. The store of a folder that does not exist is empty.
func (d Dir) List(ctx context.Context) ([]Object, error) {
	root, err := os.OpenRoot(string(d))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, d.fail("list", "", err)
	}
	defer root.Close()
	var out []Object
	err = fs.WalkDir(root.FS(), ".", func(name string, e fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		if strings.HasPrefix(e.Name(), ".") && name != "." {
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if e.IsDir() {
			return nil
		}
		// Stat follows a link, as a mounted volume has them.
		if info, err := root.Stat(filepath.FromSlash(name)); err == nil && info.Mode().IsRegular() {
			out = append(out, Object{Name: name, Size: info.Size(), Revision: revision(info), Modified: info.ModTime()})
		}
		return nil
	})
	if err != nil {
		return nil, d.fail("list", "", err)
	}
	sortObjects(out)
	return out, nil
}

// Get implements Store.
func (d Dir) Get(ctx context.Context, name string) ([]byte, string, error) {
	data, rev, err := d.get(ctx, name)
	if errors.Is(err, fs.ErrNotExist) {
		err = ErrNotFound
	}
	if err != nil {
		return nil, "", d.fail("read", name, err)
	}
	return data, rev, nil
}

func (d Dir) get(ctx context.Context, name string) ([]byte, string, error) {
	if err := ctx.Err(); err != nil {
		return nil, "", err
	}
	root, err := os.OpenRoot(string(d))
	if err != nil {
		return nil, "", err
	}
	defer root.Close()
	f, err := root.Open(filepath.FromSlash(name))
	if err != nil {
		return nil, "", err
	}
	defer f.Close()
	data, info, err := readAll(f)
	if err != nil {
		return nil, "", err
	}
	return data, revision(info), nil
}

// Delete removes a name and its versions; that there is none is no error.
func (d Dir) Delete(ctx context.Context, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	root, err := os.OpenRoot(string(d))
	if err != nil {
		return d.fail("delete", name, err)
	}
	defer root.Close()
	if err := root.Remove(filepath.FromSlash(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return d.fail("delete", name, err)
	}
	if isVersioned(name) {
		if err := root.RemoveAll(folderOf(name)); err != nil {
			return d.fail("delete", name, err)
		}
	}
	return nil
}

// Put implements Store. It makes the folders that are missing. Where it fails
// (an unwritable folder, a full disk) it leaves what was there.
func (d Dir) Put(ctx context.Context, name string, data []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := d.put(name, data); err != nil {
		return d.fail("write", name, err)
	}
	return nil
}

func (d Dir) put(name string, data []byte) error {
	if !fs.ValidPath(name) || name == "." {
		return errors.New("not a name within the folder")
	}
	if err := os.MkdirAll(string(d), 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(string(d))
	if err != nil {
		return err
	}
	defer root.Close()
	if err := root.MkdirAll(filepath.FromSlash(path.Dir(name)), 0o755); err != nil {
		return err
	}
	if isVersioned(name) {
		return putVersion(root, name, data)
	}
	return replace(root, filepath.FromSlash(name), data)
}

// Check makes the folder where it is missing, and returns an error where Put
// could not write to it: better before long work than after it.
func (d Dir) Check() error {
	err := os.MkdirAll(string(d), 0o755)
	if err != nil {
		return d.fail("write to", "", err)
	}
	f, err := os.CreateTemp(string(d), tempPrefix)
	if err != nil {
		return d.fail("write to", "", err)
	}
	if err := errors.Join(f.Close(), os.Remove(f.Name())); err != nil {
		return d.fail("write to", "", err)
	}
	return nil
}

// writeSynced writes a new file and returns when it is on the disk.
func writeSynced(root *os.Root, name string, data []byte) error {
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

// syncFolder brings a rename to the disk. Not every system can sync a folder;
// the file is whole either way, so a failure is none of the store's.
func syncFolder(root *os.Root, folder string) {
	if f, err := root.Open(folder); err == nil {
		f.Sync()
		f.Close()
	}
}

func revision(info fs.FileInfo) string {
	return strconv.FormatInt(info.ModTime().UnixNano(), 36) + "-" + strconv.FormatInt(info.Size(), 36)
}

// fail returns the error for people: with the path that they know, without
// the temporary name.
func (d Dir) fail(op, name string, err error) error {
	var pe *fs.PathError
	var le *os.LinkError
	if errors.As(err, &pe) {
		err = pe.Err
	} else if errors.As(err, &le) {
		err = le.Err
	}
	return &StoreError{Op: op, Name: filepath.Join(string(d), filepath.FromSlash(name)), Err: err}
}
