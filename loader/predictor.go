package loader

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/models"
	"github.com/foretide/foretide/core/serve"
	"github.com/foretide/foretide/loader/store"
)

// A Predictor forecasts from the checkpoints of a bucket. It is safe for
// concurrent use. It reads and decodes a checkpoint when it is first needed
// and keeps the model (WithModelMemory: as long as there is room); Refresh makes it see what has changed in the store.
type Predictor struct {
	store  store.Bucket
	opts   options
	memory modelMemory

	mu      sync.RWMutex
	slots   map[Key]*slot
	ignored []string
}

// A slot is a checkpoint of the store, decoded or not yet.
type slot struct {
	name     string
	revision string
	err      error      // why the store did not tell of it; nothing is known of it then
	updating sync.Mutex // held while the model learns
	mu       sync.Mutex // held while it is read
	model    forecast.Fitted
	state    []byte // of the model's calibration, where it has learnt
	bytes    int64  // that the model takes in memory, about; 0: not known

	place *list.Element // in the predictor's memory, whose lock it is under
}

type options struct {
	workers    int
	maxPayload int
	horizons   []int64 // seconds; nil: serve.DefaultHorizons
	host       hosting
	memory     int64
}

// An Option is a setting of a Predictor.
type Option func(*options)

// WithWorkers sets how many goroutines PredictAll computes with, at least 1.
// The default is GOMAXPROCS.
func WithWorkers(n int) Option { return func(o *options) { o.workers = max(1, n) } }

// WithMaxPayload sets how many bytes a checkpoint's payload may have when
// decompressed; one with more is store.ErrTooLarge. The default is
// 256 MiB.
func WithMaxPayload(n int) Option { return func(o *options) { o.maxPayload = n } }

// WithHorizons sets the horizons that PredictAll gives where no checkpoint
// serves; each is rounded up to a multiple of the data's step. The default is
// 5, 15 and 30 minutes.
func WithHorizons(h ...time.Duration) Option {
	return func(o *options) {
		o.horizons = make([]int64, len(h))
		for i, d := range h {
			o.horizons[i] = int64(d / time.Second)
		}
	}
}

// WithHost has the models run in a host's WebAssembly module instead of natively.
// The forecasts are the same up to the last digits: 1e-9 of their size, an LSTM's
// 1e-5. Components then has none. The host must be open as long as the predictor
// is in use.
func WithHost(h *Host) Option { return func(o *options) { o.host = h } }

// Open returns a predictor of the checkpoints in a folder, or of the one
// checkpoint that a file is. A folder without any is ErrNoCheckpoint.
func Open(path string, opts ...Option) (*Predictor, error) {
	info, err := os.Stat(path)
	if err != nil {
		if pe := new(fs.PathError); errors.As(err, &pe) {
			err = pe.Err
		}
		return nil, &store.Error{Op: "open", Name: path, Err: err}
	}
	var b store.Bucket = store.Folder{Path: path}
	if !info.IsDir() {
		if b, err = openFile(path, optionsOf(opts).maxPayload); err != nil {
			return nil, err
		}
	}
	p, err := New(context.Background(), b, opts...)
	if err != nil {
		return nil, err
	}
	if len(p.slots) == 0 {
		return nil, &store.Error{Op: "open", Name: path, Err: fmt.Errorf("%w METRIC/CONTAINER.ckpt in it%s", ErrNoCheckpoint, p.oddNames())}
	}
	return p, nil
}

// NewLazy is New without a list of what the store has: RefreshKeys, or Refresh,
// makes the predictor see checkpoints.
func NewLazy(b store.Bucket, opts ...Option) *Predictor {
	p := &Predictor{store: b, opts: optionsOf(opts), slots: map[Key]*slot{}}
	if p.opts.host == nil {
		p.memory.limit = p.opts.memory
	}
	return p
}

// New returns a predictor of the checkpoints in a store, which may as yet have
// none: every forecast is then a naive one, with the reason.
func New(ctx context.Context, b store.Bucket, opts ...Option) (*Predictor, error) {
	p := NewLazy(b, opts...)
	return p, p.Refresh(ctx)
}

// optionsOf returns the defaults with the options over them.
func optionsOf(opts []Option) options {
	out := options{
		workers:    runtime.GOMAXPROCS(0),
		maxPayload: defaultMaxPayload,
	}
	for _, o := range opts {
		o(&out)
	}
	return out
}

// Refresh lists the store again: new checkpoints serve from now on, changed
// ones are read again when they are next needed, without what the old ones have
// learnt by Update, and those that are gone serve no more. Where the list cannot
// be had, all stays as it was.
func (p *Predictor) Refresh(ctx context.Context) error {
	objects, err := store.All(ctx, p.store, "")
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	slots := make(map[Key]*slot, len(objects))
	p.ignored = nil
	for _, o := range objects {
		k, ok := ParseName(o.Name)
		if !ok {
			p.ignored = append(p.ignored, o.Name)
			continue
		}
		if old := p.slots[k]; old != nil && old.err == nil && old.revision == o.Revision {
			slots[k] = old
			continue
		}
		slots[k] = &slot{name: o.Name, revision: o.Revision}
	}
	for k, old := range p.slots {
		if slots[k] != old {
			p.memory.forget(old)
		}
	}
	p.slots = slots
	return nil
}

// Keys returns what the store has checkpoints for, by metric and container.
func (p *Predictor) Keys() []Key {
	p.mu.RLock()
	defer p.mu.RUnlock()
	keys := make([]Key, 0, len(p.slots))
	for k, s := range p.slots {
		if s.err == nil {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b Key) int {
		if c := strings.Compare(a.Metric, b.Metric); c != 0 {
			return c
		}
		return strings.Compare(a.Container, b.Container)
	})
	return keys
}

// Ignored returns the names in the store that are not METRIC/CONTAINER.ckpt,
// and so are no checkpoints to the predictor.
func (p *Predictor) Ignored() []string {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return slices.Clone(p.ignored)
}

// oddNames says which checkpoint has a name that does not tell what it is of; ""
// where there is none.
func (p *Predictor) oddNames() string {
	for _, name := range p.ignored {
		if strings.HasSuffix(name, codec.Extension) {
			return " (" + name + " has another name; open it as a file)"
		}
	}
	return ""
}

// Serving returns the key of the checkpoint that serves a metric of a
// container: its own, or else the metric's shared one. The reasons are empty,
// SharedModel, or NoCheckpoint where neither is there; a naive forecast then
// stands in.
func (p *Predictor) Serving(container, metric string) (Key, forecast.Reasons) {
	k, _, why := p.find(container, metric)
	return k, why
}

func (p *Predictor) find(container, metric string) (Key, *slot, forecast.Reasons) {
	m := p.snapshot(context.Background())
	whose, why := serve.Find(&m, metric, container)
	if why&forecast.NoCheckpoint != 0 {
		return Key{}, nil, why
	}
	k := Key{Metric: metric, Container: whose}
	return k, m.slots[k], why
}

// A snapshot is the checkpoints that a predictor knows at a moment, as an engine
// finds them.
type snapshot struct {
	p     *Predictor
	ctx   context.Context
	slots map[Key]*slot // never modified
}

func (p *Predictor) snapshot(ctx context.Context) snapshot {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return snapshot{p, ctx, p.slots}
}

// Has implements serve.Models.
func (m *snapshot) Has(metric, container string) bool {
	return m.slots[Key{Metric: metric, Container: container}] != nil
}

// Model implements serve.Models.
func (m *snapshot) Model(metric, container string) (forecast.Fitted, error) {
	k := Key{Metric: metric, Container: container}
	return m.p.load(m.ctx, k, m.slots[k])
}

// Model returns the model that serves a metric of a container and the
// reasons, as Serving does. The model is nil where no checkpoint serves. A
// program that forecasts in a tight loop keeps it, and its own windows: a
// forecast then allocates nothing. An error says which checkpoint cannot be
// read or decoded; no other one stands in for it. One that was made with another
// network in the box is no error: the one that there is serves, and its forecasts
// say so (OldCheckpoint).
func (p *Predictor) Model(ctx context.Context, container, metric string) (forecast.Fitted, forecast.Reasons, error) {
	m := p.snapshot(ctx)
	return serve.Load(&m, metric, container)
}

// load returns the slot's model, reading it where it is not there. A failure is not
// kept: the next call tries again.
func (p *Predictor) load(ctx context.Context, k Key, s *slot) (forecast.Fitted, error) {
	m, err := p.loadSlot(ctx, k, s)
	if err == nil {
		p.memory.trim()
	}
	return m, err
}

func (p *Predictor) loadSlot(ctx context.Context, k Key, s *slot) (forecast.Fitted, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.model == nil {
		if s.err != nil {
			return nil, s.err
		}
		m, payload, err := p.readSized(ctx, k, s.name)
		if err != nil {
			return nil, err
		}
		s.model, s.bytes = m, memoryOf(payload)
	}
	p.memory.served(s)
	return s.model, nil
}

// hosting is what a predictor asks of a Host. It is an interface so that a
// program that makes none does not link the WebAssembly runtime and the module.
type hosting interface {
	hosted(ctx context.Context, checkpoint []byte) (forecast.Fitted, error)
	standIn(native forecast.Fitted) forecast.Fitted
}

// read returns the model of a name, native or hosted.
func (p *Predictor) read(ctx context.Context, k Key, name string) (forecast.Fitted, error) {
	m, _, err := p.readSized(ctx, k, name)
	return m, err
}

// readSized is read with the bytes of the model's payload, of a hosted one those of
// its checkpoint.
func (p *Predictor) readSized(ctx context.Context, k Key, name string) (forecast.Fitted, int, error) {
	var m forecast.Fitted
	if p.opts.host != nil {
		b, _, err := p.store.Get(ctx, name, 0)
		if err != nil {
			return nil, 0, err
		}
		if err = checkHosted(b, k, p.opts.maxPayload); err == nil {
			m, err = p.opts.host.hosted(ctx, b)
		}
		if err != nil {
			return nil, 0, nameError(p.store, name, err)
		}
		return m, len(b), nil
	}
	c, err := read(ctx, p.store, name, k, p.opts.maxPayload)
	if err != nil {
		return nil, 0, err
	}
	if m, err = models.Open(c, c.Payload); err != nil {
		return nil, 0, nameError(p.store, name, err)
	}
	return m, len(c.Payload), nil
}
