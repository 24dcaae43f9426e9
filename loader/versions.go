package loader

import (
	"context"
	"errors"
	"strconv"
	"time"
)

const (
	// DefaultKeep is how many versions of a checkpoint a store keeps unless it is
	// told otherwise; a Dir keeps as many.
	DefaultKeep = 5
	// MaxKeep is how many versions of a checkpoint a store keeps at most.
	MaxKeep = 1000
)

// versionsFolder is where a store keeps versions, by the checkpoint's name.
// Lists leave out what is in it.
const versionsFolder = ".versions"

var (
	// ErrChanged: a conditional write found something else than it expected.
	ErrChanged = errors.New("loader: changed meanwhile")
	// ErrNoVersion: the store does not keep that version of a checkpoint.
	ErrNoVersion = errors.New("loader: no such version")
)

// A Version is one of the checkpoints that a store has kept under a name.
type Version struct {
	Number  int64     // counts up from 1 for each name; 0 where the store has not numbered it
	Digest  string    // SHA-256 of the bytes, in hexadecimal digits
	Size    int64     // bytes
	Time    time.Time // when it was written last
	Current bool      // it is what Get returns
}

// A Versioner is a store that keeps the last versions of each checkpoint that
// is put into it (a name that ParseName knows).
type Versioner interface {
	Store
	// Versions returns what is kept under the name, the newest first. The error
	// is ErrNotFound where nothing is.
	Versions(ctx context.Context, name string) ([]Version, error)
	// Rollback makes a version current again; 0 is the one before the current.
	// It reads the version first: one that is damaged does not become current.
	// The error is ErrNotFound, or ErrNoVersion where the version is not kept.
	Rollback(ctx context.Context, name string, number int64) (Version, error)
}

// choose returns which of the versions, the newest first, a rollback is to.
func choose(versions []Version, number int64) (int, error) {
	current := -1
	for i, v := range versions {
		if v.Number == number && number > 0 {
			return i, nil
		}
		if v.Current {
			current = i
		}
	}
	if number != 0 {
		return 0, &versionError{number, versions}
	}
	if current+1 >= len(versions) {
		return 0, &versionError{0, versions}
	}
	return current + 1, nil
}

type versionError struct {
	number int64
	kept   []Version
}

func (e *versionError) Error() string {
	s := "no version before the current one"
	if e.number != 0 {
		s = "no version " + strconv.FormatInt(e.number, 10)
	}
	s += " is kept"
	for i, v := range e.kept {
		sep := ", "
		if i == 0 {
			sep = "; kept: "
		}
		s += sep + strconv.FormatInt(v.Number, 10)
	}
	return s
}

func (e *versionError) Is(target error) bool { return target == ErrNoVersion }

// isVersioned reports whether a store keeps versions of what has the name.
func isVersioned(name string) bool {
	_, ok := ParseName(name)
	return ok
}
