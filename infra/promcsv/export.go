// Package promcsv exports what containers used from a Prometheus server to the
// CSV file that Foretide trains on. It continues files, mends those that a crash
// has cut, and replaces a file in one step when all is there.
package promcsv

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/foretide/foretide/infra/prometheus"
)

// ErrFile reports that the file to append to is not one that Export wrote.
var ErrFile = errors.New("promcsv: cannot append to file")

// Options say what to export and where to. Start from Defaults: every field is
// then taken literally.
type Options struct {
	prometheus.Source

	Path   string    // of the file; compressed if it ends in .gz
	Append bool      // continue the file after its last time stamp, if there is one
	Out    io.Writer // takes the text instead of a file, in whole rows

	Start time.Time     // zero: Last before End
	End   time.Time     // zero: now
	Last  time.Duration // used if Start is zero
}

// A Summary reports what an export did.
type Summary struct {
	prometheus.Summary
	Path string
	Had  time.Time // the last time stamp of a file that was continued; zero otherwise
}

// Defaults returns the options for an hour of cAdvisor's metrics from a server
// on this machine.
func Defaults() Options {
	return Options{Source: prometheus.Defaults(), Path: "metrics.csv", Last: time.Hour}
}

// An optionError names the option that is impossible, and what it can be. It is
// a prometheus.ErrOptions.
type optionError struct{ text string }

func (e *optionError) Error() string        { return "promcsv: " + e.text }
func (e *optionError) Is(target error) bool { return target == prometheus.ErrOptions }

// Check returns a prometheus.ErrOptions if the options are impossible. Export
// checks them too.
func (o *Options) Check() error {
	switch {
	case o.Path == "" && o.Out == nil:
		return &optionError{"no file to write to"}
	case o.Out != nil && (o.Path != "" || o.Append):
		return &optionError{"a file to write to and a stream exclude each other"}
	case o.Start.IsZero() && o.Last <= 0:
		return &optionError{fmt.Sprintf("range must be more than 0, got %v", o.Last)}
	}
	return o.Source.Check()
}

// Export writes the metrics of every container to the file of the options, as
// Source.Read has them: a row for each step at which a container has at least
// one value, and an empty cell for what is missing.
//
// Export replaces the file in one step when all is there. If Append continues a
// file, Export keeps what it fetched before a failure or an interruption, in whole
// time stamps; without Append the file stays as it was.
func Export(ctx context.Context, o Options) (Summary, error) {
	s := Summary{Path: o.Path}
	if err := o.Check(); err != nil {
		return s, err
	}
	end := o.End
	if end.IsZero() {
		end = time.Now()
	}
	start := o.Start
	if start.IsZero() {
		start = end.Add(-o.Last)
	}
	header, err := o.Columns()
	if err != nil {
		return s, err
	}
	out, err := o.open(header)
	if err != nil {
		return s, err
	}
	defer out.abort()
	if out.continues {
		s.Had = time.Unix(out.last, 0).UTC()
		next := out.last + 1
		if out.mends { // rows of the last time stamp may lack
			next = out.last
		}
		step := int64(o.Step / time.Second)
		next = (next + step - 1) / step * step
		if next > end.Unix() {
			s.Cells = map[string]int{}
			return s, out.finish(0)
		}
		start = time.Unix(next, 0)
	}
	s.Summary, err = o.Read(ctx, start, end, func(t int64, container string, _ []string, values []float64) error {
		return out.write(t, container, values)
	})
	switch {
	case err == nil || out.continues && errors.Is(err, prometheus.ErrNoData):
		return s, out.finish(s.Rows)
	case !out.continues || s.Rows == 0 || out.failed != nil:
		return s, err
	}
	if cerr := out.commit(); cerr != nil {
		return s, errors.Join(err, cerr)
	}
	return s, fmt.Errorf("%w (kept up to %s: append again to continue)", err, s.To.Format(time.RFC3339))
}

// open begins to write what the options name.
func (o *Options) open(header []string) (*output, error) {
	if o.Out != nil {
		return openStream(o.Out, header)
	}
	return openOutput(o.Path, header, o.Append)
}

// finish commits what has new rows, or a damaged end.
func (o *output) finish(rows int) error {
	if rows > 0 || o.mends {
		return o.commit()
	}
	return nil
}
