package store

import (
	"context"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Memory is a bucket in memory, without versions. Its zero value is empty and
// ready for use.
type Memory struct {
	// Clock gives the times of modification; nil is time.Now.
	Clock func() time.Time

	mu      sync.RWMutex
	objects map[string]memoryObject
	puts    int
}

type memoryObject struct {
	Object
	data []byte
}

// List implements Bucket. It yields the objects that there are when it begins.
func (m *Memory) List(ctx context.Context, prefix, after string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		m.mu.RLock()
		objects := maps.Clone(m.objects)
		m.mu.RUnlock()
		for _, name := range slices.Sorted(maps.Keys(objects)) {
			if err := ctx.Err(); err != nil {
				yield(Object{}, &Error{Op: "list", Name: prefix, Err: err})
				return
			}
			if strings.HasPrefix(name, prefix) && name > after && !yield(objects[name].Object, nil) {
				return
			}
		}
	}
}

// Stat implements Bucket.
func (m *Memory) Stat(ctx context.Context, name string) (Object, error) {
	o, err := m.find(ctx, name)
	return o.Object, err
}

// Get implements Bucket.
func (m *Memory) Get(ctx context.Context, name string, limit int64) ([]byte, Object, error) {
	o, err := m.find(ctx, name)
	if err == nil && o.Size > limitOf(limit) {
		err = &Error{Op: "read", Name: name, Err: TooLarge(o.Size, limitOf(limit))}
	}
	if err != nil {
		return nil, Object{}, err
	}
	return slices.Clone(o.data), o.Object, nil
}

func (m *Memory) find(ctx context.Context, name string) (memoryObject, error) {
	m.mu.RLock()
	o, ok := m.objects[name]
	m.mu.RUnlock()
	err := ctx.Err()
	if err == nil && !ok {
		err = ErrNotFound
	}
	if err != nil {
		return memoryObject{}, &Error{Op: "read", Name: name, Err: err}
	}
	return o, nil
}

// Put implements Bucket.
func (m *Memory) Put(ctx context.Context, name string, data []byte, opts ...PutOption) error {
	if err := ctx.Err(); err != nil {
		return &Error{Op: "write", Name: name, Err: err}
	}
	o := Options(opts)
	m.mu.Lock()
	defer m.mu.Unlock()
	old, exists := m.objects[name]
	if o.IfAbsent && exists || o.IfMatch != "" && old.Revision != o.IfMatch {
		return &Error{Op: "write", Name: name, Err: ErrChanged}
	}
	now := time.Now
	if m.Clock != nil {
		now = m.Clock
	}
	if m.objects == nil {
		m.objects = map[string]memoryObject{}
	}
	m.puts++
	m.objects[name] = memoryObject{Object{Name: name, Size: int64(len(data)), Revision: strconv.Itoa(m.puts), Modified: now()}, slices.Clone(data)}
	return nil
}

// Delete implements Bucket.
func (m *Memory) Delete(ctx context.Context, name string) error {
	if err := ctx.Err(); err != nil {
		return &Error{Op: "delete", Name: name, Err: err}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.objects, name)
	return nil
}

// Address implements Bucket.
func (m *Memory) Address(name string) string { return name }
