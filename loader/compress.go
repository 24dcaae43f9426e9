package loader

import (
	"errors"
	"strconv"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/loader/store"
)

// defaultMaxPayload is how many bytes a payload may have when decompressed,
// unless WithMaxPayload says otherwise.
const defaultMaxPayload = 256 << 20

// errMethod reports that the payload is compressed by a method that is not
// known here.
var errMethod = errors.New("loader: unknown compression")

// The encoder and the decoder start no goroutines with a concurrency of one,
// and are made when first needed.
var (
	encoder = sync.OnceValue(func() *zstd.Encoder {
		e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedBetterCompression))
		if err != nil {
			panic("loader: " + err.Error()) // of the constant options alone
		}
		return e
	})
	decoder = sync.OnceValue(func() *zstd.Decoder {
		// The destination's capacity is the limit, and whoever gives it has
		// compared it with what is allowed.
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecodeAllCapLimit(true),
			zstd.WithDecoderMaxWindow(64<<20), zstd.WithDecoderMaxMemory(1<<40))
		if err != nil {
			panic("loader: " + err.Error())
		}
		return d
	})
)

// Encode returns the checkpoint's bytes, its payload compressed. Equal
// checkpoints give equal bytes. The error is a *codec.HeaderError.
func Encode(c *codec.Checkpoint) ([]byte, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	small := encoder().EncodeAll(c.Payload, nil)
	if len(small) >= len(c.Payload) {
		return c.Append(nil), nil
	}
	return c.AppendCompressed(nil, codec.Zstd, small), nil
}

// Decode returns the checkpoint that the bytes are, its payload decompressed.
// A payload of more than limit bytes is store.ErrTooLarge, and is not decompressed;
// a limit of 0 is 256 MiB. The other errors are those of codec.Parse
// and one of an unknown compression.
func Decode(b []byte, limit int) (*codec.Checkpoint, error) {
	f, err := codec.Parse(b)
	if err != nil {
		return nil, err
	}
	if limit == 0 {
		limit = defaultMaxPayload
	}
	if f.Size > uint64(limit) {
		return nil, &sizeError{f.Size, limit}
	}
	if f.Payload, err = decompress(f); err != nil {
		return nil, err
	}
	return &f.Checkpoint, nil
}

// checkHosted returns what is wrong with a checkpoint before a module is handed
// it: it is damaged, too large, or another key's.
func checkHosted(b []byte, k Key, limit int) error {
	f, err := codec.Parse(b)
	if err != nil {
		return err
	}
	if limit == 0 {
		limit = defaultMaxPayload
	}
	if f.Size > uint64(limit) {
		return &sizeError{f.Size, limit}
	}
	if have := KeyOf(&f.Checkpoint); have != k {
		return &mismatchError{k, have}
	}
	return nil
}

func decompress(f *codec.File) ([]byte, error) {
	switch f.Method {
	case codec.Stored:
		return append([]byte(nil), f.Data...), nil
	case codec.Zstd:
		out, err := decoder().DecodeAll(f.Data, make([]byte, 0, f.Size))
		if err != nil {
			return nil, &codec.DamagedError{Problem: "its payload does not decompress: " + err.Error()}
		}
		if uint64(len(out)) != f.Size {
			return nil, &codec.DamagedError{Problem: "its payload has another size than it says"}
		}
		return out, nil
	}
	return nil, &methodError{f.Method}
}

type sizeError struct {
	size  uint64
	limit int
}

func (e *sizeError) Error() string {
	return "its payload has " + strconv.FormatUint(e.size, 10) +
		" bytes, the limit is " + strconv.Itoa(e.limit)
}

func (e *sizeError) Is(target error) bool { return target == store.ErrTooLarge }

type methodError struct{ method codec.Method }

func (e *methodError) Error() string {
	return errMethod.Error() + " " + strconv.Itoa(int(e.method)) + "; known are 0 (none) and 1 (zstd)"
}

func (e *methodError) Is(target error) bool { return target == errMethod }
