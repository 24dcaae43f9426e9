package loader

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/foretide/foretide/core/models"
	"github.com/foretide/foretide/loader/store"
)

// KeepVersions is how many earlier versions of a checkpoint a Folder keeps.
const KeepVersions = 5

// Folder returns the bucket of checkpoints in a folder, which keeps the last
// KeepVersions earlier files of each.
func Folder(path string) store.Folder {
	return store.Folder{Path: path, Keep: KeepVersions, KeepOf: ".ckpt"}
}

// Rollback copies an earlier version of a checkpoint back, over the current one,
// which stays as a version. "" is the newest version with other bytes than the
// current one. Rollback decodes the version and its model first: a version that
// would not serve does not become current.
//
// The error is one of Decode and Model, store.ErrNotFound where the version is not
// kept, store.ErrNoVersions where the bucket keeps none, and store.ErrChanged where
// somebody else has written the checkpoint meanwhile.
func Rollback(ctx context.Context, b store.Bucket, k Key, version string) (store.Version, error) {
	name := k.Name()
	fail := func(err error) (store.Version, error) {
		return store.Version{}, &store.Error{Op: "roll back", Name: b.Address(name), Err: err}
	}
	v, err := store.AsVersioner(b)
	if err != nil {
		return fail(err)
	}
	current, object, err := b.Get(ctx, name, 0)
	if err != nil && !errors.Is(err, store.ErrNotFound) && !errors.Is(err, store.ErrDamaged) && !errors.Is(err, store.ErrTooLarge) {
		return store.Version{}, err
	}
	if err != nil {
		if object, err = b.Stat(ctx, name); err != nil && !errors.Is(err, store.ErrNotFound) {
			return store.Version{}, err
		}
	}
	list, err := v.Versions(ctx, name)
	if err != nil {
		return store.Version{}, err
	}
	for _, to := range list {
		if to.ID != version && (version != "" || to.Current) {
			continue
		}
		data, err := v.GetVersion(ctx, name, to.ID, 0)
		if err != nil {
			return store.Version{}, err
		}
		if bytes.Equal(data, current) {
			if version == "" {
				continue
			}
			return to, nil
		}
		if err := checkServes(data, k); err != nil {
			return fail(fmt.Errorf("version %s does not serve: %w", to.ID, err))
		}
		if object.Revision == "" { // deleted: versitygw does not take IfMatch("") then
			return to, b.Put(ctx, name, data)
		}
		return to, b.Put(ctx, name, data, store.IfMatch(object.Revision))
	}
	if version != "" {
		return fail(fmt.Errorf("version %q: %w", version, store.ErrNotFound))
	}
	return fail(fmt.Errorf("%w: the store keeps no version that differs from the current one", store.ErrNotFound))
}

// checkServes returns what keeps bytes from serving as the key's checkpoint.
func checkServes(data []byte, k Key) error {
	c, err := Decode(data, 0)
	if err == nil && KeyOf(c) != k {
		err = &mismatchError{k, KeyOf(c)}
	}
	if err == nil {
		_, err = models.Open(c, c.Payload)
	}
	return err
}
