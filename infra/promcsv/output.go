package promcsv

import (
	"bufio"
	"compress/gzip"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// An output is the file while it is written: a temporary one beside it, which
// takes its place when all is there. Or it is a stream, which gets whole rows.
type output struct {
	path      string
	stream    bool
	failed    error // of the first write that did not succeed
	continues bool  // path had rows before
	mends     bool  // path ends in half a row
	last      int64 // the last time stamp that path had, of which rows may lack where mends is set
	file      *os.File
	buf       *bufio.Writer
	gz        *gzip.Writer
	w         io.Writer
	line      []byte
	// held are rows of the time stamp last, which a crash may have left
	// incomplete. They are written again unless the server has them still.
	held map[string]string
}

// openOutput begins to write the file at path, with the rows that it has where
// it is to be continued. A file that a crash has cut is mended.
func openOutput(path string, header []string, appending bool) (*output, error) {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("promcsv: %s is not a file", path)
	}
	out := &output{path: path}
	var old *tail
	if err == nil && appending && info.Size() > 0 {
		if old, err = readTail(path, header); err != nil {
			return nil, err
		}
		defer old.close()
		out.continues, out.mends = old.rows, old.cut
		out.last, out.held = old.last, old.held
	}
	mode := fs.FileMode(0o666)
	if info != nil {
		mode = info.Mode().Perm()
	}
	if err := out.create(mode, info != nil); err != nil {
		return nil, err
	}
	if err := out.begin(old, header); err != nil {
		out.abort()
		return nil, err
	}
	return out, nil
}

// create makes the temporary file; keep holds the mode against the umask.
func (o *output) create(mode fs.FileMode, keep bool) error {
	temp := filepath.Join(filepath.Dir(o.path), "."+filepath.Base(o.path)+"."+rand.Text()[:8]+".tmp")
	f, err := os.OpenFile(temp, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		var p *fs.PathError // its path is the temporary one
		if errors.As(err, &p) {
			err = p.Err
		}
		return fmt.Errorf("promcsv: cannot create %s: %w", o.path, err)
	}
	if keep {
		_ = f.Chmod(mode) // some file systems have none
	}
	o.file, o.buf = f, bufio.NewWriterSize(f, 1<<16)
	return nil
}

// openStream begins to write the text to w.
func openStream(w io.Writer, header []string) (*output, error) {
	o := &output{path: "the output", stream: true, buf: bufio.NewWriterSize(w, 1<<16)}
	return o, o.begin(nil, header)
}

// begin writes what comes before the new rows: the header, or what the file
// has already. Compressed data that is sound is taken over as it is: gzip reads
// one stream after another as one.
func (o *output) begin(old *tail, header []string) error {
	o.w = o.buf
	var err error
	if strings.HasSuffix(o.path, ".gz") || (old != nil && old.gzip) {
		o.gz = gzip.NewWriter(o.buf)
		o.w = o.gz
	}
	switch {
	case old != nil && old.gzip && !old.cut:
		_, err = io.Copy(o.buf, old.raw())
	case old != nil && old.keep > 0:
		var r io.Reader
		if r, err = old.text(); err == nil {
			_, err = io.CopyN(o.w, r, old.keep)
		}
	default:
		_, err = io.WriteString(o.w, headerLine(header)+"\n")
	}
	if err != nil {
		return fmt.Errorf("promcsv: writing %s: %w", o.path, err)
	}
	return nil
}

func headerLine(header []string) string {
	all := []string{"timestamp", "container"}
	for _, h := range header {
		all = append(all, quoted(h))
	}
	return strings.Join(all, ",")
}

// write appends one row. NaN is an empty cell.
func (o *output) write(t int64, container string, values []float64) error {
	if o.held != nil {
		if t > o.last {
			if err := o.release(); err != nil {
				return err
			}
		} else {
			delete(o.held, container)
		}
	}
	b := strconv.AppendInt(o.line[:0], t, 10)
	b = append(b, ',')
	b = append(b, quoted(container)...)
	for _, v := range values {
		b = append(b, ',')
		if !math.IsNaN(v) {
			b = appendNumber(b, v)
		}
	}
	b = append(b, '\n')
	o.line = b
	if o.stream && o.buf.Available() < len(b) { // never a part of a row
		if err := o.buf.Flush(); err != nil {
			return o.fail(err)
		}
	}
	if _, err := o.w.Write(b); err != nil {
		return o.fail(err)
	}
	return nil
}

// fail notes that what was written is not whole.
func (o *output) fail(err error) error {
	o.failed = fmt.Errorf("promcsv: writing %s: %w", o.path, err)
	return o.failed
}

// release writes the held rows that the server no longer has.
func (o *output) release() error {
	held := o.held
	o.held = nil
	for _, name := range sortedKeys(held) {
		if _, err := io.WriteString(o.w, held[name]+"\n"); err != nil {
			return o.fail(err)
		}
	}
	return nil
}

// commit puts the file in its place.
func (o *output) commit() error {
	err := o.release()
	if err == nil && o.gz != nil {
		err = o.gz.Close()
	}
	if err == nil {
		err = o.buf.Flush()
	}
	if o.stream {
		if err != nil {
			return o.fail(err)
		}
		return nil
	}
	if err == nil {
		err = o.file.Sync()
	}
	if cerr := o.file.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(o.file.Name(), o.path)
	}
	if err != nil {
		os.Remove(o.file.Name())
		o.file = nil
		return fmt.Errorf("promcsv: writing %s: %w", o.path, err)
	}
	o.file = nil
	if dir, err := os.Open(filepath.Dir(o.path)); err == nil {
		_ = dir.Sync() // some file systems cannot; the data itself is safe
		dir.Close()
	}
	return nil
}

// abort removes the temporary file. After commit it does nothing.
func (o *output) abort() {
	if o.file != nil {
		o.file.Close() // what it says is of a file that goes
		os.Remove(o.file.Name())
		o.file = nil
	}
}

// appendNumber writes the shortest text that reads back as v.
func appendNumber(b []byte, v float64) []byte {
	if a := math.Abs(v); a != 0 && (a < 1e-6 || a >= 1e15) {
		return strconv.AppendFloat(b, v, 'e', -1, 64)
	}
	return strconv.AppendFloat(b, v, 'f', -1, 64)
}

// quoted writes a field without line breaks as RFC 4180 has it.
func quoted(s string) string {
	if !strings.ContainsAny(s, ",\"\r\n") {
		return s
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}
