package main

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/foretide/foretide/infra/csvfile"
	"github.com/foretide/foretide/internal/near"
	"github.com/foretide/foretide/internal/newfile"
	"github.com/foretide/foretide/internal/plot"
	"github.com/foretide/foretide/internal/report"
	"github.com/foretide/foretide/internal/terminal"
)

type plotFlags struct {
	data, store, out, container, metric, horizon string
	kinds, counters                              []string
	last, every                                  time.Duration
	width, height                                int
}

func (a *app) plotCommand() *cobra.Command {
	var f plotFlags
	cmd := &cobra.Command{
		Use:   "plot",
		Short: "A picture of one series and its forecasts, PNG or SVG",
		Long: `Plot draws panels below each other: history (all of the data), forecast (from the
newest value on), fan (the forecasts of a horizon over the last days, and what
came), components (what forecasts are made of: models of type prophet and linear),
residuals (what came less the forecast), and acf (autocorrelations of the series
and of the residuals).` + dataLong,
		Example: `  foretide plot --data metrics.csv.gz --container webapp --metric cpu --out webapp.png
  foretide plot --data metrics.csv.gz --container webapp --metric cpu --kind fan,residuals --horizon 15 --out webapp.svg`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.plot(cmd, &f) },
	}
	fs := cmd.Flags()
	d := report.Defaults()
	fs.StringVar(&f.data, "data", "", "metrics file, or folder of them (CSV, .gz)")
	fs.StringVar(&f.store, "store", defaultStore, storeHelp+"with the checkpoints; or one checkpoint")
	fs.StringVar(&f.container, "container", "", "container to draw (default: the data's only one)")
	fs.StringVar(&f.metric, "metric", "", "metric to draw (default: the data's only one)")
	fs.StringSliceVar(&f.kinds, "kind", []string{string(plot.Fan)}, "panels"+several+": "+strings.Join(kindNames(), ", ")+"; or all")
	fs.StringVar(&f.horizon, "horizon", "", "how far ahead the forecasts of fan and residuals are, as 15, 15m or 90s (default: the model's longest)")
	addCounters(cmd, &f.counters)
	fs.StringVarP(&f.out, "out", "o", "", "file for the picture: .png or .svg")
	fs.DurationVar(&f.last, "last", time.Duration(d.Last)*time.Second, "how much of the series, at its end, is forecast again")
	fs.DurationVar(&f.every, "every", time.Duration(d.Every)*time.Second, "time from one origin to the next")
	fs.IntVar(&f.width, "width", 960, "width in pixels")
	fs.IntVar(&f.height, "height", 300, "height of a panel in pixels")
	return cmd
}

func kindNames() (out []string) {
	for _, k := range plot.Kinds {
		out = append(out, string(k))
	}
	return out
}

func (f *plotFlags) validate(cmd *cobra.Command) (kinds []plot.Kind, format plot.Format, err error) {
	if err := needData(cmd, f.data); err != nil {
		return nil, "", err
	}
	switch strings.ToLower(filepath.Ext(f.out)) {
	case ".png":
		format = plot.PNG
	case ".svg":
		format = plot.SVG
	default:
		return nil, "", usagef(cmd, "--out is %q; name a file that ends in .png or .svg", f.out)
	}
	switch {
	case f.width < 200 || f.width > 10000:
		return nil, "", usagef(cmd, "--width is %d; it is 200 to 10000 pixels", f.width)
	case f.height < 100 || f.height > 2000:
		return nil, "", usagef(cmd, "--height is %d; it is 100 to 2000 pixels", f.height)
	case f.last < time.Minute:
		return nil, "", usagef(cmd, "--last is %v; it is at least 1m", f.last)
	case f.every < time.Second:
		return nil, "", usagef(cmd, "--every is %v; it is at least 1s", f.every)
	}
	for _, k := range f.kinds {
		switch {
		case k == "all":
			kinds = append(kinds, plot.Kinds...)
		case slices.Contains(kindNames(), k):
			kinds = append(kinds, plot.Kind(k))
		default:
			return nil, "", usagef(cmd, "--kind is %q; it can be %s or all%s", k, strings.Join(kindNames(), ", "), near.Hint(k, kindNames()))
		}
	}
	return kinds, format, nil
}

func (a *app) plot(cmd *cobra.Command, f *plotFlags) error {
	kinds, format, err := f.validate(cmd)
	if err != nil {
		return err
	}
	horizons, err := parseHorizons(cmd, splitNonEmpty(f.horizon))
	if err != nil {
		return err
	}
	s, err := a.plotted(cmd, f)
	if err != nil {
		return err
	}
	if err := f.choose(s, horizons); err != nil {
		return err
	}
	panels, err := plot.Panels(s, kinds)
	if err != nil {
		return err
	}
	if len(panels) == 0 {
		why := ""
		if s.Series.Skipped != "" {
			why = " (" + s.Series.Skipped + ")"
		}
		return dataf("%s of %s: there is nothing to draw for %s%s", s.Series.Metric, s.Series.Container, strings.Join(f.kinds, ", "), why)
	}
	var b bytes.Buffer
	if err := plot.Write(&b, panels, f.width, f.height, format); err != nil {
		return err
	}
	if err := newfile.Write(f.out, b.Bytes()); err != nil {
		return err
	}
	fmt.Fprintf(a.out, "%s: %d panels of %s\n", f.out, len(panels), s.Series.Key())
	return nil
}

func splitNonEmpty(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// plotted reads the one series that is drawn and judges what serves it.
func (a *app) plotted(cmd *cobra.Command, f *plotFlags) (*plot.Source, error) {
	ctx := cmd.Context()
	p, err := a.openStore(cmd, f.store, false)
	if err != nil {
		return nil, err
	}
	data, err := a.readData(ctx, f.data, csvfile.Options{Counters: f.counters, Container: f.container})
	if err != nil {
		return nil, err
	}
	if len(data.Frames) > 1 {
		return nil, usagef(cmd, "the data have %d containers (%s): choose one with --container", len(data.Frames), terminal.List(data.Containers()))
	}
	frame := &data.Frames[0]
	if f.metric == "" && len(frame.Metrics) > 1 {
		return nil, usagef(cmd, "%s has several metrics (%s): choose one with --metric", frame.Container, terminal.List(frame.Metrics))
	} else if f.metric == "" {
		f.metric = frame.Metrics[0]
	}
	if err := checkMetric(f.metric, frame.Metrics); err != nil {
		return nil, err
	}
	o := report.Defaults()
	o.Metrics, o.Points = []string{f.metric}, 1<<30
	o.Last, o.Every = int64(f.last/time.Second), int64(f.every/time.Second)
	r, err := report.Build(ctx, data.Frames, p, o)
	if err != nil {
		return nil, err
	}
	values, _ := frame.Series(f.metric)
	return &plot.Source{Series: &r.Series[0], Values: values}, nil
}

// choose sets the horizon of what is drawn.
func (f *plotFlags) choose(s *plot.Source, horizons []time.Duration) error {
	var have []string
	for i := range s.Series.Fans {
		h := s.Series.Fans[i].Horizon
		if have = append(have, terminal.Minutes(h)); len(horizons) == 0 || horizons[0] == time.Duration(h)*time.Second {
			s.Horizon = h
		}
	}
	if s.Horizon == 0 && len(horizons) > 0 && len(have) > 0 {
		return dataf("--horizon is %s; the model has %s", f.horizon, strings.Join(have, ", "))
	}
	return nil
}
