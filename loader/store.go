package loader

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A Store keeps checkpoints as bytes under names. Its methods are safe for
// concurrent use.
type Store interface {
	// List returns what is stored, sorted by name.
	List(ctx context.Context) ([]Object, error)
	// Get returns the bytes of a name and their revision; the error is
	// ErrNotFound where there are none.
	Get(ctx context.Context, name string) (data []byte, revision string, err error)
	// Put stores the bytes under the name, all of them or none: whoever reads
	// meanwhile gets what was there before, or these. It does not keep data.
	Put(ctx context.Context, name string, data []byte) error
}

// An Object is something that a store keeps.
type Object struct {
	Name     string // with slashes: "cpu/webapp.ckpt"
	Size     int64  // bytes
	Revision string // another one whenever the bytes may be others
	Modified time.Time
}

var (
	// ErrNotFound: the store has nothing of that name.
	ErrNotFound = errors.New("loader: not found")
	// ErrTooLarge: a checkpoint is larger than the limit; it is not read.
	ErrTooLarge = errors.New("loader: checkpoint is too large")
)

// Memory is a store in memory. Its zero value is empty and ready for use. It
// keeps versions where NewVersioned is put over it.
type Memory struct {
	mu      sync.RWMutex
	objects map[string]memoryObject
	puts    int
}

type memoryObject struct {
	data     []byte
	revision string
	modified time.Time
}

// List implements Store.
func (m *Memory) List(ctx context.Context) ([]Object, error) {
	return m.ListObjects(ctx, "", versionsFolder+"/")
}

// ListObjects implements Objects.
func (m *Memory) ListObjects(ctx context.Context, prefix, skip string) ([]Object, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var out []Object
	for name, o := range m.objects {
		if strings.HasPrefix(name, prefix) && (skip == "" || !strings.HasPrefix(name, skip)) {
			out = append(out, Object{Name: name, Size: int64(len(o.data)), Revision: o.revision, Modified: o.modified})
		}
	}
	sortObjects(out)
	return out, ctx.Err()
}

// Stat implements Stater.
func (m *Memory) Stat(ctx context.Context, name string) (Object, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	o, ok := m.objects[name]
	if !ok {
		return Object{}, &StoreError{Op: "read", Name: name, Err: ErrNotFound}
	}
	return Object{Name: name, Size: int64(len(o.data)), Revision: o.revision, Modified: o.modified}, ctx.Err()
}

// Get implements Store.
func (m *Memory) Get(ctx context.Context, name string) ([]byte, string, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	o, ok := m.objects[name]
	if !ok {
		return nil, "", &StoreError{Op: "read", Name: name, Err: ErrNotFound}
	}
	return slices.Clone(o.data), o.revision, ctx.Err()
}

// Put implements Store.
func (m *Memory) Put(ctx context.Context, name string, data []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.put(name, data)
	return nil
}

func (m *Memory) put(name string, data []byte) {
	if m.objects == nil {
		m.objects = make(map[string]memoryObject)
	}
	m.puts++
	m.objects[name] = memoryObject{slices.Clone(data), strconv.Itoa(m.puts), time.Now()}
}

// PutIf implements Objects.
func (m *Memory) PutIf(ctx context.Context, name string, data []byte, revision string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.objects[name].revision != revision { // that of nothing is ""
		return &StoreError{Op: "write", Name: name, Err: ErrChanged}
	}
	m.put(name, data)
	return nil
}

// Delete removes a name; that there is none is no error.
func (m *Memory) Delete(ctx context.Context, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.objects, name)
	return nil
}

func sortObjects(o []Object) {
	slices.SortFunc(o, func(a, b Object) int { return strings.Compare(a.Name, b.Name) })
}

// A StoreError is what went wrong with one name of a store.
type StoreError struct {
	Op   string // "open", "read", "write", "list"
	Name string // for people: a folder's includes its path
	Err  error
}

// Error says what could not be done and why.
func (e *StoreError) Error() string {
	return "loader: cannot " + e.Op + " " + e.Name + ": " + strings.TrimPrefix(e.Err.Error(), "loader: ")
}

// Unwrap returns the cause.
func (e *StoreError) Unwrap() error { return e.Err }
