package loader

import (
	"container/list"
	"sync"
)

// WithModelMemory bounds the bytes that decoded models take in memory, about: those
// that have served least recently are dropped, and read from the store again when
// they are next needed; the last one stays in any case. Models that have learnt by
// Update, or by Restore, stay as well, and do not count, as what they have learnt is
// nowhere else; so do those of WithHost, which are in the module's memory. The
// default is 0: all stay that ever served, which is right where their number is
// known, and fastest.
func WithModelMemory(bytes int64) Option { return func(o *options) { o.memory = bytes } }

// memoryOf is about what a model takes in memory whose payload has so many bytes:
// measured of all families it is 1.4 to 2.1 times as many, and there is what is kept
// beside the model.
func memoryOf(payload int) int64 { return 2*int64(payload) + 1024 }

// modelMemory is the models that may be dropped, by when they served. Its lock is taken
// within a slot's, never the other way round.
type modelMemory struct {
	limit int64 // 0: none

	mu    sync.Mutex
	order list.List // of a *place, the one that served last first
	bytes int64
}

// A place is a slot's in the order.
type place struct {
	slot  *slot
	bytes int64
}

// served notes that the slot's model serves. The slot is locked.
func (m *modelMemory) served(s *slot) {
	if m.limit <= 0 {
		return
	}
	if s.bytes == 0 { // set by Restore
		s.bytes = memoryOf(len(s.model.AppendPayload(nil)))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case len(s.state) > 0:
		m.remove(s)
	case s.place != nil:
		m.order.MoveToFront(s.place)
	default:
		s.place = m.order.PushFront(&place{s, s.bytes})
		m.bytes += s.bytes
	}
}

// remove takes a slot out of the order.
func (m *modelMemory) remove(s *slot) {
	if s.place != nil {
		m.bytes -= m.order.Remove(s.place).(*place).bytes
		s.place = nil
	}
}

// forget is remove for a slot that serves no more.
func (m *modelMemory) forget(s *slot) {
	if s != nil && m.limit > 0 {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.remove(s)
	}
}

// trim drops models until the others are within the limit. No slot is locked.
func (m *modelMemory) trim() {
	if m.limit <= 0 {
		return
	}
	for s := m.excess(); s != nil; s = m.excess() {
		m.drop(s)
	}
}

// excess takes a slot out of the order, if there is too much.
func (m *modelMemory) excess() *slot {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.bytes <= m.limit || m.order.Len() < 2 {
		return nil
	}
	s := m.order.Back().Value.(*place).slot
	m.remove(s)
	return s
}

// drop drops the model of a slot, unless it has served or learnt meanwhile.
func (m *modelMemory) drop(s *slot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m.mu.Lock()
	defer m.mu.Unlock()
	if s.place == nil && len(s.state) == 0 {
		s.model = nil
	}
}
