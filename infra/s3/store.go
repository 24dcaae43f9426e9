package s3

import (
	"context"
	"errors"
	"strings"

	"github.com/foretide/foretide/loader"
)

// Store returns a store of checkpoints in the bucket, below its prefix, that
// keeps their last versions. Whoever lists it often pays for a request for each
// thousand checkpoints; a read takes two requests, a write four.
func (b *Bucket) Store() *Store {
	return &Store{loader.NewVersioned(objects{b}, b.config.Keep), b}
}

// A Store is a loader.Store, and a loader.Versioner, in a bucket.
type Store struct {
	*loader.Versioned
	bucket *Bucket
}

// Stat implements loader.Stater, in one request.
func (s *Store) Stat(ctx context.Context, name string) (loader.Object, error) {
	x, err := s.bucket.Head(ctx, name)
	return loader.Object{Name: name, Size: x.Size, Revision: x.ETag, Modified: x.Modified}, err
}

// Page implements loader.Pager, in one request.
func (s *Store) Page(ctx context.Context, prefix, after string) ([]loader.Object, bool, error) {
	page, more, err := s.bucket.Page(ctx, prefix, after)
	out := make([]loader.Object, len(page))
	for i, x := range page {
		out[i] = loader.Object{Name: x.Key, Size: x.Size, Revision: x.ETag, Modified: x.Modified}
	}
	return out, more, err
}

// OpenStore returns the store of an address, as Open does the bucket.
func OpenStore(ctx context.Context, address string) (*Store, error) {
	b, err := Open(ctx, address)
	if err != nil {
		return nil, err
	}
	return b.Store(), nil
}

// checkName is what Check writes; lists leave it out with the versions.
const checkName = ".versions/.check"

// Check returns an error where Put could not write: better before long work
// than after it. It writes an object and deletes it.
func (s *Store) Check(ctx context.Context) error {
	if _, err := s.bucket.Put(ctx, checkName, nil); err != nil {
		return err
	}
	return s.bucket.Delete(ctx, checkName)
}

var errSkip = errors.New("skip")

// objects are a bucket's as the loader needs them.
type objects struct{ b *Bucket }

func (o objects) ListObjects(ctx context.Context, prefix, skip string) ([]loader.Object, error) {
	var out []loader.Object
	add := func(x Object) error {
		if skip != "" && strings.HasPrefix(x.Key, skip) {
			return errSkip
		}
		out = append(out, loader.Object{Name: x.Key, Size: x.Size, Revision: x.ETag, Modified: x.Modified})
		return nil
	}
	err := o.b.List(ctx, prefix, "", add)
	if err == errSkip { // go on behind what is left out, without listing it
		err = o.b.List(ctx, prefix, strings.TrimSuffix(skip, "/")+"0", add)
	}
	return out, err
}

func (o objects) Get(ctx context.Context, name string) ([]byte, string, error) {
	data, x, err := o.b.Get(ctx, name, 0)
	return data, x.ETag, err
}

func (o objects) PutIf(ctx context.Context, name string, data []byte, revision string) error {
	condition := IfAbsent()
	if revision != "" {
		condition = IfMatch(revision)
	}
	_, err := o.b.Put(ctx, name, data, condition)
	return err
}

func (o objects) Put(ctx context.Context, name string, data []byte) error {
	_, err := o.b.Put(ctx, name, data)
	return err
}

func (o objects) Delete(ctx context.Context, name string) error { return o.b.Delete(ctx, name) }

func (o objects) Address(name string) string {
	return Scheme + o.b.config.Bucket + "/" + o.b.key(name)
}
