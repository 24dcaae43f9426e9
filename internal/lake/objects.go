// Package lake keeps what the functions share in object storage: samples as
// Parquet, partitioned by day, manifests, forecasts, and what is to be known
// from one invocation to the next.
package lake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/foretide/foretide/loader"
)

// Objects is the object storage that the functions need.
type Objects interface {
	// List returns the objects whose keys begin with the prefix, by key.
	List(ctx context.Context, prefix string) ([]Object, error)
	// Get returns an object of at most limit bytes; the error is ErrNotFound
	// where there is none, ErrTooLarge where it is larger.
	Get(ctx context.Context, key string, limit int64) ([]byte, error)
	// Head returns what List would about one object; the error is ErrNotFound
	// where there is none.
	Head(ctx context.Context, key string) (Object, error)
	// Put stores all of an object or nothing.
	Put(ctx context.Context, key string, data []byte, contentType string) error
	// Delete removes an object; that there is none is no error.
	Delete(ctx context.Context, key string) error
}

// Revisions is object storage in which an object is replaced only where nobody
// else has replaced it meanwhile.
type Revisions interface {
	// GetRevision returns an object of at most limit bytes and its revision; the
	// error is ErrNotFound where there is none.
	GetRevision(ctx context.Context, key string, limit int64) (data []byte, revision string, err error)
	// PutIf stores all of an object or nothing, where it has the revision, or, for
	// "", where there is none. The error is loader.ErrChanged where it is another
	// one, or where it cannot be known whether it was written.
	PutIf(ctx context.Context, key string, data []byte, contentType, revision string) error
}

// An Object is what is known of a stored object.
type Object struct {
	Key      string
	Size     int64
	ETag     string
	Modified time.Time
}

var (
	// ErrNotFound: there is no such object.
	ErrNotFound = loader.ErrNotFound
	// ErrTooLarge: there is more than the limit.
	ErrTooLarge = errors.New("too large")
	// ErrDamaged: an object's bytes are not those that were written.
	ErrDamaged = errors.New("damaged object")
)

// Memory is object storage in memory. Its zero value is empty and ready for use.
type Memory struct {
	mu      sync.Mutex
	objects map[string]memoryObject
	// Clock gives the time of modification; nil is time.Now.
	Clock func() time.Time
}

type memoryObject struct {
	data     []byte
	modified time.Time
}

func (o memoryObject) object(key string) Object {
	sum := sha256.Sum256(o.data)
	return Object{Key: key, Size: int64(len(o.data)), ETag: hex.EncodeToString(sum[:8]), Modified: o.modified}
}

// List implements Objects.
func (m *Memory) List(ctx context.Context, prefix string) ([]Object, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []Object
	for key, o := range m.objects {
		if strings.HasPrefix(key, prefix) {
			out = append(out, o.object(key))
		}
	}
	slices.SortFunc(out, func(a, b Object) int { return strings.Compare(a.Key, b.Key) })
	return out, ctx.Err()
}

// Get implements Objects.
func (m *Memory) Get(ctx context.Context, key string, limit int64) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	o, ok := m.objects[key]
	switch {
	case !ok:
		return nil, fmt.Errorf("%s: %w", key, ErrNotFound)
	case int64(len(o.data)) > limit:
		return nil, fmt.Errorf("%s: %w: %d bytes, the limit is %d", key, ErrTooLarge, len(o.data), limit)
	}
	return slices.Clone(o.data), ctx.Err()
}

// Head implements Objects.
func (m *Memory) Head(ctx context.Context, key string) (Object, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	o, ok := m.objects[key]
	if !ok {
		return Object{}, fmt.Errorf("%s: %w", key, ErrNotFound)
	}
	return o.object(key), ctx.Err()
}

// Put implements Objects.
func (m *Memory) Put(ctx context.Context, key string, data []byte, _ string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.objects == nil {
		m.objects = map[string]memoryObject{}
	}
	now := time.Now
	if m.Clock != nil {
		now = m.Clock
	}
	m.objects[key] = memoryObject{slices.Clone(data), now()}
	return nil
}

// Delete implements Objects.
func (m *Memory) Delete(ctx context.Context, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.objects, key)
	return ctx.Err()
}
