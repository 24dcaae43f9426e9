package csvfile

import (
	"bufio"
	"compress/gzip"
	"encoding/csv"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/foretide/foretide/core/backtest"
	"github.com/foretide/foretide/internal/newfile"
)

var forecastHeader = []string{"container", "metric", "origin", "horizon", "model", "mean", "lo80", "hi80"}

// A ForecastWriter writes one forecast file: the forecasts of a backtest as CSV,
// plain or gzip, a row for each origin and horizon.
//
//	container,metric,origin,horizon,model,mean,lo80,hi80
//	web,cpu,1722467370,300,naive,0.25,0.2,0.31
//
// Times are Unix seconds and horizons seconds. The column mean holds the point
// forecast, which is the median; lo80 and hi80 bound the 80 % interval, and are
// empty where there is none. Numbers are written so that reading gives the same
// float64 again.
//
// The file appears under its name when it is complete (newfile.File). Not safe for
// concurrent use.
type ForecastWriter struct {
	file *newfile.File
	buf  *bufio.Writer
	zip  *gzip.Writer // nil for plain text
	csv  *csv.Writer
	row  []string
}

// CreateForecasts begins the file at path, compressed where its name ends in .gz, as
// newfile.Create does.
func CreateForecasts(path string) (*ForecastWriter, error) {
	f, err := newfile.Create(path)
	if err != nil {
		return nil, err
	}
	w := &ForecastWriter{file: f, buf: bufio.NewWriterSize(f, 1<<16), row: make([]string, len(forecastHeader))}
	var out io.Writer = w.buf
	if strings.HasSuffix(f.Path(), ".gz") {
		w.zip = gzip.NewWriter(w.buf)
		out = w.zip
	}
	w.csv = csv.NewWriter(out)
	w.csv.Write(forecastHeader) // an error is kept for later writes
	return w, nil
}

// Write adds a row.
func (w *ForecastWriter) Write(r *backtest.Row) error {
	row := w.row
	row[0], row[1], row[4] = r.Container, r.Metric, r.Model
	row[2], row[3] = strconv.FormatInt(r.Origin, 10), strconv.FormatInt(r.Horizon, 10)
	row[5], row[6], row[7] = forecastNumber(r.Point), forecastNumber(r.Lo), forecastNumber(r.Hi)
	if err := w.csv.Write(row); err != nil {
		return newfile.Named(w.file.Path(), err)
	}
	return nil
}

// forecastNumber writes a value so that it is read back exactly; empty for NaN and
// infinities.
func forecastNumber(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return ""
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// Commit completes the file and gives it its name, over a file that was there.
// Where it fails nothing is left behind and the old file stays.
func (w *ForecastWriter) Commit() error {
	defer w.Abort()
	w.csv.Flush()
	err := w.csv.Error()
	if err == nil && w.zip != nil {
		err = w.zip.Close()
	}
	if err == nil {
		err = w.buf.Flush()
	}
	if err != nil {
		return newfile.Named(w.file.Path(), err)
	}
	return w.file.Commit()
}

// Abort removes what was written so far. After Commit or Abort it does nothing.
func (w *ForecastWriter) Abort() { w.file.Abort() }
