package s3

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/foretide/foretide/loader/store"
)

// A Bucket is the objects of a bucket whose keys begin with the prefix; names are
// keys without it. It is a store.Versioner, and safe for concurrent use.
type Bucket struct {
	client *s3.Client
	config Config
}

// Sub returns the objects below a further prefix.
func (b *Bucket) Sub(prefix string) *Bucket {
	c := b.config
	c.Prefix = strings.Trim(c.Prefix+"/"+strings.Trim(prefix, "/"), "/")
	return &Bucket{b.client, c}
}

func (b *Bucket) key(key string) string {
	if b.config.Prefix == "" {
		return key
	}
	return b.config.Prefix + "/" + key
}

func (b *Bucket) name(key string) string {
	if b.config.Prefix == "" {
		return key
	}
	return strings.TrimPrefix(key, b.config.Prefix+"/")
}

// Address implements store.Bucket.
func (b *Bucket) Address(name string) string { return scheme + b.config.Bucket + "/" + b.key(name) }

// Get implements store.Bucket.
func (b *Bucket) Get(ctx context.Context, name string, limit int64) ([]byte, store.Object, error) {
	return b.read(ctx, "read", name, limit, &s3.GetObjectInput{
		Bucket: &b.config.Bucket, Key: aws.String(b.key(name)), ChecksumMode: types.ChecksumModeEnabled,
	})
}

// read reads an object, or a version of one.
func (b *Bucket) read(ctx context.Context, op, name string, limit int64, in *s3.GetObjectInput) (data []byte, o store.Object, err error) {
	if limit <= 0 {
		limit = store.MaxSize
	}
	// The client tries again until an answer begins; what breaks in the middle
	// of one is tried again here.
	for attempt := 1; ; attempt++ {
		var broken bool
		data, o, broken, err = b.get(ctx, in, limit)
		if err == nil || !broken || attempt >= b.config.Attempts || ctx.Err() != nil || isDamaged(err) && attempt > 1 {
			break
		}
		pause(ctx, min(100*time.Millisecond<<attempt, b.config.Timeout/4))
	}
	if err != nil {
		return nil, store.Object{}, b.fail(ctx, op, name, err)
	}
	o.Name = name
	return data, o, nil
}

// get makes one request; broken says that the answer broke off.
func (b *Bucket) get(ctx context.Context, in *s3.GetObjectInput, limit int64) (data []byte, o store.Object, broken bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	out, err := b.client.GetObject(ctx, in)
	if err != nil {
		return nil, o, false, err
	}
	defer out.Body.Close()
	size := aws.ToInt64(out.ContentLength)
	if size > limit {
		return nil, o, false, store.TooLarge(size, limit)
	}
	idle := time.AfterFunc(b.config.Timeout, func() { cancel(errStalled) })
	defer idle.Stop()
	body := io.LimitReader(&watched{out.Body, idle, b.config.Timeout}, limit+1)
	if out.ContentLength != nil {
		data = make([]byte, size)
		_, err = io.ReadFull(body, data)
		if err == nil { // the checksum is checked at the end
			_, err = io.Copy(io.Discard, body)
		}
	} else {
		data, err = io.ReadAll(body)
	}
	if cause := context.Cause(ctx); err != nil && errors.Is(cause, errStalled) {
		err = cause
	}
	if err == nil && int64(len(data)) > limit {
		return nil, o, false, store.TooLarge(int64(len(data)), limit)
	}
	return data, store.Object{Size: int64(len(data)), Revision: aws.ToString(out.ETag), Modified: aws.ToTime(out.LastModified)}, err != nil, err
}

// watched puts a timer off with everything that is read.
type watched struct {
	io.Reader
	idle    *time.Timer
	timeout time.Duration
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	w.idle.Reset(w.timeout)
	return n, err
}

// pause waits, or until the context ends.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// Stat implements store.Bucket, in one request.
func (b *Bucket) Stat(ctx context.Context, name string) (store.Object, error) {
	out, err := b.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &b.config.Bucket, Key: aws.String(b.key(name))})
	if err != nil {
		return store.Object{}, b.fail(ctx, "look at", name, err)
	}
	return store.Object{Name: name, Size: aws.ToInt64(out.ContentLength), Revision: aws.ToString(out.ETag), Modified: aws.ToTime(out.LastModified)}, nil
}

// Put implements store.Bucket. It sends the SHA-256 sum, which the server checks.
func (b *Bucket) Put(ctx context.Context, name string, data []byte, opts ...store.PutOption) error {
	o := store.Options(opts)
	sum := sha256.Sum256(data)
	in := &s3.PutObjectInput{
		Bucket: &b.config.Bucket, Key: aws.String(b.key(name)), Body: bytes.NewReader(data), ContentLength: aws.Int64(int64(len(data))),
		ChecksumSHA256: aws.String(base64.StdEncoding.EncodeToString(sum[:])), ChecksumAlgorithm: types.ChecksumAlgorithmSha256,
		ContentType: aws.String(cmp.Or(o.ContentType, "application/octet-stream")),
	}
	if o.IfMatch != "" {
		in.IfMatch = &o.IfMatch
	}
	if o.IfAbsent {
		in.IfNoneMatch = aws.String("*")
	}
	if b.config.Encryption != "" {
		in.ServerSideEncryption = types.ServerSideEncryption(b.config.Encryption)
	}
	if b.config.KMSKey != "" {
		in.SSEKMSKeyId = &b.config.KMSKey
	}
	_, err := b.client.PutObject(ctx, in)
	if err != nil && (in.IfMatch != nil || in.IfNoneMatch != nil) && isChanged(err, in.IfMatch != nil) {
		err = store.ErrChanged
	}
	return b.fail(ctx, "write", name, err)
}

// List implements store.Bucket. Each thousand objects take a request, made when
// they are reached.
func (b *Bucket) List(ctx context.Context, prefix, after string) iter.Seq2[store.Object, error] {
	return func(yield func(store.Object, error) bool) {
		in := &s3.ListObjectsV2Input{Bucket: &b.config.Bucket, Prefix: aws.String(b.key(prefix))}
		if after != "" {
			in.StartAfter = aws.String(b.key(after))
		}
		for pages := s3.NewListObjectsV2Paginator(b.client, in); pages.HasMorePages(); {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield(store.Object{}, b.fail(ctx, "list", prefix, err))
				return
			}
			for i := range page.Contents {
				o := &page.Contents[i]
				if !yield(store.Object{Name: b.name(aws.ToString(o.Key)), Size: aws.ToInt64(o.Size), Revision: aws.ToString(o.ETag), Modified: aws.ToTime(o.LastModified)}, nil) {
					return
				}
			}
		}
	}
}

// Delete implements store.Bucket. A bucket with versioning enabled keeps the
// versions.
func (b *Bucket) Delete(ctx context.Context, name string) error {
	_, err := b.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.config.Bucket, Key: aws.String(b.key(name))})
	if err = b.fail(ctx, "delete", name, err); errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// Check returns an error if Put could not write: better before long work than
// after it. It writes an object and deletes it.
func (b *Bucket) Check(ctx context.Context) error {
	if err := b.Put(ctx, checkName, nil); err != nil {
		return err
	}
	return b.Delete(ctx, checkName)
}

// checkName is what Check writes.
const checkName = ".check"
