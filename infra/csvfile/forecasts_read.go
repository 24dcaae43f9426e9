package csvfile

import (
	"bufio"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/foretide/foretide/core/backtest"
)

// ErrForecasts reports a file that is not a forecast file, or has a malformed row.
var ErrForecasts = errors.New("not a forecast file")

// ReadForecasts passes the rows of a file, plain or gzip by its first bytes, to row.
// Columns may stand in any order; lo80 and hi80 may be missing. A number that
// is empty, not finite or not a number is NaN, as a missing forecast. The row
// is reused. An error names the file and line.
func ReadForecasts(path string, row func(*backtest.Row) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	in := bufio.NewReaderSize(f, 1<<16)
	var src io.Reader = in
	if magic, _ := in.Peek(2); string(magic) == "\x1f\x8b" {
		if src, err = gzip.NewReader(in); err != nil {
			return forecastRowError(path, err)
		}
	}
	records := csv.NewReader(src)
	records.ReuseRecord = true
	columns, err := readForecastHeader(path, records)
	if err != nil {
		return err
	}
	var r backtest.Row
	for {
		fields, err := records.Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return forecastRowError(path, err)
		}
		if err := columns.parse(&r, fields); err != nil {
			line, _ := records.FieldPos(0)
			return fmt.Errorf("%s: line %d: %w", path, line, err)
		}
		if err := row(&r); err != nil {
			return err
		}
	}
}

// forecastRowError is the error for a row that is not CSV, or that cannot be read.
func forecastRowError(path string, err error) error {
	var p *csv.ParseError
	if errors.As(err, &p) {
		return fmt.Errorf("%s: line %d: %w: %w", path, p.Line, ErrForecasts, p.Err)
	}
	return fmt.Errorf("%s: %w: damaged or cut off: %w", path, ErrForecasts, err)
}

// maxForecastSeconds bounds times: a float64 holds every whole second up to there.
const maxForecastSeconds = 1 << 53

// forecastLayout is the index of each column of forecastHeader, -1 for one that is missing.
type forecastLayout []int

func readForecastHeader(path string, records *csv.Reader) (forecastLayout, error) {
	first, err := records.Read()
	if err == io.EOF {
		return nil, fmt.Errorf("%s: %w: it is empty", path, ErrForecasts)
	} else if err != nil {
		return nil, forecastRowError(path, err)
	}
	first = slices.Clone(first)
	l := make(forecastLayout, len(forecastHeader))
	for i, name := range forecastHeader {
		l[i] = slices.Index(first, name)
		if l[i] < 0 && i < 6 {
			return nil, fmt.Errorf("%s: %w: line 1 has no column %q; it needs %s", path, ErrForecasts, name, strings.Join(forecastHeader[:6], ","))
		}
	}
	return l, nil
}

func (l forecastLayout) parse(r *backtest.Row, fields []string) error {
	r.Container, r.Metric, r.Model = fields[l[0]], fields[l[1]], fields[l[4]]
	for k, dst := range map[int]*int64{2: &r.Origin, 3: &r.Horizon} {
		v := forecastValue(fields, l[k])
		if !(math.Abs(v) <= maxForecastSeconds) {
			return fmt.Errorf("%w: column %s: %q is not a number of seconds", ErrForecasts, forecastHeader[k], fields[l[k]])
		}
		*dst = int64(v)
	}
	r.Point, r.Lo, r.Hi = forecastValue(fields, l[5]), forecastValue(fields, l[6]), forecastValue(fields, l[7])
	return nil
}

func forecastValue(fields []string, at int) float64 {
	if at < 0 {
		return math.NaN()
	}
	v, err := strconv.ParseFloat(fields[at], 64)
	if err != nil || math.IsInf(v, 0) {
		return math.NaN()
	}
	return v
}

// Forecasts are the rows of a file by what they forecast.
type Forecasts struct {
	Models []string // in the order in which the file has them
	rows   map[forecastKey][3]float64
}

type forecastKey struct {
	model, container, metric string
	origin, horizon          int64
}

// LoadForecasts reads a file into memory, some 200 bytes a row. Of two rows for the
// same forecast the later one counts.
func LoadForecasts(path string) (*Forecasts, error) {
	f := &Forecasts{rows: map[forecastKey][3]float64{}}
	names := map[string]string{} // one copy of each name
	keep := func(s string) string {
		if k, ok := names[s]; ok {
			return k
		}
		s = strings.Clone(s)
		names[s] = s
		return s
	}
	err := ReadForecasts(path, func(r *backtest.Row) error {
		k := forecastKey{keep(r.Model), keep(r.Container), keep(r.Metric), r.Origin, r.Horizon}
		if !slices.Contains(f.Models, k.model) {
			f.Models = append(f.Models, k.model)
		}
		f.rows[k] = [3]float64{r.Point, r.Lo, r.Hi}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return f, nil
}

// Lookup returns the forecasts of a model, for backtest.Rescore.
func (f *Forecasts) Lookup(model string) backtest.Lookup {
	return func(container, metric string, origin, horizon int64) (point, lo, hi float64) {
		r, ok := f.rows[forecastKey{model, container, metric, origin, horizon}]
		if !ok {
			return math.NaN(), math.NaN(), math.NaN()
		}
		return r[0], r[1], r[2]
	}
}
