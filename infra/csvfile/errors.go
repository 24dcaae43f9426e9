package csvfile

import (
	"errors"
	"strconv"
	"strings"

	"github.com/foretide/foretide/internal/near"
)

// What can be wrong with metrics files. Every error of Read is an *Error that
// wraps one of these, the context's error, or the operating system's.
var (
	// ErrEmpty: a file without a single line, or without rows.
	ErrEmpty = errors.New("no data")
	// ErrNotCSV: the file is no comma-separated text in UTF-8.
	ErrNotCSV = errors.New("not a metrics CSV file")
	// ErrHeader: the first line lacks a needed column or names one twice.
	ErrHeader = errors.New("bad header")
	// ErrRow: a row has another number of fields than the header, or a quote
	// that is not closed.
	ErrRow = errors.New("bad row")
	// ErrNumber: a metric cell is not a number.
	ErrNumber = errors.New("not a number")
	// ErrTime: a timestamp cannot be read.
	ErrTime = errors.New("not a timestamp")
	// ErrTimeUnit: timestamps are in milliseconds or finer.
	ErrTimeUnit = errors.New("timestamps are not in seconds")
	// ErrSpan: a container's rows lie too far apart for one grid.
	ErrSpan = errors.New("time span too long")
	// ErrTooLarge: the data takes more memory than Options.MaxValues allows.
	ErrTooLarge = errors.New("too much data")
	// ErrDamaged: a compressed file is cut off or corrupted.
	ErrDamaged = errors.New("damaged file")
	// ErrContainer: the container that was asked for is not in the data.
	ErrContainer = errors.New("no such container")
	// ErrNoFiles: a folder without a metrics file.
	ErrNoFiles = errors.New("no metrics files")
)

// An Error says where in the files something is wrong and what to do.
type Error struct {
	File   string // as opened
	Line   int64  // from 1; 0 where no line is meant
	Column string // the column's name; "" where none is meant
	Value  string // the text that could not be used, cut to a readable length
	Text   string // what is wrong and what to do about it
	Err    error  // one of the errors of this package, or the system's
}

// Error returns "FILE:LINE: column "NAME": what is wrong; what to do".
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		b.WriteString(":" + strconv.FormatInt(e.Line, 10))
	}
	b.WriteString(": ")
	if e.Column != "" {
		b.WriteString("column " + strconv.Quote(e.Column) + ": ")
	}
	b.WriteString(e.Text)
	return b.String()
}

// Unwrap returns the kind of the error, for errors.Is.
func (e *Error) Unwrap() error { return e.Err }

// clip returns text quoted and cut to a length that fits a message.
func clip(text string) string {
	if len(text) > 60 {
		text = strings.ToValidUTF8(text[:60], "") + "…"
	}
	return strconv.Quote(text)
}

// containerError says that the data has no such container and which it has.
func containerError(file, name string, have []string) *Error {
	text := "no container " + strconv.Quote(name) + near.Hint(name, have)
	if len(near.Names(name, have, 1)) == 0 {
		text += "; there " + listed(have)
	}
	return &Error{File: file, Value: name, Text: text, Err: ErrContainer}
}

// listed returns "is only "a"" or "are "a", "b" … (12 in all)".
func listed(names []string) string {
	switch len(names) {
	case 0:
		return "are none"
	case 1:
		return "is only " + strconv.Quote(names[0])
	}
	const most = 5
	quoted := make([]string, 0, most)
	for _, n := range names[:min(len(names), most)] {
		quoted = append(quoted, strconv.Quote(n))
	}
	text := "are " + strings.Join(quoted, ", ")
	if len(names) > most {
		text += " … (" + strconv.Itoa(len(names)) + " in all)"
	}
	return text
}

// skippable reports whether a file that cannot be opened as metrics is merely
// none, so that a folder is read without it.
func skippable(err error) bool {
	return errors.Is(err, ErrEmpty) || errors.Is(err, ErrNotCSV) || errors.Is(err, ErrHeader) || errors.Is(err, ErrRow)
}
