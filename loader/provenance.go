package loader

import (
	"context"

	"github.com/foretide/foretide/core/codec"
)

// Describe returns the checkpoint that a key has, read anew from the store:
// what it was fitted to, how and when that ended, and how good it was. The
// errors are those of Read.
func (p *Predictor) Describe(ctx context.Context, k Key) (*codec.Checkpoint, error) {
	c, err := read(ctx, p.store, k.Name(), k, p.opts.maxPayload)
	return c, err
}
