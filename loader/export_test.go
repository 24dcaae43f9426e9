package loader

// PageSize is how many names one request to list brings.
const PageSize = pageSize

// WithYielded has f called whenever a call lets others have their turn.
func WithYielded(f func()) HostOption { return func(o *hostOptions) { o.guest.Yielded = f } }

// Held returns how many decoded models the predictor holds, and how many bytes it
// counts of those that it may drop.
func (p *Predictor) Held() (models int, bytes int64) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	for _, s := range p.slots {
		s.mu.Lock()
		if s.model != nil {
			models++
		}
		s.mu.Unlock()
	}
	p.memory.mu.Lock()
	defer p.memory.mu.Unlock()
	return models, p.memory.bytes
}
