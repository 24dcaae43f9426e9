package store

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// idFormat is the format of a version's ID, which is when its file was written, in
// UTC. IDs sort by time.
const idFormat = "20060102T150405.000000000Z"

func idOf(info fs.FileInfo) string { return info.ModTime().UTC().Format(idFormat) }

// keeps reports whether earlier files of a name stay.
func (f Folder) keeps(name string) bool { return f.Keep > 0 && strings.HasSuffix(name, f.KeepOf) }

// keep makes the current file of a name a version and removes the oldest ones. The
// same bytes again are no other version. The lock is held.
func (f Folder) keep(root *os.Root, name string, old fs.FileInfo, data []byte) error {
	file := filepath.FromSlash(name)
	if data != nil && int64(len(data)) == old.Size() {
		if there, _, err := read(root, file, 0); err == nil && bytes.Equal(there, data) {
			return nil
		}
	}
	folder := filepath.Join(versionsFolder, file)
	if err := root.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	if err := keepAs(root, file, filepath.Join(folder, idOf(old))); err != nil {
		return err
	}
	kept, err := f.kept(root, name)
	for i := f.Keep; i < len(kept); i++ {
		_ = root.Remove(filepath.Join(folder, kept[i].ID)) // one that stays does no harm
	}
	return err
}

// keepAs gives a file that is about to be replaced a second name, or copies it where
// the file system has no second names.
func keepAs(root *os.Root, file, version string) error {
	info, err := root.Lstat(file)
	if err != nil {
		return err
	}
	if info.Mode().IsRegular() {
		if err = root.Link(file, version); err == nil || errors.Is(err, fs.ErrExist) {
			return nil // a writer that was killed before it replaced the file has linked it
		}
	}
	data, _, err := read(root, file, 0)
	if err != nil {
		return err
	}
	temp, err := writeTemp(root, filepath.Dir(version), data)
	if err != nil {
		return err
	}
	if err = root.Rename(temp, version); err != nil {
		_ = root.Remove(temp) // the first error counts
	}
	return err
}

// kept returns the earlier files of a name, newest first.
func (f Folder) kept(root *os.Root, name string) ([]Version, error) {
	entries, err := fs.ReadDir(root.FS(), path.Join(versionsFolder, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var out []Version
	for _, e := range entries {
		at, bad := time.Parse(idFormat, e.Name())
		info, gone := e.Info()
		if bad == nil && gone == nil && info.Mode().IsRegular() {
			out = append(out, Version{ID: e.Name(), Size: info.Size(), Modified: at})
		}
	}
	slices.SortFunc(out, func(a, b Version) int { return strings.Compare(b.ID, a.ID) })
	return out, err
}

// Versions implements Versioner.
func (f Folder) Versions(ctx context.Context, name string) ([]Version, error) {
	var out []Version
	err := f.within(ctx, name, func(root *os.Root) (err error) {
		if !f.keeps(name) {
			return ErrNoVersions
		}
		if out, err = f.kept(root, name); err != nil {
			return err
		}
		info, err := root.Stat(filepath.FromSlash(name))
		switch {
		case errors.Is(err, fs.ErrNotExist) && len(out) > 0:
			return nil
		case err != nil:
			return err
		}
		now := Version{ID: idOf(info), Size: info.Size(), Modified: info.ModTime(), Current: true}
		out = slices.DeleteFunc(out, func(v Version) bool { return v.ID == now.ID })
		out = slices.Insert(out, 0, now)
		return nil
	})
	return out, f.fail("list the versions of", name, err)
}

// GetVersion implements Versioner.
func (f Folder) GetVersion(ctx context.Context, name, id string, limit int64) (data []byte, err error) {
	err = f.within(ctx, name, func(root *os.Root) error {
		if !f.keeps(name) {
			return ErrNoVersions
		}
		if _, err := time.Parse(idFormat, id); err != nil {
			return ErrNotFound
		}
		file := filepath.FromSlash(name)
		if data, _, err = read(root, filepath.Join(versionsFolder, file, id), limit); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		var info fs.FileInfo
		if data, info, err = read(root, file, limit); err == nil && idOf(info) != id {
			data, err = nil, ErrNotFound
		}
		return err
	})
	return data, f.fail("read version "+id+" of", name, err)
}
