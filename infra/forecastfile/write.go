// Package forecastfile writes and reads forecast files: the forecasts of a
// backtest as CSV, plain or gzip, a row for each origin and horizon.
//
//	container,metric,origin,horizon,model,mean,lo80,hi80
//	web,cpu,1722467370,300,naive,0.25,0.2,0.31
//
// Times are Unix seconds and horizons seconds. The column mean holds the point
// forecast, which is the median; lo80 and hi80 bound the 80 % interval, and
// are empty where there is none. Numbers are written so that reading gives the
// same float64 again.
package forecastfile

import (
	"bufio"
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/foretide/foretide/core/backtest"
)

var header = []string{"container", "metric", "origin", "horizon", "model", "mean", "lo80", "hi80"}

// A Writer writes one forecast file. The file appears under its name when it
// is complete: until Commit there is a hidden temporary file beside it, which
// Abort removes. Not safe for concurrent use.
type Writer struct {
	path string
	file *os.File // nil when committed or aborted
	buf  *bufio.Writer
	zip  *gzip.Writer // nil for plain text
	csv  *csv.Writer
	row  []string
}

// Create begins the file at path, compressed where its name ends in .gz. The
// folder must exist and be writable. What is there already must be a file, not
// a folder, a pipe or a device, which the new file would take the place of; a
// symbolic link is followed.
func Create(path string) (*Writer, error) {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	dir, base := filepath.Split(path)
	switch info, err := os.Stat(path); {
	case err == nil && info.IsDir():
		return nil, fmt.Errorf("%s: is a folder; give the name of a file in it", path)
	case err == nil && !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: is not a file", path)
	}
	temp := filepath.Join(dir, "."+base+"."+strconv.FormatUint(rand.Uint64(), 36))
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return nil, writeError(path, err)
	}
	w := &Writer{path: path, file: f, buf: bufio.NewWriterSize(f, 1<<16), row: make([]string, len(header))}
	var out io.Writer = w.buf
	if strings.HasSuffix(path, ".gz") {
		w.zip = gzip.NewWriter(w.buf)
		out = w.zip
	}
	w.csv = csv.NewWriter(out)
	w.csv.Write(header) // an error is kept for later writes
	return w, nil
}

// Write adds a row.
func (w *Writer) Write(r *backtest.Row) error {
	row := w.row
	row[0], row[1], row[4] = r.Container, r.Metric, r.Model
	row[2], row[3] = strconv.FormatInt(r.Origin, 10), strconv.FormatInt(r.Horizon, 10)
	row[5], row[6], row[7] = number(r.Point), number(r.Lo), number(r.Hi)
	if err := w.csv.Write(row); err != nil {
		return writeError(w.path, err)
	}
	return nil
}

// number writes a value so that it is read back exactly; empty for NaN and
// infinities.
func number(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return ""
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// Commit completes the file and gives it its name, over a file that was there.
// Where it fails nothing is left behind and the old file stays.
func (w *Writer) Commit() error {
	defer w.Abort()
	w.csv.Flush()
	err := w.csv.Error()
	if err == nil && w.zip != nil {
		err = w.zip.Close()
	}
	if err == nil {
		err = w.buf.Flush()
	}
	if err == nil {
		err = w.file.Sync()
	}
	if err != nil {
		return writeError(w.path, err)
	}
	temp := w.file.Name()
	err = w.file.Close()
	if err == nil {
		err = os.Rename(temp, w.path)
	}
	if err != nil {
		os.Remove(temp)
		err = writeError(w.path, err)
	}
	w.file = nil
	return err
}

// Abort removes what was written so far. After Commit or Abort it does nothing.
func (w *Writer) Abort() {
	if w.file == nil {
		return
	}
	w.file.Close()
	os.Remove(w.file.Name())
	w.file = nil
}

// writeError names the file that was asked for in place of the temporary one.
func writeError(path string, err error) error {
	cause := err
	if p, ok := err.(*os.PathError); ok {
		cause = p.Err
	}
	return fmt.Errorf("%s: cannot write the forecasts: %w", path, cause)
}
