package csvfile

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// find returns the files to read at path: path itself, or every .csv and
// .csv.gz below the folder, sorted. Names that begin with a dot are left out:
// they are hidden, or being written.
func find(path string) (files []string, folder bool, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, false, systemError(path, err)
	}
	if info.Mode().IsRegular() {
		return []string{path}, false, nil
	}
	if !info.IsDir() {
		return nil, false, &Error{File: path, Text: "it is not a file, and metrics may have to be read twice; write them to a file first", Err: ErrNotCSV}
	}
	var others []string
	err = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return systemError(p, err)
		}
		name := strings.ToLower(d.Name())
		switch {
		case p != path && strings.HasPrefix(name, "."):
			if d.IsDir() {
				return fs.SkipDir
			}
		case d.IsDir() || notFile(p, d):
		case strings.HasSuffix(name, ".csv"), strings.HasSuffix(name, ".csv.gz"):
			files = append(files, p)
		default:
			others = append(others, d.Name())
		}
		return nil
	})
	if err != nil {
		return nil, true, err
	}
	if len(files) == 0 {
		text := "the folder has no .csv or .csv.gz file"
		if len(others) > 0 {
			text += "; there " + listed(others)
		}
		return nil, true, &Error{File: path, Text: text, Err: ErrNoFiles}
	}
	return files, true, nil
}

// notFile reports whether an entry of a folder is a pipe, a device or the like,
// or leads to one: opening it could wait forever.
func notFile(path string, d fs.DirEntry) bool {
	if d.Type().IsRegular() {
		return false
	}
	info, err := os.Stat(path)
	return err == nil && !info.Mode().IsRegular()
}

// An input is an open metrics file, of which the header is read.
type input struct {
	path  string
	file  *os.File
	bytes int64 // of the file that were read
	*records
}

// Read counts the bytes of the file that were read.
func (in *input) Read(p []byte) (int, error) {
	n, err := in.file.Read(p)
	in.bytes += int64(n)
	return n, err
}

// open opens a file, plain or gzip by its first bytes, and reads its header.
func open(path string) (*input, *layout, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, systemError(path, err)
	}
	in := &input{path: path, file: f}
	l, err := in.begin()
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return in, l, nil
}

func (in *input) begin() (*layout, error) {
	raw := bufio.NewReaderSize(in, 1<<16)
	magic, err := raw.Peek(2)
	if err != nil && err != io.EOF {
		return nil, systemError(in.path, err)
	}
	var src io.Reader = raw
	in.records = newRecords(nil)
	if string(magic) == "\x1f\x8b" {
		if src, err = gzip.NewReader(raw); err != nil {
			return nil, in.failed(err)
		}
	}
	in.src = src
	for in.end < 512 && in.err == nil { // gzip and pipes give what they have
		if err := in.fill(); err != nil {
			return nil, in.failed(err)
		}
	}
	head := in.buf[:min(in.end, 512)]
	if what := notText(head); what != "" {
		return nil, &Error{File: in.path, Text: "this is " + what, Err: ErrNotCSV}
	}
	if strings.HasPrefix(string(head), "\xef\xbb\xbf") {
		in.pos = 3
	}
	fields, err := in.records.read()
	if err == io.EOF {
		return nil, &Error{File: in.path, Text: "the file is empty; its first line names the columns: timestamp,container,cpu,memory,…", Err: ErrEmpty}
	} else if err != nil {
		return nil, in.failed(err)
	}
	l, e := parseHeader(in.path, fields)
	if e != nil {
		e.Line = in.line
		return nil, e
	}
	return l, nil
}

// failed turns an error of reading into one that says where and what to do.
func (in *input) failed(err error) error {
	e := &Error{File: in.path, Line: in.next, Err: err}
	var path *fs.PathError
	switch {
	case err == errQuote || err == errLong:
		e.Err, e.Line, e.Text = ErrRow, max(in.line, 1), err.Error()
	case errors.As(err, &path):
		return systemError(in.path, err)
	default:
		e.Err = ErrDamaged
		e.Text = "the gzip data is cut off or damaged here (" + err.Error() + "); copy or export the file again"
	}
	return e
}

// systemError returns the operating system's error with the path first.
func systemError(path string, err error) *Error {
	var p *fs.PathError
	text := err.Error()
	if errors.As(err, &p) {
		text = p.Err.Error()
		if errors.Is(err, fs.ErrNotExist) {
			text = "no such file or folder"
		} else {
			text = "cannot " + p.Op + ": " + text
		}
	}
	return &Error{File: path, Text: text, Err: err}
}
