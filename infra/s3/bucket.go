package s3

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/foretide/foretide/loader"
)

// MaxObject is how many bytes an object may have that is read without a limit
// of its own.
const MaxObject = loader.MaxFileSize

// A Bucket is the objects of a bucket whose keys begin with the prefix; keys
// are given and returned without it. It is safe for concurrent use.
type Bucket struct {
	client *s3.Client
	config Config
}

// An Object is what is known of one.
type Object struct {
	Key      string
	Size     int64  // bytes
	ETag     string // another one whenever the bytes may be others
	Modified time.Time
}

// Config returns what the bucket was opened with, with defaults filled in.
func (b *Bucket) Config() Config { return b.config }

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

func (b *Bucket) unkey(key string) string {
	if b.config.Prefix == "" {
		return key
	}
	return strings.TrimPrefix(key, b.config.Prefix+"/")
}

// Get returns an object of at most limit bytes; 0 is MaxObject. The errors are
// ErrNotFound, ErrTooLarge and those of every method.
func (b *Bucket) Get(ctx context.Context, key string, limit int64) ([]byte, Object, error) {
	return b.GetIfChanged(ctx, key, "", limit)
}

// GetIfChanged is Get where the object's ETag is another than the one given;
// the error is ErrNotModified where it is still that.
func (b *Bucket) GetIfChanged(ctx context.Context, key, etag string, limit int64) (data []byte, o Object, err error) {
	if limit <= 0 {
		limit = MaxObject
	}
	in := &s3.GetObjectInput{Bucket: &b.config.Bucket, Key: aws.String(b.key(key)), ChecksumMode: types.ChecksumModeEnabled}
	if etag != "" {
		in.IfNoneMatch = &etag
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
		return nil, Object{}, b.fail(ctx, "read", key, err)
	}
	o.Key = key
	return data, o, nil
}

// get makes one request; broken says that the answer broke off.
func (b *Bucket) get(ctx context.Context, in *s3.GetObjectInput, limit int64) (data []byte, o Object, broken bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	out, err := b.client.GetObject(ctx, in)
	if err != nil {
		return nil, o, false, err
	}
	defer out.Body.Close()
	size := aws.ToInt64(out.ContentLength)
	if size > limit {
		return nil, o, false, &sizeError{size, limit}
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
		return nil, o, false, &sizeError{int64(len(data)), limit}
	}
	return data, Object{Size: int64(len(data)), ETag: aws.ToString(out.ETag), Modified: aws.ToTime(out.LastModified)}, err != nil, err
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

// Head returns what is known of an object, ErrNotFound where there is none.
func (b *Bucket) Head(ctx context.Context, key string) (Object, error) {
	out, err := b.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &b.config.Bucket, Key: aws.String(b.key(key))})
	if err != nil {
		return Object{}, b.fail(ctx, "look at", key, err)
	}
	return Object{key, aws.ToInt64(out.ContentLength), aws.ToString(out.ETag), aws.ToTime(out.LastModified)}, nil
}

// A PutOption is a condition or a trait of what is written.
type PutOption func(*s3.PutObjectInput)

// IfMatch writes only where the object's ETag is still that; ErrChanged is
// the error otherwise, also where the object is gone.
func IfMatch(etag string) PutOption {
	return func(in *s3.PutObjectInput) { in.IfMatch = &etag }
}

// IfAbsent writes only where there is no such object; ErrChanged is the error
// otherwise.
func IfAbsent() PutOption {
	return func(in *s3.PutObjectInput) { in.IfNoneMatch = aws.String("*") }
}

// ContentType says what the bytes are; the default is application/octet-stream.
func ContentType(t string) PutOption {
	return func(in *s3.PutObjectInput) { in.ContentType = &t }
}

// Put writes all of an object or nothing, with its SHA-256, which the server
// checks, and returns its ETag. A conditional Put whose answer was lost may have
// written and still be ErrChanged: who must know reads the object again.
func (b *Bucket) Put(ctx context.Context, key string, data []byte, opts ...PutOption) (etag string, err error) {
	sum := sha256.Sum256(data)
	in := &s3.PutObjectInput{
		Bucket: &b.config.Bucket, Key: aws.String(b.key(key)), Body: bytes.NewReader(data), ContentLength: aws.Int64(int64(len(data))),
		ChecksumSHA256: aws.String(base64.StdEncoding.EncodeToString(sum[:])), ChecksumAlgorithm: types.ChecksumAlgorithmSha256,
		ContentType: aws.String("application/octet-stream"),
	}
	if b.config.Encryption != "" {
		in.ServerSideEncryption = types.ServerSideEncryption(b.config.Encryption)
	}
	if b.config.KMSKey != "" {
		in.SSEKMSKeyId = &b.config.KMSKey
	}
	for _, o := range opts {
		o(in)
	}
	out, err := b.client.PutObject(ctx, in)
	if err != nil {
		if (in.IfMatch != nil || in.IfNoneMatch != nil) && isChanged(err, in.IfMatch != nil) {
			err = ErrChanged
		}
		return "", b.fail(ctx, "write", key, err)
	}
	return aws.ToString(out.ETag), nil
}

// List calls f for each object whose key begins with the prefix and comes
// after the key from, in the order of the keys, until f returns an error, which
// it returns.
func (b *Bucket) List(ctx context.Context, prefix, from string, f func(Object) error) error {
	in := &s3.ListObjectsV2Input{Bucket: &b.config.Bucket, Prefix: aws.String(b.key(prefix))}
	if from != "" {
		in.StartAfter = aws.String(b.key(from))
	}
	for pages := s3.NewListObjectsV2Paginator(b.client, in); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return b.fail(ctx, "list", prefix, err)
		}
		for i := range page.Contents {
			if err := f(b.object(&page.Contents[i])); err != nil {
				return err
			}
		}
	}
	return nil
}

// Page returns the objects whose keys begin with the prefix and come after the key
// after, in their order, as many as one request brings: a thousand in S3. More says
// that there are others behind them.
func (b *Bucket) Page(ctx context.Context, prefix, after string) (objects []Object, more bool, err error) {
	in := &s3.ListObjectsV2Input{Bucket: &b.config.Bucket, Prefix: aws.String(b.key(prefix))}
	if after != "" {
		in.StartAfter = aws.String(b.key(after))
	}
	page, err := b.client.ListObjectsV2(ctx, in)
	if err != nil {
		return nil, false, b.fail(ctx, "list", prefix, err)
	}
	for i := range page.Contents {
		objects = append(objects, b.object(&page.Contents[i]))
	}
	return objects, aws.ToBool(page.IsTruncated), nil
}

// object is what a list says of one.
func (b *Bucket) object(o *types.Object) Object {
	return Object{b.unkey(aws.ToString(o.Key)), aws.ToInt64(o.Size), aws.ToString(o.ETag), aws.ToTime(o.LastModified)}
}

// Delete removes an object; that there is none is no error.
func (b *Bucket) Delete(ctx context.Context, key string) error {
	_, err := b.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.config.Bucket, Key: aws.String(b.key(key))})
	if err = b.fail(ctx, "delete", key, err); errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}
