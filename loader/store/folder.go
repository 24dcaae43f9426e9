package store

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Folder is a bucket in a folder, which need not exist before the first Put. A
// name's parts are folders in it; nothing outside it is read or written, by no
// name and through no symbolic link. No part of a name begins with ".", and files
// and folders of such names are not listed. Put writes a hidden temporary file,
// syncs it to the disk and then renames it.
//
// Conditional writes exclude those of other processes by a lock (flock) on the
// folder, which the system releases when a process dies. A system without flock,
// and some network file systems, exclude those of the same process alone.
type Folder struct {
	Path string
	// Keep is how many earlier files of an object stay when it is replaced or
	// deleted; 0 keeps none. They are .versions/NAME/TIME within the folder, where
	// TIME is when the file was written.
	Keep int
	// KeepOf is how names end whose earlier files stay; "" is every name.
	KeepOf string
}

const (
	tempPrefix     = ".tmp-"
	versionsFolder = ".versions"
)

var errName = errors.New("not a name within the folder")

// valid reports whether a name is of an object.
func valid(name string) bool {
	return fs.ValidPath(name) && !strings.HasPrefix(name, ".") && !strings.Contains(name, "/.")
}

// List implements Bucket. A folder that does not exist is empty.
func (f Folder) List(ctx context.Context, prefix, after string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		root, err := os.OpenRoot(f.Path)
		if errors.Is(err, fs.ErrNotExist) {
			return
		}
		if err == nil {
			defer root.Close()
			err = (&walk{ctx, root, prefix, after, yield}).folder("")
		}
		if err != nil && err != errStop {
			yield(Object{}, f.fail("list", "", err))
		}
	}
}

var errStop = errors.New("stop")

type walk struct {
	ctx           context.Context
	root          *os.Root
	prefix, after string
	yield         func(Object, error) bool
}

// folder walks a folder, whose name ends with a slash or is "".
func (w *walk) folder(name string) error {
	entries, err := fs.ReadDir(w.root.FS(), path.Clean("./"+name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // removed meanwhile
	}
	if err != nil {
		return err
	}
	var names []string
	for _, e := range entries {
		switch {
		case strings.HasPrefix(e.Name(), "."):
		case e.IsDir():
			names = append(names, name+e.Name()+"/")
		default:
			names = append(names, name+e.Name())
		}
	}
	slices.Sort(names) // "a-b/x" comes before "a/x"
	for _, n := range names {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		if strings.HasSuffix(n, "/") {
			err = w.below(n)
		} else {
			err = w.file(n)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// below walks a folder in which there may be names that are wanted.
func (w *walk) below(n string) error {
	if !strings.HasPrefix(n, w.prefix) && !strings.HasPrefix(w.prefix, n) || n <= w.after && !strings.HasPrefix(w.after, n) {
		return nil
	}
	return w.folder(n)
}

func (w *walk) file(n string) error {
	if !strings.HasPrefix(n, w.prefix) || n <= w.after {
		return nil
	}
	// Stat follows a link, as a mounted volume has them.
	if info, err := w.root.Stat(filepath.FromSlash(n)); err == nil && info.Mode().IsRegular() && !w.yield(object(n, info), nil) {
		return errStop
	}
	return nil
}

func object(name string, info fs.FileInfo) Object {
	return Object{Name: name, Size: info.Size(), Revision: revision(info), Modified: info.ModTime()}
}

// revision is different for each file that Put writes under a name: Put gives
// each a later time than the one before.
func revision(info fs.FileInfo) string {
	return strconv.FormatInt(info.ModTime().UnixNano(), 36) + "-" + strconv.FormatInt(info.Size(), 36)
}

// Stat implements Bucket.
func (f Folder) Stat(ctx context.Context, name string) (Object, error) {
	var out Object
	err := f.within(ctx, name, func(root *os.Root) error {
		info, err := root.Stat(filepath.FromSlash(name))
		if err == nil && !info.Mode().IsRegular() {
			err = fs.ErrNotExist
		}
		if err == nil {
			out = object(name, info)
		}
		return err
	})
	return out, f.fail("look at", name, err)
}

// Get implements Bucket.
func (f Folder) Get(ctx context.Context, name string, limit int64) (data []byte, o Object, err error) {
	err = f.within(ctx, name, func(root *os.Root) error {
		var info fs.FileInfo
		if data, info, err = read(root, filepath.FromSlash(name), limit); err == nil {
			o = object(name, info)
		}
		return err
	})
	return data, o, f.fail("read", name, err)
}

// within calls do with the folder.
func (f Folder) within(ctx context.Context, name string, do func(*os.Root) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !valid(name) {
		return errName
	}
	root, err := os.OpenRoot(f.Path)
	if err != nil {
		return err
	}
	defer root.Close()
	return do(root)
}

// read returns the bytes of a file and what is known of it.
func read(root *os.Root, file string, limit int64) ([]byte, fs.FileInfo, error) {
	h, err := root.Open(file)
	if err != nil {
		return nil, nil, err
	}
	defer h.Close()
	info, err := h.Stat()
	switch {
	case err != nil:
		return nil, nil, err
	case !info.Mode().IsRegular():
		return nil, nil, errors.New("not a regular file")
	case info.Size() > limitOf(limit):
		return nil, nil, TooLarge(info.Size(), limitOf(limit))
	}
	data := make([]byte, info.Size())
	if _, err = io.ReadFull(h, data); err != nil {
		return nil, nil, err
	}
	return data, info, nil
}

// Put implements Bucket. It makes missing folders. An unwritable folder or a full
// disk leaves what was there.
func (f Folder) Put(ctx context.Context, name string, data []byte, opts ...PutOption) error {
	err := ctx.Err()
	if err == nil {
		err = f.put(name, data, Options(opts))
	}
	return f.fail("write", name, err)
}

func (f Folder) put(name string, data []byte, o PutOptions) error {
	if !valid(name) {
		return errName
	}
	if err := os.MkdirAll(f.Path, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(f.Path)
	if err != nil {
		return err
	}
	defer root.Close()
	file := filepath.FromSlash(name)
	if err := root.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	temp, err := writeTemp(root, filepath.Dir(file), data)
	if err != nil {
		return err
	}
	if err := f.replace(root, name, temp, data, o); err != nil {
		_ = root.Remove(temp) // the first error counts
		return err
	}
	syncFolder(root, filepath.Dir(file))
	return nil
}

// replace gives a temporary file its name where the conditions hold.
func (f Folder) replace(root *os.Root, name, temp string, data []byte, o PutOptions) error {
	defer lock(f.Path)()
	file := filepath.FromSlash(name)
	old, err := root.Stat(file)
	exists := err == nil
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	case exists && !old.Mode().IsRegular():
		return errors.New("not a regular file")
	case o.IfAbsent && exists, o.IfMatch != "" && (!exists || revision(old) != o.IfMatch):
		return ErrChanged
	}
	now := time.Now()
	if exists && !now.After(old.ModTime()) {
		now = old.ModTime().Add(time.Nanosecond)
	}
	if err := root.Chtimes(temp, now, now); err != nil {
		return err
	}
	if exists && f.keeps(name) {
		if err := f.keep(root, name, old, data); err != nil {
			return err
		}
	}
	return root.Rename(temp, file)
}

// Delete implements Bucket. The deleted file stays as a version where the folder
// keeps versions.
func (f Folder) Delete(ctx context.Context, name string) error {
	err := f.within(ctx, name, func(root *os.Root) error {
		defer lock(f.Path)()
		file := filepath.FromSlash(name)
		if old, err := root.Stat(file); err == nil && old.Mode().IsRegular() && f.keeps(name) {
			if err := f.keep(root, name, old, nil); err != nil {
				return err
			}
		}
		return root.Remove(file)
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return f.fail("delete", name, err)
}

// Check makes a missing folder, and returns an error if Put could not write to it:
// better before long work than after it.
func (f Folder) Check(context.Context) error {
	err := os.MkdirAll(f.Path, 0o755)
	if err == nil {
		var h *os.File
		if h, err = os.CreateTemp(f.Path, tempPrefix); err == nil {
			err = errors.Join(h.Close(), os.Remove(h.Name()))
		}
	}
	return f.fail("write to", "", err)
}

// writeTemp writes a temporary file and returns its name when it is on the disk.
func writeTemp(root *os.Root, folder string, data []byte) (string, error) {
	name := filepath.Join(folder, tempPrefix+strconv.FormatUint(rand.Uint64(), 36))
	h, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return "", err
	}
	_, err = h.Write(data)
	if err = errors.Join(err, h.Sync(), h.Close()); err != nil {
		_ = root.Remove(name) // the first error counts
		return "", err
	}
	return name, nil
}

// syncFolder brings a rename to the disk. Not every system can sync a folder; the
// file is whole either way, so a failure does not count.
func syncFolder(root *os.Root, folder string) {
	if h, err := root.Open(folder); err == nil {
		_ = h.Sync()
		_ = h.Close()
	}
}

// fail returns the error for people: with the path that they know, without the
// temporary name. It is nil for nil.
func (f Folder) fail(op, name string, err error) error {
	var pe *fs.PathError
	var le *os.LinkError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist) && op != "write" && op != "write to":
		err = ErrNotFound
	case errors.As(err, &pe):
		err = pe.Err
	case errors.As(err, &le):
		err = le.Err
	}
	return &Error{Op: op, Name: f.Address(name), Err: err}
}

// Address implements Bucket.
func (f Folder) Address(name string) string {
	return filepath.Join(f.Path, filepath.FromSlash(name))
}
