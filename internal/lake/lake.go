package lake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/foretide/foretide/infra/parquet"
	"github.com/foretide/foretide/loader/store"
)

// A Lake is the samples in object storage. Files are never changed: more
// samples are more files, which Compact puts together. Where two files have a
// value for the same moment, the one that was written later counts.
type Lake struct {
	Objects store.Bucket
	// Shards is how many files the containers of a period are spread over, so
	// that reading one container does not read all; at least 1. It may be
	// changed at any time.
	Shards int
	// MaxBytes bounds the files that are held at a time; where one Read needs more it
	// is ErrTooLarge.
	MaxBytes int64

	damaged sync.Map // files that Compact does not read again: by their fileID, the error
}

// DefaultMaxBytes is a MaxBytes that fits a function with 256 MB: a day of 1,000
// containers with four metrics every five minutes is about 10 MB.
const DefaultMaxBytes = 112 << 20

const day = 86400

// contentType is that of Parquet files.
const contentType = "application/vnd.apache.parquet"

// Files returns the files that may have samples of the time [from, to), by the
// time they were written.
func (l *Lake) Files(ctx context.Context, from, to int64) ([]File, error) {
	first := from / day * day
	days := make([][]store.Object, max(0, (to-first+day-1)/day))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(16)
	for i := range days {
		g.Go(func() (err error) {
			days[i], err = store.All(ctx, l.Objects, DayFolder(first+int64(i)*day))
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	var out []File
	for _, objects := range days {
		for _, o := range objects {
			if f, ok := parseFile(o); ok && f.To > from && f.From < to {
				out = append(out, f)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b File) int {
		if c := a.Modified.Compare(b.Modified); c != 0 {
			return c
		}
		return strings.Compare(a.Name, b.Name)
	})
	return out, nil
}

// fetch returns the bytes of files, checked; nil of those that are damaged and
// passed over.
func (l *Lake) fetch(ctx context.Context, files []File) ([][]byte, error) {
	total := int64(0)
	for i := range files {
		total += files[i].Size
	}
	if total > l.MaxBytes {
		return nil, fmt.Errorf("%w: the samples take %d bytes in %d files, the limit is %d; ask for fewer containers at a time or keep them in more shards",
			ErrTooLarge, total, len(files), l.MaxBytes)
	}
	out := make([][]byte, len(files))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(16)
	for i := range files {
		g.Go(func() error {
			var err error
			if out[i], err = l.fetchOne(ctx, &files[i]); err != nil {
				out[i] = nil
			}
			return passOver(ctx, &files[i], err)
		})
	}
	return out, g.Wait()
}

func (l *Lake) fetchOne(ctx context.Context, f *File) ([]byte, error) {
	data, _, err := l.Objects.Get(ctx, f.Name, f.Size)
	if err == nil && digest(data) != f.digest {
		err = fmt.Errorf("%s: %w: its bytes are not what its name says", f.Name, store.ErrDamaged)
	}
	return data, err
}

// A reader is one of a file.
type reader struct {
	*parquet.Reader
	file *File
}

// openFile returns a reader of a file's bytes; nil where the file is damaged and
// passed over.
func openFile(ctx context.Context, f *File, data []byte, first, last string) (*reader, error) {
	if data == nil {
		return nil, nil
	}
	r, err := parquet.Open(data, first, last)
	if err != nil {
		return nil, passOver(ctx, f, fmt.Errorf("%s: %w", f.Name, err))
	}
	return &reader{r, f}, nil
}

// next returns the next run; io.EOF too where the rest is damaged and passed over.
func (r *reader) next(ctx context.Context) (parquet.Run, error) {
	run, err := r.Next()
	if err == nil || err == io.EOF {
		return run, err
	}
	if err := passOver(ctx, r.file, fmt.Errorf("%s: %w", r.file.Name, err)); err != nil {
		return run, err
	}
	return run, io.EOF
}

// attempts is how often files are listed anew that are gone: what compaction
// removes is in a file that it wrote before.
const attempts = 3

// open returns readers of files, in the order of Files: of those that are known,
// or, where that is nil, of those that there are.
func (l *Lake) open(ctx context.Context, known []File, from, to int64, wanted func(*File) bool, first, last string) ([]*reader, error) {
	for attempt := 1; ; attempt++ {
		files := slices.Clone(known)
		if known == nil || attempt > 1 {
			var err error
			if files, err = l.Files(ctx, from, to); err != nil {
				return nil, err
			}
		}
		files = slices.DeleteFunc(files, func(f File) bool { return !wanted(&f) })
		data, err := l.fetch(ctx, files)
		if errors.Is(err, store.ErrNotFound) && attempt < attempts {
			continue
		} else if err != nil {
			return nil, err
		}
		var readers []*reader
		for i := range data {
			r, err := openFile(ctx, &files[i], data[i], first, last)
			if err != nil {
				return nil, err
			}
			if r != nil {
				readers = append(readers, r)
			}
		}
		return readers, nil
	}
}

// Day returns the first second of the day that t is in.
func Day(t time.Time) int64 { return t.Unix() / day * day }
