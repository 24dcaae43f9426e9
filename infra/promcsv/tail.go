package promcsv

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
)

// A tail is what a file to be continued has, and how it ends.
type tail struct {
	file *os.File
	gzip bool
	rows bool              // there is at least one row
	cut  bool              // it ends within a row, or within the compressed data
	keep int64             // bytes of text before whatever a crash may have left incomplete; 0: not even the header is whole
	last int64             // the last time stamp of a whole row
	held map[string]string // where it is cut: the rows of the last time stamp
}

// readTail reads a file that Export wrote, line by line. Where it ends in a
// whole row, its last time stamp is complete: rows are only ever added in whole
// time stamps. Where it ends in half a row, or the last time stamp has fewer
// rows than the one before, the rows of the last time stamp are in doubt too,
// and held.
func readTail(path string, header []string) (*tail, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("promcsv: %w", err)
	}
	t := &tail{file: f, held: make(map[string]string)}
	var magic [2]byte
	n, _ := io.ReadFull(f, magic[:])
	t.gzip = n == 2 && magic == [2]byte{0x1f, 0x8b} || n == 1 && magic[0] == 0x1f && strings.HasSuffix(path, ".gz")
	if err := t.scan(path, header); err != nil {
		f.Close()
		return nil, err
	}
	return t, nil
}

func (t *tail) close() { t.file.Close() }

// raw returns the bytes of the file.
func (t *tail) raw() io.Reader { return io.NewSectionReader(t.file, 0, 1<<62) }

// text returns the content, decompressed.
func (t *tail) text() (io.Reader, error) {
	if !t.gzip {
		return t.raw(), nil
	}
	return gzip.NewReader(bufio.NewReader(t.raw()))
}

// maxLine is the longest row that is read, in bytes.
const maxLine = 1 << 20

func (t *tail) scan(path string, header []string) error {
	text, err := t.text()
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: %s: %w", ErrFile, path, err)
	}
	r := bufio.NewReaderSize(text, 1<<16)
	if err != nil { // cut within the first bytes of the compressed data
		t.cut, r = true, bufio.NewReader(strings.NewReader(""))
	}
	var at int64           // the offset of a line
	number, before := 0, 0 // before: the rows of the last time stamp but one
	for {
		line, whole, err := readLine(r)
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			return fmt.Errorf("%w: %s:%d: %w", ErrFile, path, number+1, err)
		}
		if !whole {
			t.cut = t.cut || line != "" || err != nil
			if number == 0 && !strings.HasPrefix(headerLine(header), line) {
				return fmt.Errorf("%w: %s is not such a file: it begins %q", ErrFile, path, clip(line))
			}
			break
		}
		number++
		if number == 1 {
			if got, want := strings.TrimSuffix(line, "\r"), headerLine(header); got != want {
				return fmt.Errorf("%w: %s has the columns %s, but %s is exported", ErrFile, path, got, want)
			}
			at += int64(len(line)) + 1
			t.keep = at
			continue
		}
		stamp, container, ok := rowStart(line)
		if !ok || (t.rows && stamp < t.last) {
			return fmt.Errorf("%w: %s:%d: not a row in order of time: %s", ErrFile, path, number, clip(line))
		}
		if !t.rows || stamp > t.last {
			t.keep, before = at, len(t.held)
			clear(t.held)
		}
		t.rows, t.last = true, stamp
		t.held[container] = strings.TrimSuffix(line, "\r")
		at += int64(len(line)) + 1
	}
	// A text cut just behind a row does not show it, except by rows that lack.
	t.cut = t.cut || !t.gzip && len(t.held) < before
	if !t.cut {
		t.keep, t.held = at, nil
	}
	return nil
}

// clip returns the beginning of a line, for an error.
func clip(line string) string {
	if len(line) > 200 {
		return strings.ToValidUTF8(line[:200], "") + "…"
	}
	return line
}

// readLine returns a line without its end; whole tells whether it has one.
func readLine(r *bufio.Reader) (line string, whole bool, err error) {
	var long []byte
	for {
		part, err := r.ReadSlice('\n')
		if err == nil {
			if long == nil {
				return string(part[:len(part)-1]), true, nil
			}
			return string(append(long, part[:len(part)-1]...)), true, nil
		}
		long = append(long, part...)
		switch {
		case len(long) > maxLine:
			return "", false, errors.New("line is too long")
		case errors.Is(err, io.EOF):
			return string(long), false, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return string(long), false, err
		}
	}
}

// rowStart returns the first two fields of a row.
func rowStart(line string) (stamp int64, container string, ok bool) {
	first, rest, ok := strings.Cut(line, ",")
	stamp, err := strconv.ParseInt(first, 10, 64)
	if !ok || err != nil || stamp < 0 {
		return 0, "", false
	}
	if !strings.HasPrefix(rest, `"`) {
		container, _, ok = strings.Cut(rest, ",")
		return stamp, container, ok
	}
	end := strings.Index(strings.ReplaceAll(rest[1:], `""`, "\x00\x00"), `"`)
	if end < 0 {
		return 0, "", false
	}
	return stamp, strings.ReplaceAll(rest[1:1+end], `""`, `"`), true
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
