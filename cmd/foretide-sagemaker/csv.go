package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/infra/csvfile"
	"github.com/foretide/foretide/internal/event"
	"github.com/foretide/foretide/internal/httpapi"
)

// Limits of a request that is CSV, beside its bytes: the cells of the grids that
// its rows are put on, in all and of one container.
const (
	maxValues = 1 << 22
	maxCells  = 1 << 20
)

// fromCSV forecasts every container of a metrics file, plain or gzip. It has to
// be a file: where its step turns out another than its first rows let expect, it
// is read twice.
func (s *server) fromCSV(ctx context.Context, a ask, body io.Reader) ([]record, error) {
	f, err := os.CreateTemp("", "body-*.csv")
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name())
	_, err = io.Copy(f, body)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	data, err := csvfile.Read(ctx, f.Name(), csvfile.Options{MaxValues: maxValues, MaxCells: maxCells})
	if err != nil {
		return nil, csvProblem(err)
	}
	horizons, err := event.ParseHorizons(a.horizons)
	if err != nil {
		return nil, bad(err)
	}
	var records []record
	for i := range data.Frames {
		frame := &data.Frames[i]
		for _, metric := range frame.Metrics {
			if len(a.metrics) > 0 && !slices.Contains(a.metrics, metric) {
				continue // a model of another may read it all the same
			}
			forecasts, err := s.models.PredictAt(ctx, *frame, "", horizons, metric)
			if err == nil {
				records = add(records, frame, httpapi.ForecastOf(forecasts[0]))
				continue
			}
			reason, retry := httpapi.Reason(err)
			p := httpapi.ProblemOf(err, reason, retry)
			if p.Status == http.StatusServiceUnavailable || p.Status == http.StatusGatewayTimeout {
				return nil, err // the whole may be sent again
			}
			if p.Status >= http.StatusInternalServerError {
				s.log.Error("no forecast", "container", frame.Container, "metric", metric, "reason", reason, "error", err.Error())
				p = &httpapi.Problem{Status: p.Status, Reason: reason, Detail: "internal error; the log has it under container and metric"}
			}
			records = append(records, record{container: frame.Container, metric: metric, problem: p})
		}
	}
	return served(records)
}

// add adds a forecast to the container's record.
func add(records []record, frame *series.Frame, f httpapi.Forecast) []record {
	if n := len(records); n > 0 && records[n-1].container == frame.Container && records[n-1].problem == nil {
		records[n-1].forecasts = append(records[n-1].forecasts, f)
		return records
	}
	return append(records, record{container: frame.Container, forecasts: []httpapi.Forecast{f}})
}

// served returns the records, or the problem of the first where none has a
// forecast.
func served(records []record) ([]record, error) {
	for i := range records {
		if records[i].problem == nil {
			return records, nil
		}
	}
	if len(records) == 0 {
		return nil, bad(event.Fieldf("", "the body has no value of the metrics that are asked for"))
	}
	return nil, records[0].problem
}

// csvProblem says what an error of reading the body is to the caller, who knows
// no name of a file.
func csvProblem(err error) error {
	var e *csvfile.Error
	var system *fs.PathError
	if !errors.As(err, &e) || errors.As(err, &system) {
		return err
	}
	named := *e
	named.File = "body"
	p := &httpapi.Problem{Status: http.StatusBadRequest, Reason: event.Invalid, Detail: named.Error()}
	if errors.Is(err, csvfile.ErrTooLarge) || errors.Is(err, csvfile.ErrSpan) {
		p.Status, p.Reason = http.StatusRequestEntityTooLarge, event.TooLarge
	}
	return p
}

var csvHeader = []string{"container", "metric", "origin", "horizon", "model", "median", "mean", "lo80", "hi80", "reasons"}

// csvOf writes forecasts as rows: times are Unix seconds, and the reasons have
// spaces between them. What has no forecast has no row.
func csvOf(records []record) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	row := func(words ...string) { _ = w.Write(words) } // into memory
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	row(csvHeader...)
	for i := range records {
		for _, f := range records[i].forecasts {
			for _, h := range f.Horizons {
				row(f.Container, f.Metric, strconv.FormatInt(f.Origin.Unix(), 10), strconv.FormatInt(h.Seconds, 10),
					h.Model, number(h.Median), number(h.Mean), number(h.Lo80), number(h.Hi80), strings.Join(h.Reasons, " "))
			}
		}
	}
	w.Flush()
	return b.Bytes()
}
