package loader

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/foretide/foretide/core/abi"
	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/internal/guest"
	"github.com/foretide/foretide/wasm"
)

var (
	// ErrHostClosed: the host was closed before the call, or while it waited.
	ErrHostClosed = errors.New("loader: the host is closed")
	// ErrTrap: the module broke off in a call: out of memory, a fault of its
	// own, or a module that is not what it should be. Its instance is gone, and
	// the next call has another.
	ErrTrap = guest.ErrTrap
	// ErrModule: the bytes of WithModule are not a module that can be hosted.
	ErrModule = guest.ErrModule
)

// A Host runs the core as a WebAssembly module, in this process and apart from
// it: what a checkpoint or a fault of the core can reach is the module's own
// memory. It is safe for concurrent use, each call on an instance of its own.
//
// A call of the embedded module is not interrupted once it runs; what goes in is
// bounded instead (see WithModule for others). It lets the garbage collector of this process have its turn
// after a millisecond or two of work, in loads, forecasts and updates alike; under
// WithInterpreter, which is slower, later. A checkpoint that wants far more of the
// past than those that this program fits may hold it up for longer.
type Host struct {
	module *guest.Module
	opts   hostOptions
	places chan struct{} // one for each instance that may run
	done   chan struct{} // closed by Close
	ids    atomic.Uint64 // of models

	mu     sync.Mutex
	idle   []*seat
	closed bool
}

// A seat is an instance and what is loaded in it.
type seat struct {
	*guest.Instance
	handles map[uint64]loaded // by the checkpoint's id
	order   []uint64          // as loaded, the oldest first
	request []byte
	result  []byte
}

// loaded is a checkpoint in an instance, as one of the models of it that updates
// have made.
type loaded struct {
	handle int32
	model  uint64 // its id
}

type hostOptions struct {
	guest     guest.Config
	module    []byte
	instances int
	cache     bool // of the default folder: what cannot be had is done without
}

// A HostOption is a setting of a Host.
type HostOption func(*hostOptions)

// WithCacheDir sets the folder that compiled code is kept in, some 7 MB, which
// makes the next start ten times as fast. It is made where it is not there.
// Whoever may write to it decides what this process runs. The default is
// foretide/wasm in the user's folder for caches, or none where there is no such
// folder or it cannot be written.
func WithCacheDir(dir string) HostOption {
	return func(o *hostOptions) { o.guest.CacheDir, o.cache = dir, false }
}

// WithoutCache compiles the module at each start, and writes nothing to disk.
func WithoutCache() HostOption { return WithCacheDir("") }

// WithInstances sets how many calls run at the same time, at least 1; others
// wait. Each takes some 10 MB. The default is GOMAXPROCS.
func WithInstances(n int) HostOption { return func(o *hostOptions) { o.instances = max(1, n) } }

// WithMemoryLimit sets how many bytes of memory an instance may have, from 16
// MiB to 4 GiB, rounded down to 64 KiB. The default is 256 MiB.
func WithMemoryLimit(n int64) HostOption {
	return func(o *hostOptions) { o.guest.MemoryPages = uint32(min(max(n, 16<<20), 4<<30) >> 16) }
}

// WithInterpreter interprets the module instead of compiling it. It starts as
// fast as with a cache, and forecasts ten to a hundred times as slowly. On
// processors that wazero does not compile for it is the default.
func WithInterpreter() HostOption { return func(o *hostOptions) { o.guest.Interpreter = true } }

// WithModule hosts another build of the module than the one that is embedded. Its
// calls end when their context does (Forecast, Update and WithState have none), and
// so are some three times slower: it may be one that never returns.
func WithModule(code []byte) HostOption {
	return func(o *hostOptions) { o.module, o.guest.Interruptible = code, true }
}

// NewHost compiles the module, or takes it from the cache, and makes a first
// instance of it. The error is ErrModule where the module is not one that can
// be hosted, or one of the cache's folder.
func NewHost(ctx context.Context, opts ...HostOption) (*Host, error) {
	o := hostOptions{module: wasm.Module, instances: runtime.GOMAXPROCS(0), cache: true}
	o.guest.MemoryPages = 256 << 20 >> 16
	if dir, err := os.UserCacheDir(); err == nil {
		o.guest.CacheDir = filepath.Join(dir, "foretide", "wasm")
	}
	for _, set := range opts {
		set(&o)
	}
	h := &Host{opts: o, places: make(chan struct{}, o.instances), done: make(chan struct{})}
	var err error
	if h.module, err = compile(ctx, &o); err != nil {
		return nil, err
	}
	s, err := h.seat(ctx)
	if err != nil {
		h.module.Close(ctx)
		return nil, err
	}
	h.idle = append(h.idle, s)
	return h, nil
}

// compile compiles the module. A cache that is damaged is emptied; where there
// can be none in the default folder, there is none.
func compile(ctx context.Context, o *hostOptions) (*guest.Module, error) {
	m, err := guest.Compile(ctx, o.module, o.guest)
	if err == nil || o.guest.CacheDir == "" {
		return m, err
	}
	if !errors.Is(err, ErrModule) && !o.cache {
		return nil, err
	}
	without := o.guest
	without.CacheDir = ""
	m, withoutErr := guest.Compile(ctx, o.module, without)
	if withoutErr == nil && errors.Is(err, ErrModule) {
		// What was in the cache, and not the module, was wrong.
		old, _ := filepath.Glob(filepath.Join(o.guest.CacheDir, "wazero-*"))
		for _, dir := range old {
			os.RemoveAll(dir) // or else the next start is slow again, and no worse
		}
	}
	return m, withoutErr
}

func (h *Host) seat(ctx context.Context) (*seat, error) {
	i, err := h.module.New(ctx)
	if err != nil {
		return nil, err
	}
	return &seat{Instance: i, handles: make(map[uint64]loaded)}, nil
}

// Close frees the module and its instances, when the calls that run have
// returned. Later calls are ErrHostClosed.
func (h *Host) Close() error {
	h.mu.Lock()
	was := h.closed
	h.closed = true
	h.mu.Unlock()
	if was {
		return nil
	}
	close(h.done)
	for range cap(h.places) {
		h.places <- struct{}{}
	}
	h.idle = nil
	return h.module.Close(context.Background())
}

// Memory returns the bytes of memory that the instances have which no call is
// using.
func (h *Host) Memory() uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := uint64(0)
	for _, s := range h.idle {
		n += uint64(s.Memory())
	}
	return n
}

// run has f use an instance. Where that one traps, and something had been
// loaded in it or called before, f gets another try with a fresh one: memory
// may have run out for what others left in it.
func (h *Host) run(ctx context.Context, f func(s *seat) error) error {
	select {
	case h.places <- struct{}{}:
	case <-h.done:
		return ErrHostClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-h.places }()
	s, used, err := h.take(ctx)
	if err != nil {
		return err
	}
	s.Use(ctx)
	if err = f(s); err != nil && used && errors.Is(err, ErrTrap) {
		if s, err = h.seat(ctx); err != nil {
			return err
		}
		s.Use(ctx)
		err = f(s)
	}
	h.leave(s)
	return err
}

// take returns an instance that is idle, or else a new one.
func (h *Host) take(ctx context.Context) (s *seat, used bool, err error) {
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return nil, false, ErrHostClosed
	}
	if n := len(h.idle); n > 0 {
		s, h.idle = h.idle[n-1], h.idle[:n-1]
	}
	h.mu.Unlock()
	if s != nil {
		return s, true, nil
	}
	s, err = h.seat(ctx)
	return s, false, err
}

// leave puts an instance back that still works and is not nearly full.
func (h *Host) leave(s *seat) {
	if s.Closed() {
		return
	}
	if uint64(s.Memory()) > uint64(h.opts.guest.MemoryPages)<<16/4*3 {
		s.Close()
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.idle = append(h.idle, s)
}

// maxLoaded is how many checkpoints an instance keeps loaded.
const maxLoaded = 1024

// handle returns the handle of a model in an instance, where it is loaded now
// if it was not, or was with what other updates had made of it.
func (s *seat) handle(m *HostModel) (int32, error) {
	if m.checkpoint == nil {
		return 0, nil
	}
	have, ok := s.handles[m.root]
	switch {
	case ok && have.model == m.id:
		return have.handle, nil
	case ok:
		if err := s.unload(m.root); err != nil {
			return 0, err
		}
	case len(s.order) >= maxLoaded:
		if err := s.unload(s.order[0]); err != nil {
			return 0, err
		}
	}
	h, err := s.call("foretide_load", 0, false, m.checkpoint, true)
	if err != nil {
		return 0, err
	}
	s.handles[m.root] = loaded{h, m.id}
	s.order = append(s.order, m.root)
	if len(m.state) > 0 {
		if _, err := s.call("foretide_restore", h, true, m.state, true); err != nil {
			status := err
			if err := s.unload(m.root); err != nil {
				return 0, err
			}
			return 0, status
		}
	}
	return h, nil
}

// unload has the instance forget a checkpoint.
func (s *seat) unload(root uint64) error {
	_, err := s.call("foretide_unload", s.handles[root].handle, true, nil, false)
	delete(s.handles, root)
	s.order = slices.DeleteFunc(s.order, func(r uint64) bool { return r == root })
	return err
}

// call calls a function of the module. Its result is in s.result until the next
// call. A status that is a failure is an *abi.Error.
func (s *seat) call(name string, handle int32, withHandle bool, in []byte, withBytes bool) (status int32, err error) {
	status, s.result, err = s.Call(s.result[:0], name, handle, withHandle, in, withBytes)
	if err != nil {
		return 0, err
	}
	if status < 0 {
		return 0, &abi.Error{Status: abi.Status(status), Message: string(s.result)}
	}
	return status, nil
}

// Model returns the model of a checkpoint's bytes, which it keeps. Errors are
// those of Decode and models.DecodeCheckpoint: errors.Is tells them apart as it does theirs.
func (h *Host) Model(ctx context.Context, checkpoint []byte) (*HostModel, error) {
	if len(checkpoint) == 0 {
		return nil, codec.ErrNotCheckpoint
	}
	id := h.ids.Add(1)
	m := &HostModel{host: h, id: id, root: id, checkpoint: checkpoint}
	return m, m.describe(ctx)
}
