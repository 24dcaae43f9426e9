// Package store keeps bytes under names: in a folder, in memory or, by
// infra/s3, in a bucket of object storage. Checkpoints, samples, forecasts and
// manifests all lie in buckets.
package store

import (
	"context"
	"errors"
	"iter"
	"strconv"
	"strings"
	"time"
)

// MaxSize is how many bytes Get returns at most when it is given no limit.
const MaxSize = 1 << 30

// A Bucket keeps objects, which are bytes under names with slashes. An object
// appears whole or not at all: of several writers the last complete one wins, and
// a reader gets the bytes of one of them. Methods are safe for concurrent use.
// Their errors match the errors of this package with errors.Is.
type Bucket interface {
	// List yields the objects whose names begin with the prefix and come after the
	// name after, in the order of their names. An error ends the list. A list holds
	// a part of the objects in memory at a time.
	List(ctx context.Context, prefix, after string) iter.Seq2[Object, error]
	// Stat returns what List yields for one name. The error is ErrNotFound for a
	// missing name.
	Stat(ctx context.Context, name string) (Object, error)
	// Get returns an object of at most limit bytes; a limit of 0 is MaxSize. The
	// error is ErrNotFound for a missing name and ErrTooLarge over the limit.
	Get(ctx context.Context, name string, limit int64) ([]byte, Object, error)
	// Put writes all of an object or nothing. It does not keep data. A condition
	// that does not hold is ErrChanged. A writer that lost the answer to a
	// conditional Put may return ErrChanged for an object that it wrote itself.
	Put(ctx context.Context, name string, data []byte, opts ...PutOption) error
	// Delete removes a name. Deleting a missing name is not an error.
	Delete(ctx context.Context, name string) error
	// Address returns a name as people know it: a path, s3://bucket/key.
	Address(name string) string
}

// All returns what List yields of a prefix, whatever its size.
func All(ctx context.Context, b Bucket, prefix string) ([]Object, error) {
	var out []Object
	for o, err := range b.List(ctx, prefix, "") {
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return out, nil
}

// An Object describes stored bytes.
type Object struct {
	Name     string // with slashes: "cpu/webapp.ckpt"
	Size     int64  // bytes
	Revision string // changes whenever the bytes may have changed: an ETag in S3
	Modified time.Time
}

// PutOptions are the conditions and traits of a Put.
type PutOptions struct {
	IfMatch     string // write only over this revision; "" is no condition
	IfAbsent    bool   // write only where nothing has the name
	ContentType string // MIME type; "" is application/octet-stream
}

// A PutOption sets one of the PutOptions.
type PutOption func(*PutOptions)

// IfMatch makes Put write only over the revision. "" is the revision of a missing
// object: Put then writes only where nothing has the name.
func IfMatch(revision string) PutOption {
	return func(o *PutOptions) { o.IfMatch, o.IfAbsent = revision, revision == "" }
}

// ContentType sets the MIME type, which buckets other than S3 ignore.
func ContentType(t string) PutOption { return func(o *PutOptions) { o.ContentType = t } }

// Options returns the options that a Put is called with.
func Options(opts []PutOption) PutOptions {
	var out PutOptions
	for _, o := range opts {
		o(&out)
	}
	return out
}

// A Version is one of the states that a bucket has kept of an object.
type Version struct {
	ID       string // for GetVersion; each bucket has a format of its own
	Size     int64  // bytes
	Modified time.Time
	Current  bool // Get returns it
}

// A Versioner is a bucket that can keep earlier versions of its objects.
type Versioner interface {
	Bucket
	// Versions returns the versions of a name, newest first. A deleted name may
	// have versions, none of them current. The error is ErrNotFound where there is
	// no version, and ErrNoVersions where the bucket keeps none.
	Versions(ctx context.Context, name string) ([]Version, error)
	// GetVersion is Get of one version. The error is ErrNotFound where the bucket
	// does not have it.
	GetVersion(ctx context.Context, name, id string, limit int64) ([]byte, error)
}

// AsVersioner returns the bucket as a Versioner. The error is ErrNoVersions where
// it is none.
func AsVersioner(b Bucket) (Versioner, error) {
	if v, ok := b.(Versioner); ok {
		return v, nil
	}
	return nil, ErrNoVersions
}

var (
	// ErrNotFound reports a name, or a version of it, that the bucket does not have.
	ErrNotFound = errors.New("store: not found")
	// ErrTooLarge reports an object over the limit, which was not read.
	ErrTooLarge = errors.New("store: object is too large")
	// ErrChanged reports that the condition of a Put does not hold.
	ErrChanged = errors.New("store: changed meanwhile")
	// ErrDamaged reports bytes that are not those that were written.
	ErrDamaged = errors.New("store: damaged object")
	// ErrNoVersions reports a bucket that keeps no versions.
	ErrNoVersions = errors.New("store: the store keeps no versions (a folder of checkpoints does, and a bucket with versioning enabled)")
)

// An Error is a failed operation on a name.
type Error struct {
	Op     string // "read", "write", "list", …
	Name   string // its address
	Err    error
	Detail string // what a server said; may be empty
	Hint   string // what to do; may be empty
}

// Error says what failed, why, and what to do.
func (e *Error) Error() string {
	s := e.Err.Error()
	for _, prefix := range []string{"store: ", "s3: ", "loader: "} {
		s = strings.TrimPrefix(s, prefix)
	}
	s = "store: cannot " + e.Op + " " + e.Name + ": " + s
	if e.Detail != "" {
		s += " (" + e.Detail + ")"
	}
	if e.Hint != "" {
		s += "; " + e.Hint
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// TooLarge returns the ErrTooLarge of an object of size bytes or more.
func TooLarge(size, limit int64) error { return &tooLarge{size, limit} }

type tooLarge struct{ size, limit int64 }

func (e *tooLarge) Error() string {
	return "object is too large: it has " + strconv.FormatInt(e.size, 10) + " bytes or more, the limit is " + strconv.FormatInt(e.limit, 10)
}

func (e *tooLarge) Is(target error) bool { return target == ErrTooLarge }

// limitOf returns the limit of a Get.
func limitOf(limit int64) int64 {
	if limit <= 0 {
		return MaxSize
	}
	return limit
}
