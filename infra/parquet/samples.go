// Package parquet writes and reads what Foretide keeps in object storage: the
// samples of containers, and forecasts, as Parquet files that DuckDB and Athena
// read too. Columns are compressed by zstd.
package parquet

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"github.com/foretide/foretide/core/series"
)

// A Sample is one value of one metric of one container. A missing value is no
// sample.
type Sample struct {
	Container string  `parquet:"container,dict"`
	Metric    string  `parquet:"metric,dict"`
	Time      int64   `parquet:"time,delta,timestamp(millisecond)"` // Unix milliseconds
	Value     float64 `parquet:"value"`
}

// compare orders samples as a file has them: by container, metric and time.
func compare(a, b Sample) int {
	return cmp.Or(cmp.Compare(a.Container, b.Container), cmp.Compare(a.Metric, b.Metric), cmp.Compare(a.Time, b.Time))
}

// Limits of a file that is read; one with more is ErrTooLarge before its rows
// are touched.
const (
	MaxFile = 256 << 20 // bytes
	maxRows = 1 << 26
	maxName = 1 << 10 // bytes of a container's or metric's name

	maxGroup = 1 << 20 // rows of a group
)

// Rows of a group: what a reader that looks for one container reads at least.
const groupRows = 1 << 16

var (
	// ErrFile: the bytes are no Parquet file of samples, or a damaged one.
	ErrFile = errors.New("parquet: not a file of samples")
	// ErrTooLarge: a file has more bytes or rows than is read.
	ErrTooLarge = errors.New("parquet: file is too large")
)

func codec() parquet.WriterOption { return parquet.Compression(&zstd.Codec{Level: zstd.SpeedDefault}) }

// A Writer writes a file of samples in parts, and holds little of it.
type Writer struct {
	w    *parquet.GenericWriter[Sample]
	last Sample
}

// NewWriter returns a Writer to w.
func NewWriter(w io.Writer) *Writer {
	return &Writer{w: parquet.NewGenericWriter[Sample](w, codec(), parquet.MaxRowsPerRowGroup(groupRows),
		parquet.CreatedBy("foretide", "1", ""), parquet.SortingWriterConfig(parquet.SortingColumns(
			parquet.Ascending("container"), parquet.Ascending("metric"), parquet.Ascending("time"))))}
}

// Write writes the samples that come next in the order of Compare. The same
// samples in the same parts give the same bytes.
func (w *Writer) Write(samples []Sample) error {
	if len(samples) == 0 {
		return nil
	}
	if compare(w.last, samples[0]) > 0 && w.last != (Sample{}) || !slices.IsSortedFunc(samples, compare) {
		return errors.New("parquet: samples are not sorted")
	}
	w.last = samples[len(samples)-1]
	if _, err := w.w.Write(samples); err != nil {
		return fmt.Errorf("parquet: %w", err)
	}
	return nil
}

// Close ends the file, not what it is written to.
func (w *Writer) Close() error {
	if err := w.w.Close(); err != nil {
		return fmt.Errorf("parquet: %w", err)
	}
	return nil
}

// A Run is consecutive samples of one metric of one container. Its slices are
// valid until the next call of Next.
type Run struct {
	Container, Metric string
	Times             []int64   // Unix milliseconds, ascending
	Values            []float64 // NaN where missing; nil after SkipValues
}

// A Reader reads the samples of a file in their order, run by run: all that the
// file has of a series, or of it in one group of rows. It is not safe for
// concurrent use.
type Reader struct {
	groups      []parquet.RowGroup
	first, last string
	g           group
	at          int // row of g
	before      Run // the run before, without its samples' slices
	beforeTime  int64
}

// Open reads the description of a file. Of its rows only those of the containers
// from first to last, both included, are read; last "" is no limit. The error is
// ErrFile or ErrTooLarge.
//
// The bytes must be those that a Writer gave: the library that decodes them
// bounds neither time nor memory on others. Whoever has them from elsewhere
// compares a digest first.
func Open(data []byte, first, last string) (r *Reader, err error) {
	defer guard(&err)
	if len(data) > MaxFile {
		return nil, fmt.Errorf("%w: %d bytes, the limit is %d", ErrTooLarge, len(data), MaxFile)
	}
	f, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)), parquet.SkipBloomFilters(true), parquet.SkipPageIndex(true))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFile, err)
	}
	if n := f.NumRows(); n < 0 || n > maxRows {
		return nil, fmt.Errorf("%w: %d rows, the limit is %d", ErrTooLarge, n, maxRows)
	}
	if err := checkSchema(f.Schema()); err != nil {
		return nil, err
	}
	r = &Reader{first: first, last: last}
	for i, g := range f.RowGroups() {
		meta := f.Metadata().RowGroups[i]
		if len(meta.Columns) != len(sampleColumns) || meta.NumRows < 0 || meta.NumRows > maxGroup {
			return nil, fmt.Errorf("%w: a group of rows is damaged", ErrFile)
		}
		stats := meta.Columns[0].MetaData.Statistics
		if len(stats.MinValue) > 0 && last != "" && string(stats.MinValue) > last ||
			len(stats.MaxValue) > 0 && string(stats.MaxValue) < first {
			continue
		}
		r.groups = append(r.groups, g)
	}
	return r, nil
}

// SkipValues has the runs that follow have no values: only names and times are
// decoded.
func (r *Reader) SkipValues() { r.g.namesOnly = true }

var sampleColumns = parquet.SchemaOf(Sample{}).Columns()

func checkSchema(schema *parquet.Schema) error {
	have := schema.Columns()
	ok := len(have) == len(sampleColumns)
	for i := range sampleColumns {
		ok = ok && slices.Equal(have[i], sampleColumns[i])
	}
	if !ok {
		return fmt.Errorf("%w: its columns are %v, not %v", ErrFile, have, sampleColumns)
	}
	return nil
}

// Next returns the next run; io.EOF after the last one. The error is ErrFile
// where the file is damaged.
func (r *Reader) Next() (Run, error) {
	for {
		for r.at == r.g.rows() {
			if err := r.nextGroup(); err != nil {
				return Run{}, err
			}
		}
		run := r.g.run(r.at)
		r.at += len(run.Times)
		switch {
		case run.Container < r.first:
			continue
		case r.last != "" && run.Container > r.last:
			return Run{}, io.EOF
		case len(run.Container) > maxName || len(run.Metric) > maxName:
			return Run{}, fmt.Errorf("%w: a name of more than %d bytes", ErrFile, maxName)
		}
		order := cmp.Or(cmp.Compare(r.before.Container, run.Container), cmp.Compare(r.before.Metric, run.Metric))
		if order > 0 || order == 0 && r.beforeTime > run.Times[0] || !slices.IsSorted(run.Times) {
			return Run{}, fmt.Errorf("%w: its rows are not sorted", ErrFile)
		}
		for i, v := range run.Values {
			if !(math.Abs(v) <= series.MaxMagnitude) {
				run.Values[i] = math.NaN()
			}
		}
		r.before = Run{Container: run.Container, Metric: run.Metric}
		r.beforeTime = run.Times[len(run.Times)-1]
		return run, nil
	}
}

func (r *Reader) nextGroup() error {
	if len(r.groups) == 0 {
		return io.EOF
	}
	g := r.groups[0]
	r.groups, r.at = r.groups[1:], 0
	return r.g.read(g)
}

// guard turns a panic of the library about damaged bytes into an error.
func guard(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%w: %v", ErrFile, p)
	}
}
