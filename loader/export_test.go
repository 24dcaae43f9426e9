package loader

// WithYielded has f called whenever a call lets others have their turn.
func WithYielded(f func()) HostOption { return func(o *hostOptions) { o.guest.Yielded = f } }
