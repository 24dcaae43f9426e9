package loader

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// A folder keeps versions as copies: .versions/cpu/web.ckpt/17/DIGEST is the
// version 17 of cpu/web.ckpt. The folder 17 can be made once, so that of several
// processes each has a number of its own. A link would save space, but whoever
// copies a file over the checkpoint would change the version as well.

// kept is a version in a folder.
type kept struct {
	Version
	file string // its path in the store
}

// folderOf is where versions of a name are.
func folderOf(name string) string {
	return filepath.Join(versionsFolder, filepath.FromSlash(name))
}

// keptOf returns the versions of a name, the newest first.
func keptOf(root *os.Root, name string) ([]kept, error) {
	var out []kept
	folders, err := fs.ReadDir(root.FS(), path.Join(versionsFolder, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, f := range folders {
		number, bad := strconv.ParseInt(f.Name(), 10, 64)
		files, _ := fs.ReadDir(root.FS(), path.Join(versionsFolder, name, f.Name()))
		if bad != nil || number < 1 {
			continue
		}
		k := kept{Version: Version{Number: number}}
		for _, file := range files {
			if info, err := file.Info(); err == nil && len(file.Name()) == 64 && info.Mode().IsRegular() {
				k.Digest, k.Size, k.Time = file.Name(), info.Size(), info.ModTime()
				k.file = filepath.Join(folderOf(name), f.Name(), file.Name())
			}
		}
		out = append(out, k) // without a file it is one that is being written, or never was
	}
	slices.SortFunc(out, func(a, b kept) int { return cmp.Compare(b.Number, a.Number) })
	return out, err
}

// find returns where the newest version of a digest is, or -1.
func find(list []kept, digest string) int {
	return slices.IndexFunc(list, func(k kept) bool { return k.Digest == digest })
}

// addVersion keeps data as a name's newest version.
func addVersion(root *os.Root, name string, data []byte, list []kept) (folder string, err error) {
	number := int64(1)
	if len(list) > 0 {
		number = list[0].Number + 1
	}
	if err := root.MkdirAll(folderOf(name), 0o755); err != nil {
		return "", err
	}
	for range maxPruned {
		folder = filepath.Join(folderOf(name), strconv.FormatInt(number, 10))
		number++
		if err = root.Mkdir(folder, 0o755); errors.Is(err, fs.ErrExist) {
			continue
		}
		if err == nil {
			err = replace(root, filepath.Join(folder, digest(data)), data)
		}
		// Others may have written so many versions meanwhile that this one, which
		// had no file yet, was among the old ones.
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
		if list, _ := keptOf(root, name); len(list) > 0 {
			number = max(number, list[0].Number+1)
		}
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		_ = root.RemoveAll(folder) // the first error counts
	}
	return folder, err
}

// maxPruned bounds the numbers that addVersion tries.
const maxPruned = 1000

// putVersion is put of a checkpoint: the bytes are kept as a version, and then
// become current.
func putVersion(root *os.Root, name string, data []byte) error {
	list, err := keptOf(root, name)
	if err != nil {
		return err
	}
	current, at := filepath.FromSlash(name), find(list, digest(data))
	old, err := readRegular(root, current)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	case find(list, digest(old)) < 0: // it was put there by other means
		if _, err := addVersion(root, name, old, list); err != nil {
			return err
		}
		if list, err = keptOf(root, name); err != nil {
			return err
		}
	case at >= 0 && digest(old) == list[at].Digest: // written again: a newer time, no newer version
		now := time.Now()
		err := root.Chtimes(list[at].file, now, now)
		if errors.Is(err, fs.ErrNotExist) {
			err = nil // others have removed it since
		}
		return errors.Join(err, root.Chtimes(current, now, now))
	}
	folder, err := addVersion(root, name, data, list)
	if err != nil {
		return err
	}
	if err := replace(root, current, data); err != nil {
		_ = root.RemoveAll(folder)
		return err
	}
	prune(root, name)
	return nil
}

// prune removes all but the newest versions. One that stays does no harm.
func prune(root *os.Root, name string) {
	list, _ := keptOf(root, name)
	whole := 0
	for i := range list {
		if list[i].file != "" {
			whole++
		}
		if whole > DefaultKeep || list[i].file == "" && whole > 0 && i > DefaultKeep {
			_ = root.RemoveAll(filepath.Join(folderOf(name), strconv.FormatInt(list[i].Number, 10)))
		}
	}
}

// replace writes a file under a temporary name and then gives it its own.
func replace(root *os.Root, file string, data []byte) error {
	folder := filepath.Dir(file)
	temp := filepath.Join(folder, tempPrefix+strconv.FormatUint(rand.Uint64(), 36))
	if err := writeSynced(root, temp, data); err != nil {
		root.Remove(temp) // it may not be there; the first error counts
		return err
	}
	if err := root.Rename(temp, file); err != nil {
		root.Remove(temp)
		return err
	}
	syncFolder(root, folder)
	return nil
}

// Versions implements Versioner.
func (d Dir) Versions(ctx context.Context, name string) ([]Version, error) {
	root, list, err := d.versions(ctx, name)
	if err != nil {
		return nil, d.fail("read", name, err)
	}
	defer root.Close()
	out := make([]Version, len(list))
	for i, k := range list {
		out[i] = k.Version
	}
	return out, nil
}

// versions returns what is kept of a name, and the current one among it.
func (d Dir) versions(ctx context.Context, name string) (*os.Root, []kept, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	root, err := os.OpenRoot(string(d))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, ErrNotFound
	}
	if err != nil {
		return nil, nil, err
	}
	list, err := keptOf(root, name)
	list = slices.DeleteFunc(list, func(k kept) bool { return k.file == "" })
	current, missing := readRegular(root, filepath.FromSlash(name))
	if err == nil && missing != nil {
		if err = missing; errors.Is(missing, fs.ErrNotExist) {
			err = nil // a rollback brings one of the versions back
			if len(list) == 0 {
				err = ErrNotFound
			}
		}
	} else if err == nil {
		if at := find(list, digest(current)); at >= 0 {
			list[at].Current = true
		} else {
			list = slices.Insert(list, 0, kept{Version: Version{Digest: digest(current), Size: int64(len(current)), Current: true}})
		}
	}
	if err != nil {
		root.Close()
		return nil, nil, err
	}
	return root, list, nil
}

// Rollback implements Versioner.
func (d Dir) Rollback(ctx context.Context, name string, number int64) (Version, error) {
	v, err := d.rollback(ctx, name, number)
	if err != nil {
		return v, d.fail("roll back", name, err)
	}
	return v, nil
}

func (d Dir) rollback(ctx context.Context, name string, number int64) (Version, error) {
	root, list, err := d.versions(ctx, name)
	if err != nil {
		return Version{}, err
	}
	defer root.Close()
	versions := make([]Version, len(list))
	for i := range list {
		versions[i] = list[i].Version
	}
	i, err := choose(versions, number)
	if err != nil {
		return Version{}, err
	}
	to := list[i]
	if to.file == "" {
		return to.Version, nil // it is the current one
	}
	data, err := readRegular(root, to.file)
	if err != nil {
		return Version{}, err
	}
	if digest(data) != to.Digest {
		return Version{}, damaged(name, "version "+strconv.FormatInt(to.Number, 10)+" is not as it was written")
	}
	to.Current = true
	return to.Version, replace(root, filepath.FromSlash(name), data)
}

// readRegular returns the bytes of a file that is not too large to be a
// checkpoint.
func readRegular(root *os.Root, file string) ([]byte, error) {
	f, err := root.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, _, err := readAll(f)
	return data, err
}

// readAll returns the bytes of an open file and what is known of it.
func readAll(f *os.File) ([]byte, fs.FileInfo, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, nil, errors.New("not a regular file")
	}
	if info.Size() > MaxFileSize {
		return nil, nil, ErrTooLarge
	}
	data := make([]byte, info.Size())
	_, err = io.ReadFull(f, data)
	return data, info, err
}
