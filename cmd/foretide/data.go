package main

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/infra/csvfile"
	"github.com/foretide/foretide/internal/near"
)

// dataLong is what the help of every command that reads metrics files says.
const dataLong = `

The data is CSV, plain or gzip: timestamp (Unix seconds), container, and a column
for each metric. A column of running totals (bytes received, say) is named with
--counter: its rate per second is taken, a fall is a restart from zero. Reading
takes about 90 MB of memory for a million rows of six metrics, and a second; more
than 134 million values (22 million such rows) are refused, as are grids of more
than 4 million cells.`

// readData reads metrics files with progress, and passes on what the user
// should know about them.
func (a *app) readData(ctx context.Context, path string, o csvfile.Options) (*csvfile.Data, error) {
	data, err := a.scanData(ctx, path, o)
	if err != nil {
		return nil, err
	}
	a.tellData(data, o)
	return data, nil
}

// scanData reads metrics, with progress.
func (a *app) scanData(ctx context.Context, path string, o csvfile.Options) (*csvfile.Data, error) {
	m := a.meter("reading", true)
	defer m.Finish()
	o.Progress = func(_, done, total int64) { m.Set(done, total) }
	return csvfile.Read(ctx, path, o)
}

// tellData prints what people should know of the data that were read.
func (a *app) tellData(data *csvfile.Data, o csvfile.Options) {
	for _, s := range data.Skipped {
		a.notice("foretide: skipped %s", s)
	}
	for _, w := range data.Warnings {
		a.notice("foretide: %s", w)
	}
	for _, m := range metricsOf(data.Frames) {
		if !slices.Contains(series.Metrics, m) && !slices.Contains(o.Metrics, m) {
			a.notice("foretide: column %q is not one of the known metrics (%s) and is taken as a metric of its own%s",
				m, strings.Join(series.Metrics, ", "), near.Hint(m, series.Metrics))
		}
	}
}

// needData refuses a command line without --data.
func needData(cmd *cobra.Command, path string) error {
	if path == "" {
		return usagef(cmd, "--data is missing: name a metrics file, or make one with %q", "foretide export")
	}
	if path == "-" {
		return usagef(cmd, "--data is -, but metrics may have to be read twice: write them to a file first")
	}
	return nil
}

// metricsOf returns every metric that a frame has, in the order of the CSV
// columns, others after them by name.
func metricsOf(frames []series.Frame) []string {
	var out []string
	for i := range frames {
		for _, m := range frames[i].Metrics {
			if !slices.Contains(out, m) {
				out = append(out, m)
			}
		}
	}
	rank := func(m string) int {
		if k := slices.Index(series.Metrics, m); k >= 0 {
			return k
		}
		return len(series.Metrics)
	}
	slices.SortFunc(out, func(x, y string) int {
		if d := rank(x) - rank(y); d != 0 {
			return d
		}
		return strings.Compare(x, y)
	})
	return out
}
