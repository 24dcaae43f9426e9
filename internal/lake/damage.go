package lake

import (
	"context"
	"errors"

	"github.com/foretide/foretide/infra/parquet"
	"github.com/foretide/foretide/loader/store"
)

type reportKey struct{}

// Reporting returns a context with which what is read passes over damaged files,
// and tells report of each, every time that it meets one. Their containers have
// what other files have of them. Without it a damaged file is an error of
// whatever reads it, so that none is passed over in silence. report is to be safe
// for concurrent use.
func Reporting(ctx context.Context, report func(key string, err error)) context.Context {
	return context.WithValue(ctx, reportKey{}, report)
}

// passOver returns nil for a damaged file that is reported, err otherwise.
func passOver(ctx context.Context, f *File, err error) error {
	if !isDamage(err) {
		return err
	}
	report, ok := ctx.Value(reportKey{}).(func(string, error))
	if !ok {
		return err
	}
	report(f.Name, err)
	return nil
}

// isDamage reports whether an error is of a file's bytes: they are not those of
// its name, not those that object storage was given, or none of a file of samples.
func isDamage(err error) bool {
	return errors.Is(err, store.ErrDamaged) || errors.Is(err, parquet.ErrFile)
}
