package csvfile

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/internal/near"
)

// The names of the two columns that are not metrics.
const (
	timeColumn      = "timestamp"
	containerColumn = "container"
)

// maxColumns is the most columns of a file.
const maxColumns = 2000

// A layout is what the header of a file says about its columns.
type layout struct {
	width     int // columns
	time      int // index of the timestamp
	container int // index of the container's name
	metrics   []column
	warnings  []string
}

// A column is a metric's place in the rows of a file.
type column struct {
	name    string
	field   int
	known   bool // one of series.Metrics
	numeric bool // a number was read from it
	text    bool // it holds text and is left out
	inf     int64
	infAt   int64 // line of the first infinity
	huge    int64 // finite values beyond series.MaxMagnitude
	hugeAt  int64 // line of the first
}

// parseHeader returns the layout that the fields of the first line give.
func parseHeader(file string, fields [][]byte) (*layout, *Error) {
	if len(fields) > maxColumns {
		return nil, &Error{File: file, Line: 1, Err: ErrHeader, Text: "the header has " + strconv.Itoa(len(fields)) +
			" columns, more than " + strconv.Itoa(maxColumns) + "; keep timestamp, container and the metrics to forecast"}
	}
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = canonical(string(trim(f)))
	}
	if err := notCommas(file, names); err != nil {
		return nil, err
	}
	l := &layout{width: len(names), time: slices.Index(names, timeColumn), container: slices.Index(names, containerColumn)}
	if l.time < 0 {
		if _, kind := parseTime([]byte(names[0])); kind != badStamp {
			return nil, &Error{File: file, Line: 1, Column: timeColumn, Value: names[0], Err: ErrHeader,
				Text: "the first line is data, not a header; begin the file with the line timestamp,container,cpu,memory,…"}
		}
		return nil, missing(file, timeColumn, names)
	}
	if l.container < 0 {
		return nil, missing(file, containerColumn, names)
	}
	for i, name := range names {
		switch {
		case slices.Index(names, name) < i && name != "":
			return nil, &Error{File: file, Line: 1, Column: name, Value: name, Err: ErrHeader,
				Text: "the header names it twice; rename or remove one"}
		case i == l.time || i == l.container:
		case name == "":
			l.warnings = append(l.warnings, file+": column "+strconv.Itoa(i+1)+" has no name and is left out")
		default:
			l.metric(file, name, i)
		}
	}
	if len(l.metrics) == 0 {
		return nil, &Error{File: file, Line: 1, Err: ErrHeader,
			Text: "no metric column: the header has only " + strings.Join(names, ", ") + "; add at least one of " + strings.Join(series.Metrics, ", ")}
	}
	return l, nil
}

// metric adds a metric's column, with a warning where its name is not known
// but like one that is.
func (l *layout) metric(file, name string, field int) {
	known := slices.Contains(series.Metrics, name)
	if !known {
		if hint := near.Hint(name, series.Metrics); hint != "" {
			l.warnings = append(l.warnings, file+": column "+strconv.Quote(name)+" is read as a metric of that name"+hint)
		}
	}
	l.metrics = append(l.metrics, column{name: name, field: field, known: known})
}

// canonical returns the lower-case name of a column that is known, and any
// other name as it is.
func canonical(name string) string {
	lower := strings.ToLower(name)
	if lower == timeColumn || lower == containerColumn || slices.Contains(series.Metrics, lower) {
		return lower
	}
	return name
}

// missing says that a needed column is not there and which one may be meant.
func missing(file, column string, names []string) *Error {
	text := "the header lacks it"
	if like := near.Names(column, names, 1); len(like) > 0 {
		text += "; rename " + strconv.Quote(like[0]) + " if that is it"
	} else {
		text += "; there " + listed(names)
	}
	return &Error{File: file, Line: 1, Column: column, Err: ErrHeader, Text: text}
}

// notCommas returns an error where the header is separated by something else.
func notCommas(file string, names []string) *Error {
	if len(names) > 1 {
		return nil
	}
	for _, sep := range []struct{ char, name string }{{";", "semicolons"}, {"\t", "tabs"}, {"|", "bars"}} {
		if strings.Contains(names[0], sep.char) {
			return &Error{File: file, Line: 1, Value: names[0], Err: ErrNotCSV,
				Text: "the columns are separated by " + sep.name + "; separate them by commas and write decimals with a point"}
		}
	}
	return nil
}

// notText returns what a file is, by its first bytes, where it is not UTF-8
// text; "" where it is.
func notText(head []byte) string {
	for _, m := range []struct{ magic, text string }{
		{"\x28\xb5\x2f\xfd", "compressed with zstd; decompress it, or compress it with gzip"},
		{"\xfd7zXZ", "compressed with xz; decompress it, or compress it with gzip"},
		{"BZh", "compressed with bzip2; decompress it, or compress it with gzip"},
		{"PK\x03\x04", "a zip archive or a spreadsheet; save it as CSV"},
		{"PAR1", "a Parquet file; save it as CSV"},
		{"\xff\xfe", "UTF-16 text; save it as UTF-8"},
		{"\xfe\xff", "UTF-16 text; save it as UTF-8"},
	} {
		if strings.HasPrefix(string(head), m.magic) {
			return m.text
		}
	}
	if slices.Contains(head, 0) {
		return "binary data, not text; metrics are read from CSV files, plain or gzip"
	}
	if len(head) > utf8.UTFMax && !utf8.Valid(head[:len(head)-utf8.UTFMax]) && !utf8.Valid(firstLine(head)) {
		return "neither UTF-8 text nor gzip; metrics are read from CSV files, plain or gzip"
	}
	return ""
}

func firstLine(b []byte) []byte {
	if i := slices.Index(b, '\n'); i >= 0 {
		return b[:i]
	}
	return b
}
