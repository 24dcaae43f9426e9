// Package csvfile reads metrics files: CSV, plain or gzip, with the
// columns timestamp, container and one for each metric.
//
//	timestamp,container,cpu,memory,disk_read,disk_write,net_rx,net_tx
//	1722467370,web,0.25,104857600,0,8192,1201.5,980
//
// Timestamps are Unix seconds or ISO 8601; columns may stand in any order; an
// empty cell, NaN, null or NA is a missing value. A column of another name is
// a metric too. Rows may be in any order.
//
// A ForecastWriter writes forecast files, and ReadForecasts reads them.
//
// # Memory and time
//
// Reading streams. While rows are read, 12 bytes are held for every value of
// the grids, in chunks of 256 cells that exist only where there are rows, 4 to
// 5 bytes a row but at most 1.3 MB a container to infer its step, 24 bytes for
// a value of a counter, and some 2 MiB of buffers. The result takes 8 bytes for
// every cell of every metric, holes included. Options.MaxValues bounds both, so
// that never more than 20 bytes times MaxValues are live: 2.7 GB unless it is
// set. Nothing is allocated for a row.
//
// Ten million rows of six metrics, 750 MB, take 0.9 GB at the most (15 bytes a
// value; 1.0 GB with two of the six as counters) and were read in 5 to 8 s on a
// busy server with two cores, from gzip in 10 s.
// Where the step of a container turns out another than its first rows let
// expect, everything is read twice.
package csvfile

import (
	"context"
	"io"
	"slices"
	"strconv"

	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/internal/near"
)

// defaultMaxValues is Options.MaxValues unless it is set.
const defaultMaxValues = 1 << 27

// Options say what to read. The zero value reads everything.
type Options struct {
	// Step is the seconds between the cells of the grid; 0 infers it for each
	// container from the median interval of its rows (see series.InferStep).
	Step int64
	// Metrics are the columns to read; none reads all.
	Metrics []string
	// Counters are the columns that hold running totals. They are read as
	// their rates per second (series.Counter): bytes become bytes a second,
	// CPU seconds become cores. A fall is a reset to zero; a gap longer than
	// four times the step, or the median interval of the samples where that is
	// more, has no rate. A name that is not in Metrics is passed over.
	Counters []string
	// Container is the only one to read; "" reads all.
	Container string
	// MaxCells is the longest grid of a container; 0 is
	// series.DefaultMaxCells.
	MaxCells int64
	// MaxValues bounds the memory: cells times metrics, summed over the
	// containers; at most 20 bytes are live for each. 0 means 2^27.
	// More is ErrTooLarge.
	MaxValues int64
	// Window and Horizon, in seconds, are what the data is wanted for: a
	// container with a shorter history gets a warning. 0 asks for none.
	Window, Horizon int64
	// Progress is called from time to time with the rows and bytes read and
	// the bytes of all files. Where the step of a container turns out another
	// than its first rows let expect, the files are read a second time and the
	// numbers begin again. May be nil.
	Progress func(rows, bytes, total int64)
}

// Data is what was read.
type Data struct {
	Frames   []series.Frame // by container name; a column has at least one value
	Files    []string       // that were read, in order
	Rows     int64
	Skipped  []string // files of a folder that are no metrics files, and why
	Warnings []string // what the user should know about the data
}

// Containers returns the names of the containers, sorted.
func (d *Data) Containers() []string {
	names := make([]string, len(d.Frames))
	for i := range d.Frames {
		names[i] = d.Frames[i].Container
	}
	return names
}

// Frame returns the frame of a container, or an *Error with ErrContainer that
// names those like it.
func (d *Data) Frame(container string) (*series.Frame, error) {
	for i := range d.Frames {
		if d.Frames[i].Container == container {
			return &d.Frames[i], nil
		}
	}
	file := "the data"
	if len(d.Files) == 1 {
		file = d.Files[0]
	}
	return nil, containerError(file, container, d.Containers())
}

// Read reads a metrics file, or every .csv and .csv.gz file in a folder and
// below, into one frame for each container; rows of the same container in
// several files are put together. In a folder, files with another header are
// skipped (Data.Skipped). Memory is bounded by Options.MaxValues, as the
// package's documentation says. The error is an *Error, or the context's.
func Read(ctx context.Context, path string, o Options) (*Data, error) {
	if o.MaxCells == 0 {
		o.MaxCells = series.DefaultMaxCells
	}
	if o.MaxValues == 0 {
		o.MaxValues = defaultMaxValues
	}
	r := &reader{o: o, path: path, byName: map[string]*container{}}
	if err := r.plan(); err != nil {
		return nil, err
	}
	if err := r.pass(ctx); err != nil {
		return nil, err
	}
	if r.settleSteps() {
		r.again = true
		if err := r.pass(ctx); err != nil {
			return nil, err
		}
	}
	if err := r.frames(); err != nil {
		return nil, err
	}
	return &r.data, nil
}

// reader is one call of Read.
type reader struct {
	o       Options
	path    string
	folder  bool
	metrics []string // of all files, in the order of the frames' columns
	total   int64    // bytes of all files
	data    Data

	scratch  []int64
	counters []int // indices of the metrics that are running totals

	again  bool // in the second pass
	byName map[string]*container
	others map[string]bool // containers that were seen and not asked for
	last   *container      // of the row before
	stored int64           // values that the builders have room for
	bytes  int64           // of the files that were read

	refused int64 // values that were too large and taken as missing
}

// plan finds the files and, from their headers, the metrics.
func (r *reader) plan() error {
	files, folder, err := find(r.path)
	if err != nil {
		return err
	}
	r.folder = folder
	var unknown []string
	found := map[string]bool{}
	for _, file := range files {
		in, l, err := open(file)
		if err != nil {
			if !folder || !skippable(err) {
				return err
			}
			r.data.Skipped = append(r.data.Skipped, err.Error())
			continue
		}
		if info, err := in.file.Stat(); err == nil {
			r.total += info.Size()
		}
		in.file.Close()
		r.data.Files = append(r.data.Files, file)
		for _, c := range l.metrics {
			if !found[c.name] && !c.known {
				unknown = append(unknown, c.name)
			}
			found[c.name] = true
		}
	}
	if len(r.data.Files) == 0 {
		return &Error{File: r.path, Text: "no metrics file in the folder; " + r.data.Skipped[0], Err: ErrNoFiles}
	}
	return r.choose(found, unknown)
}

// choose sets the metrics to read: the known ones in their order, then the
// others in the order of the files; or those that were asked for.
func (r *reader) choose(found map[string]bool, unknown []string) error {
	var all []string
	for _, m := range series.Metrics {
		if found[m] {
			all = append(all, m)
		}
	}
	all = append(all, unknown...)
	for _, m := range slices.Concat(r.o.Metrics, r.o.Counters) {
		if !found[m] {
			text := "no column of this name" + near.Hint(m, all)
			if near.Hint(m, all) == "" {
				text += "; the metrics " + listed(all)
			}
			return &Error{File: r.path, Column: m, Value: m, Text: text, Err: ErrHeader}
		}
	}
	if r.metrics = r.o.Metrics; len(r.metrics) == 0 {
		r.metrics = all
	}
	for k, m := range r.metrics {
		if slices.Contains(r.o.Counters, m) {
			r.counters = append(r.counters, k)
		}
	}
	return nil
}

// pass reads all files once.
func (r *reader) pass(ctx context.Context) error {
	r.bytes, r.data.Rows, r.last = 0, 0, nil
	for i, file := range r.data.Files {
		in, l, err := open(file)
		if err != nil {
			return err
		}
		err = r.rows(ctx, in, l, int32(i))
		in.file.Close()
		if err != nil {
			return err
		}
		r.bytes += in.bytes
		r.progress(0)
	}
	return nil
}

func (r *reader) progress(bytes int64) {
	if r.o.Progress != nil {
		r.o.Progress(r.data.Rows, min(r.bytes+bytes, r.total), r.total)
	}
}

// rows reads the rows of one file.
func (r *reader) rows(ctx context.Context, in *input, l *layout, file int32) error {
	slots := make([]int, len(l.metrics)) // of the columns in a row; -1: not asked for
	for i, c := range l.metrics {
		slots[i] = slices.Index(r.metrics, c.name)
	}
	naive := false
	row := make([]float64, len(r.metrics))
	for n := int64(1); ; n++ {
		if n&(1<<12-1) == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			if n&(1<<16-1) == 0 {
				r.progress(in.bytes)
			}
		}
		fields, err := in.records.read()
		if err == io.EOF {
			break
		} else if err != nil {
			return in.failed(err)
		}
		if len(fields) != l.width {
			if len(fields) == 1 && len(trim(fields[0])) == 0 {
				continue
			}
			if in.cut && len(fields) < l.width {
				l.warn(in, "the last line is cut off and left out; the file may still be written")
				break
			}
			return &Error{File: in.path, Line: in.line, Err: ErrRow, Text: "the row has " + strconv.Itoa(len(fields)) +
				" fields, the header " + strconv.Itoa(l.width)}
		}
		t, kind := parseTime(fields[l.time])
		if kind != unixStamp {
			if t, kind = parseTime(trim(fields[l.time])); kind == badStamp || kind == hugeStamp {
				return timeError(in.path, in.line, timeColumn, fields[l.time], kind, t)
			}
			if kind == naiveStamp && !naive {
				naive = true
				l.warn(in, "times without a zone are taken as UTC")
			}
		}
		c, err := r.container(in, fields[l.container])
		if err != nil {
			return err
		}
		r.data.Rows++
		if c == nil {
			continue
		}
		if err := l.values(in, fields, row, slots); err != nil {
			return err
		}
		if err := r.add(in, c, t, row, place{t, file, in.line}); err != nil {
			return err
		}
	}
	if !r.again {
		r.refused += l.finish(in)
		r.data.Warnings = append(r.data.Warnings, l.warnings...)
	}
	return nil
}
