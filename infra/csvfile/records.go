package csvfile

import (
	"bytes"
	"errors"
	"io"
)

// maxRecord is the longest record in bytes; a longer one is no CSV.
const maxRecord = 1 << 20

// Errors of records.read.
var (
	errQuote = errors.New("a double quote does not enclose a whole field; close it, or double it inside a quoted field")
	errLong  = errors.New("the line is longer than 1 MiB; is this a CSV file?")
)

// records splits a stream into the records of RFC 4180: fields separated by
// commas, lines ended by LF or CRLF, fields in double quotes where they hold
// any of these, quotes inside them doubled. Empty lines are skipped. Memory is one
// buffer of at most maxRecord bytes.
type records struct {
	src  io.Reader
	buf  []byte
	pos  int   // of the next record in buf
	end  int   // of what was read into buf
	err  error // what src ended with
	line int64 // of the record that read returned, from 1
	next int64 // line of the next record

	fields   [][]byte // into buf or unquoted
	unquoted []byte
	ends     []int // of the fields in unquoted
	cut      bool  // the record that read returned ended without a newline
}

func newRecords(src io.Reader) *records {
	return &records{src: src, buf: make([]byte, 1<<16), next: 1}
}

// read returns the fields of the next record, valid until the next call. The
// error is io.EOF at the end, that of the source, or one of this file.
func (r *records) read() ([][]byte, error) {
	for {
		r.line = r.next
		n := bytes.IndexByte(r.buf[r.pos:r.end], '\n')
		if n < 0 {
			if r.err == nil {
				if err := r.fill(); err != nil {
					return nil, err
				}
				continue
			}
			if n = r.end - r.pos; n == 0 || r.err != io.EOF {
				return nil, r.err
			}
		}
		lines, quoted := int64(1), bytes.IndexByte(r.buf[r.pos:r.pos+n], '"') >= 0
		if quoted {
			var err error
			if n, lines, err = r.quotedLen(); err != nil {
				return nil, err
			}
		}
		record := r.buf[r.pos : r.pos+n]
		r.cut = r.pos+n == r.end
		r.pos = min(r.pos+n+1, r.end)
		r.next += lines
		if n > 0 && record[n-1] == '\r' {
			record = record[:n-1]
		}
		switch {
		case len(record) == 0:
		case quoted:
			return r.fields, r.unquote(record)
		default:
			r.split(record)
			return r.fields, nil
		}
	}
}

// fill reads more of the source, moving or growing the buffer for it.
func (r *records) fill() error {
	if r.pos > 0 {
		r.end = copy(r.buf, r.buf[r.pos:r.end])
		r.pos = 0
	} else if r.end == len(r.buf) {
		if len(r.buf) >= maxRecord {
			return errLong
		}
		r.buf = append(r.buf, make([]byte, len(r.buf))...)
	}
	for range 100 {
		n, err := r.src.Read(r.buf[r.end:])
		r.end += n
		r.err = err
		if n > 0 || err != nil {
			return nil
		}
	}
	return io.ErrNoProgress
}

// split cuts a line without quotes at its commas.
func (r *records) split(line []byte) {
	r.fields = r.fields[:0]
	from := 0
	for i, c := range line {
		if c == ',' {
			r.fields = append(r.fields, line[from:i])
			from = i + 1
		}
	}
	r.fields = append(r.fields, line[from:])
}

// quotedLen returns the bytes of the record at pos, which has a quote in it,
// without its last newline, and the lines that it takes. It reads on where the
// record does.
func (r *records) quotedLen() (n int, lines int64, err error) {
	inside := false
	for {
		for ; r.pos+n < r.end; n++ {
			switch r.buf[r.pos+n] {
			case '"':
				inside = !inside
			case '\n':
				lines++
				if !inside {
					return n, lines, nil
				}
			}
		}
		switch {
		case r.err == nil:
			if err := r.fill(); err != nil {
				return 0, 0, err
			}
		case r.err != io.EOF:
			return 0, 0, r.err
		case inside:
			return 0, 0, errQuote
		default:
			return n, lines + 1, nil
		}
	}
}

// unquote cuts a record at its commas and takes the quotes off its fields.
func (r *records) unquote(s []byte) error {
	out := r.unquoted[:0]
	r.ends = r.ends[:0]
	for {
		if len(s) > 0 && s[0] == '"' {
			for more := true; more; {
				k := bytes.IndexByte(s[1:], '"') + 1
				if k == 0 {
					return errQuote
				}
				out = append(out, s[1:k]...)
				s = s[k+1:]
				if more = len(s) > 0 && s[0] == '"'; more {
					out = append(out, '"')
				}
			}
			if len(s) > 0 && s[0] != ',' {
				return errQuote
			}
		} else {
			k := bytes.IndexByte(s, ',')
			if k < 0 {
				k = len(s)
			}
			if bytes.IndexByte(s[:k], '"') >= 0 {
				return errQuote
			}
			out = append(out, s[:k]...)
			s = s[k:]
		}
		r.ends = append(r.ends, len(out))
		if len(s) == 0 {
			break
		}
		s = s[1:]
	}
	r.unquoted = out
	r.fields = r.fields[:0]
	from := 0
	for _, end := range r.ends {
		r.fields = append(r.fields, out[from:end])
		from = end
	}
	return nil
}
