package loader

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/foretide/foretide/core/codec"
)

// Objects are bytes under names with conditional writes, as object storage has
// them. A name's revision is another one whenever its bytes may be others.
type Objects interface {
	// ListObjects returns the objects whose names begin with the prefix, sorted
	// by name, without those whose names begin with skip (where it is not "").
	ListObjects(ctx context.Context, prefix, skip string) ([]Object, error)
	// Get returns the bytes of a name and their revision, or ErrNotFound.
	Get(ctx context.Context, name string) (data []byte, revision string, err error)
	// PutIf stores all of the bytes, or none, where the name has the revision,
	// or, for "", where there is nothing of the name. The error is ErrChanged
	// where it has another; a writer that cannot know whether it wrote may return
	// it as well.
	PutIf(ctx context.Context, name string, data []byte, revision string) error
	// Put stores all of the bytes, or none, whatever there is.
	Put(ctx context.Context, name string, data []byte) error
	// Delete removes a name; that there is none is no error.
	Delete(ctx context.Context, name string) error
}

// Versioned is a store over objects that keeps versions of checkpoints. A
// checkpoint is written under a name that nobody else writes, by its digest; the
// object of its own name is an index of the versions, which makes one of them
// the current one and is replaced only where nobody else has replaced it
// meanwhile. So of several writers at once none loses its version, and a reader
// gets a whole one, whose digest it checks. Other names (the states of
// trainings), and a checkpoint that was put there by other means, are plain
// objects.
//
// A reader that found the index may find its version deleted, when more than
// the kept number were written meanwhile; it then reads the index again.
type Versioned struct {
	objects Objects
	keep    int
}

// NewVersioned returns a store over objects that keeps the last versions of
// each checkpoint, from 1 to MaxKeep; 0 is DefaultKeep.
func NewVersioned(o Objects, keep int) *Versioned {
	if keep <= 0 {
		keep = DefaultKeep
	}
	return &Versioned{o, min(keep, MaxKeep)}
}

// tries is how often a write is tried against other writers.
const tries = 100

// List implements Store. A checkpoint's size is that of its index.
func (s *Versioned) List(ctx context.Context) ([]Object, error) {
	return s.objects.ListObjects(ctx, "", versionsFolder+"/")
}

// Get implements Store.
func (s *Versioned) Get(ctx context.Context, name string) ([]byte, string, error) {
	for attempt := 1; ; attempt++ {
		data, revision, x, err := s.open(ctx, name)
		if x == nil {
			return data, revision, err
		}
		v := x.current()
		data, err = s.bytes(ctx, name, v)
		if err == nil {
			return data, revision, nil
		}
		if !errors.Is(err, ErrNotFound) || attempt == tries {
			return nil, "", err
		}
		if _, latest, again := s.objects.Get(ctx, name); again != nil || latest == revision { // nobody wrote: it is lost
			return nil, "", s.fail("read", name, damaged(name, "version "+strconv.FormatInt(v.Number, 10)+" is gone"))
		}
	}
}

// open returns the object of a name: an index, or else what it is.
func (s *Versioned) open(ctx context.Context, name string) (data []byte, revision string, x *index, err error) {
	data, revision, err = s.objects.Get(ctx, name)
	if isVersioned(name) && (errors.Is(err, codec.ErrDamaged) || err == nil && isIndex(data)) {
		if err == nil {
			x, err = parseIndex(data)
		}
		if errors.Is(err, codec.ErrDamaged) {
			err = damaged(name, "its index of versions is not as it was written")
		}
		if err != nil {
			return nil, "", nil, s.fail("read", name, err)
		}
	}
	return data, revision, x, err
}

// bytes returns those of a version, whose digest they have.
func (s *Versioned) bytes(ctx context.Context, name string, v *entry) ([]byte, error) {
	data, _, err := s.objects.Get(ctx, v.object(name))
	if errors.Is(err, codec.ErrDamaged) || err == nil && digest(data) != v.Digest {
		return nil, s.fail("read", name, damaged(name, "version "+strconv.FormatInt(v.Number, 10)+" is not as it was written"))
	}
	return data, err
}

// damaged is the error of a version that is not as it was written.
func damaged(name, problem string) error {
	return &codec.DamagedError{Problem: problem + "; \"foretide checkpoint rollback " + name + "\" returns to another version, and training writes a new one"}
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Delete removes a name and all of its versions.
func (s *Versioned) Delete(ctx context.Context, name string) error {
	if err := s.objects.Delete(ctx, name); err != nil || !isVersioned(name) {
		return err
	}
	return s.sweep(ctx, name, &index{}, time.Now())
}

// Put implements Store.
func (s *Versioned) Put(ctx context.Context, name string, data []byte) error {
	if !isVersioned(name) {
		return s.objects.Put(ctx, name, data)
	}
	v := entry{Digest: digest(data), Size: int64(len(data)), Mark: mark()}
	written := false
	out, dropped, err := s.update(ctx, name, func(x *index) error {
		if slices.ContainsFunc(x.Versions, func(w entry) bool { return w.Mark == v.Mark }) {
			return errDone
		}
		v.Time = now()
		if c := x.current(); c != nil && c.Digest == v.Digest { // written again: a newer time, no newer version
			c.Time = v.Time
			return nil
		}
		if !written {
			if err := s.objects.Put(ctx, v.object(name), data); err != nil {
				return err
			}
			written = true
		}
		x.add(v)
		return nil
	})
	if err != nil {
		return err // a sweep removes what was written
	}
	for _, d := range dropped {
		// One that stays does no harm, and a sweep removes it.
		_ = s.objects.Delete(context.WithoutCancel(ctx), d.object(name))
	}
	if out.Serial%sweepEvery == 0 {
		_ = s.sweep(ctx, name, out, time.Now().Add(-sweepAge)) // the next one does it
	}
	return nil
}

func now() time.Time { return time.Now().UTC().Truncate(time.Second) }

const (
	sweepEvery = 16             // writes of a name, after which what interrupted ones left is removed
	sweepAge   = 24 * time.Hour // what is younger may be of a writer that is not done
)

// mark is a new one each time, that begins with when it was made.
func mark() string {
	b := make([]byte, 8)
	rand.Read(b) // never fails
	return strconv.FormatInt(time.Now().UnixNano(), 10) + "-" + hex.EncodeToString(b)
}

// sweep removes versions that the index does not point to and that were made
// before a time.
func (s *Versioned) sweep(ctx context.Context, name string, x *index, before time.Time) error {
	list, err := s.objects.ListObjects(ctx, versionsFolder+"/"+name+"/", "")
	if err != nil {
		return err
	}
	var errs []error
	for _, o := range list {
		v, ok := parseObject(o)
		known := slices.ContainsFunc(x.Versions, func(w entry) bool { return v.Mark == w.Mark })
		if ok && !known && !v.Time.After(before) {
			errs = append(errs, s.objects.Delete(ctx, o.Name))
		}
	}
	return errors.Join(errs...)
}

// errDone: an index is as it is to be.
var errDone = errors.New("done")

// update changes a name's index until nobody else has changed it meanwhile. A
// write whose answer was lost is found to have happened when change is called
// again, and returns errDone. It returns the index and what has fallen out of
// it.
func (s *Versioned) update(ctx context.Context, name string, change func(*index) error) (*index, []entry, error) {
	for attempt := 1; ; attempt++ {
		x, revision, err := s.index(ctx, name)
		if err != nil {
			return nil, nil, err
		}
		before := slices.Clone(x.Versions)
		switch err := change(x); {
		case err == errDone:
			return x, nil, nil
		case err != nil:
			return nil, nil, err
		}
		x.Serial++
		x.trim(s.keep)
		err = s.objects.PutIf(ctx, name, x.append(), revision)
		if err == nil {
			return x, missing(before, x.Versions), nil
		}
		if !errors.Is(err, ErrChanged) || attempt == tries {
			return nil, nil, err
		}
		sleep(ctx, attempt)
	}
}

// missing returns what is in a and not in b.
func missing(a, b []entry) []entry {
	return slices.DeleteFunc(a, func(v entry) bool {
		return slices.ContainsFunc(b, func(w entry) bool { return v.Mark == w.Mark })
	})
}

// sleep waits a random time that grows with the attempts, so that writers that
// meet do not meet again.
func sleep(ctx context.Context, attempt int) {
	b := make([]byte, 1)
	rand.Read(b)
	select {
	case <-ctx.Done():
	case <-time.After(time.Duration(b[0]) * min(time.Duration(attempt), 20) * 100 * time.Microsecond):
	}
}

// index returns a name's index and its revision, both empty where there is
// none. A checkpoint that is there without an index becomes its first version.
func (s *Versioned) index(ctx context.Context, name string) (*index, string, error) {
	data, revision, x, err := s.open(ctx, name)
	switch {
	case errors.Is(err, ErrNotFound):
		return new(index), "", nil
	case errors.Is(err, codec.ErrDamaged):
		return s.rebuild(ctx, name)
	case err != nil || x != nil:
		return x, revision, err
	}
	v := entry{Digest: digest(data), Size: int64(len(data)), Mark: mark(), Time: now()}
	if err := s.objects.Put(ctx, v.object(name), data); err != nil {
		return nil, "", err
	}
	x = new(index)
	x.add(v)
	return x, revision, nil
}

// rebuild makes an index, without a current version, of the versions that are
// there, in the order in which they were written.
func (s *Versioned) rebuild(ctx context.Context, name string) (*index, string, error) {
	self, err := s.objects.ListObjects(ctx, name, "")
	if err != nil || len(self) == 0 || self[0].Name != name {
		return new(index), "", err
	}
	list, err := s.objects.ListObjects(ctx, versionsFolder+"/"+name+"/", "")
	if err != nil {
		return nil, "", err
	}
	x := new(index)
	for _, o := range list {
		if v, ok := parseObject(o); ok {
			x.Versions = append(x.Versions, v)
		}
	}
	slices.SortFunc(x.Versions, func(a, b entry) int { return b.Time.Compare(a.Time) })
	for i := range x.Versions {
		x.Versions[i].Number = int64(len(x.Versions) - i)
	}
	return x, self[0].Revision, nil
}

// parseObject returns the version that an object is, without its number.
func parseObject(o Object) (v entry, ok bool) {
	v.Size = o.Size
	v.Digest, v.Mark, _ = strings.Cut(path.Base(o.Name), ".")
	made, _, ok := strings.Cut(v.Mark, "-")
	t, err := strconv.ParseInt(made, 10, 64)
	v.Time = time.Unix(0, t).UTC()
	return v, ok && err == nil && len(v.Digest) == 2*sha256.Size
}

// Versions implements Versioner.
func (s *Versioned) Versions(ctx context.Context, name string) ([]Version, error) {
	data, _, x, err := s.open(ctx, name)
	if errors.Is(err, codec.ErrDamaged) {
		x, _, err = s.rebuild(ctx, name)
	}
	if err != nil {
		return nil, err
	}
	if x == nil {
		return []Version{{Digest: digest(data), Size: int64(len(data)), Current: true}}, nil
	}
	return x.versions(), nil
}

// Rollback implements Versioner.
func (s *Versioned) Rollback(ctx context.Context, name string, number int64) (Version, error) {
	var to Version
	_, _, err := s.update(ctx, name, func(x *index) error {
		if len(x.Versions) == 0 {
			return s.fail("roll back", name, ErrNotFound)
		}
		all := x.versions()
		i, err := choose(all, number)
		if err != nil {
			return s.fail("roll back", name, err)
		}
		to = all[i]
		to.Current = true
		number = to.Number // of the next attempt too
		v := x.find(to.Number)
		if _, err := s.bytes(ctx, name, v); err != nil {
			return err
		}
		x.Current = to.Number
		return nil
	})
	return to, err
}

// fail returns the error for people, with the objects' own names where they
// have some.
func (s *Versioned) fail(op, name string, err error) error {
	if o, ok := s.objects.(interface{ Address(name string) string }); ok {
		name = o.Address(name)
	}
	return &StoreError{Op: op, Name: name, Err: err}
}
