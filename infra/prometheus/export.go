package prometheus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"
)

// Export writes the metrics of every container to the file of the options, in
// order of time and then of name: a row for each step at which a container has
// at least one value. A row's time stamp is the moment at which the values were
// known: a rate is of the window that ends there. What is missing, and what is
// not finite, is an empty cell.
//
// The file is replaced in one step when all is there. Where Append continues a
// file, what was fetched before a failure or an interruption is kept too, in
// whole time stamps; without Append the file stays as it was.
//
// The memory in use does not grow with the range: it is some tens of MiB, plus
// what the server answers for a single step where that has more than 100,000
// series.
func Export(ctx context.Context, o Options) (Summary, error) {
	if err := o.Check(); err != nil {
		return Summary{}, err
	}
	from, to, err := o.span()
	if err != nil {
		return Summary{}, err
	}
	// The window is known later; the columns do not depend on it.
	_, header, err := o.columns(time.Minute, false)
	if err != nil {
		return Summary{}, err
	}
	c, err := newClient(&o)
	if err != nil {
		return Summary{}, err
	}
	out, err := o.open(header)
	if err != nil {
		return Summary{}, err
	}
	defer out.abort()
	step := int64(o.Step / time.Second)
	switch {
	case out.continues && out.mends: // rows of the last time stamp may lack
		from = ceilTo(out.last, step)
	case out.continues:
		from = ceilTo(out.last+1, step)
	}
	e := &exporter{options: &o, client: c, out: out, step: step, from: from, to: to, header: header}
	return e.run(ctx)
}

// open begins to write what the options name.
func (o *Options) open(header []string) (*output, error) {
	switch {
	case o.Row != nil:
		out, err := openStream(io.Discard, header)
		if err == nil {
			out.row = func(t int64, container string, values []float64) error { return o.Row(t, container, header, values) }
		}
		return out, err
	case o.Out != nil:
		return openStream(o.Out, header)
	}
	return openOutput(o.Path, header, o.Append)
}

// An exporter is one export under way.
type exporter struct {
	options  *Options
	client   *client
	out      *output
	step     int64
	from, to int64 // time stamps of the first and last step
	header   []string
	ask      []column
	namer    namer
	filter   filter
	table    table
	summary  Summary
	reached  int64 // everything before is written
}

func (e *exporter) run(ctx context.Context) (Summary, error) {
	e.summary = Summary{Path: e.options.Path, Cells: make(map[string]int)}
	if e.out.continues {
		e.summary.Had = time.Unix(e.out.last, 0).UTC()
	}
	e.reached = e.from
	if e.from <= e.to {
		if err := e.prepare(ctx); err != nil {
			return e.summary, err
		}
		if err := e.pages(ctx); err != nil {
			return e.keepPart(err)
		}
	}
	if e.summary.Rows == 0 && !e.out.continues {
		return e.summary, e.noData()
	}
	if e.summary.Rows > 0 || e.out.mends {
		if err := e.out.commit(); err != nil {
			return e.summary, err
		}
	}
	e.finish()
	return e.summary, nil
}

// keepPart ends an export that failed on its way.
func (e *exporter) keepPart(cause error) (Summary, error) {
	if !e.out.continues || e.summary.Rows == 0 || e.out.failed != nil {
		return e.summary, cause
	}
	if err := e.out.commit(); err != nil {
		return e.summary, errors.Join(cause, err)
	}
	e.finish()
	return e.summary, fmt.Errorf("%w (kept up to %s: append again to continue)", cause, stampOf(e.summary.To.Unix()))
}

// prepare finds what the queries depend on: how often the server scrapes, and
// what the pods belong to.
func (e *exporter) prepare(ctx context.Context) error {
	o := e.options
	e.client.retry.notify = func(reason string) { e.progress(e.client.redact(reason)) }
	e.summary.RateWindow = o.RateWindow
	if o.RateWindow == 0 {
		scrape, err := e.scrapeInterval(ctx)
		if err != nil {
			return err
		}
		e.summary.RateWindow = rateWindow(o.Step, scrape)
	}
	ids := 0.0
	var err error
	if o.Preset == CAdvisor {
		if ids, err = e.greatest(ctx, "count("+selector("container_memory_working_set_bytes", o.Match, unnamed...)+")"); err != nil {
			return err
		}
	}
	if e.ask, _, err = o.columns(e.summary.RateWindow, ids > 0); err != nil {
		return err
	}
	e.summary.Metrics = metricsOf(e.ask)
	for _, m := range e.summary.Metrics {
		e.summary.Cells[m] = 0
	}
	e.filter.init(o.Containers)
	e.namer = namer{by: o.By, hosts: o.Hosts, preset: o.Preset, label: o.Label, workloadLabel: o.WorkloadLabel}
	if o.By == ByWorkload && o.Preset == CAdvisor {
		if e.namer.owners, err = e.owners(ctx); err != nil {
			return err
		}
	}
	e.table.init(e.header, e.ask)
	return nil
}

// scrapeInterval is the usual time between two samples of the preset's
// counters, 15 s where it cannot be told. It is the shortest of what is seen:
// where containers have just come or gone there are fewer samples than scrapes.
func (e *exporter) scrapeInterval(ctx context.Context) (time.Duration, error) {
	const over = 10 * time.Minute
	probe, ok := probes[e.options.Preset]
	if !ok {
		return 15 * time.Second, nil
	}
	most, err := e.greatest(ctx, "quantile(0.5, count_over_time("+selector(probe, e.options.Match)+"[10m]))")
	if err != nil || !(most >= 1) {
		return 15 * time.Second, err
	}
	return usual(over.Seconds() / most), nil
}

// greatest returns the greatest value of a query at the range's beginning,
// middle and end; 0 where there is none.
func (e *exporter) greatest(ctx context.Context, query string) (float64, error) {
	most := 0.0
	for _, at := range []int64{e.from, e.from + (e.to-e.from)/2, e.to} {
		var r *result
		_, err := e.client.ask(ctx, query, func(ctx context.Context) (err error) {
			r, err = e.client.query(ctx, query, at)
			return err
		})
		if err != nil {
			return 0, err
		}
		if r.kind == "vector" && len(r.series) == 1 && len(r.series[0].Value) == 1 && !math.IsNaN(r.series[0].Value[0].v) {
			most = max(most, r.series[0].Value[0].v)
		}
	}
	return most, nil
}

// usual returns the customary scrape interval that seconds are near to: a
// sample or two may be missing where it was measured.
func usual(seconds float64) time.Duration {
	for _, s := range []float64{1, 2, 5, 10, 15, 20, 30, 60, 120, 300} {
		if math.Abs(seconds-s) <= 0.15*s {
			return time.Duration(s) * time.Second
		}
	}
	return time.Duration(max(1, math.Round(seconds))) * time.Second
}

// owners asks for what the pods of the range belong to. A server that has no
// kube-state-metrics knows nothing about it.
func (e *exporter) owners(ctx context.Context) (map[string]string, error) {
	var sets []labels
	_, err := e.client.ask(ctx, "kube_pod_owner", func(ctx context.Context) (err error) {
		sets, err = e.client.series(ctx, "kube_pod_owner", e.from, e.to)
		return err
	})
	return ownersOf(sets), err
}

// Bounds of one range query. The server's own is 11,000 points a series.
const (
	firstPoints  = 16
	maxPoints    = 10_000
	aimedSamples = 100_000
)

// pages walks through the range, in steps as long as the number of series and
// the server's patience allow.
func (e *exporter) pages(ctx context.Context) error {
	points, limit, good := int64(firstPoints), int64(maxPoints), 0
	for e.reached <= e.to {
		n := min(points, (e.to-e.reached)/e.step+1)
		most, tooMuch, err := e.page(ctx, e.reached, e.reached+(n-1)*e.step)
		if tooMuch && n > 1 {
			points, limit, good = n/2, n/2, 0
			continue
		}
		if err != nil {
			return err
		}
		e.reached += n * e.step
		e.progress("")
		// A limit that was met once may have been a bad moment of the server's.
		if good++; good%16 == 0 {
			limit = min(2*limit, maxPoints)
		}
		switch {
		case most > aimedSamples:
			points = max(1, n*aimedSamples/int64(most))
		case most <= aimedSamples/4:
			points = 4 * n
		default:
			points = n
		}
		points = min(points, limit)
	}
	return nil
}

// page asks for every column from one time stamp to another, both included,
// and writes the rows. most is the number of samples of the longest answer.
func (e *exporter) page(ctx context.Context, from, to int64) (most int, tooMuch bool, err error) {
	e.table.clear()
	for i, c := range e.ask {
		var r *result
		tooMuch, err := e.client.ask(ctx, c.metric+" = "+c.query, func(ctx context.Context) (err error) {
			r, err = e.client.queryRange(ctx, c.query, from, to, e.step)
			return err
		})
		if err != nil {
			return 0, tooMuch, err
		}
		for _, w := range r.warnings {
			e.warn(e.client.redact(w))
		}
		if r.kind != "matrix" {
			return 0, false, &failure{kind: ErrQuery, text: fmt.Sprintf("%v: %s: the result is a %q, not a range of series", ErrQuery, c.query, firstLine(r.kind))}
		}
		samples, nameless := 0, 0
		for k := range r.series {
			s := &r.series[k]
			if err := asked(s, from, to, e.step); err != nil {
				return 0, false, &failure{kind: ErrQuery, text: fmt.Sprintf("%v: %s: %v", ErrQuery, c.query, err)}
			}
			samples += len(s.Values)
			if !e.add(i, c, s) {
				nameless++
			}
		}
		e.summary.Unnamed = max(e.summary.Unnamed, nameless)
		most = max(most, samples)
	}
	return most, false, e.table.rows(func(t int64, container string, values []float64) error {
		if e.summary.Rows == 0 {
			e.summary.From = time.Unix(t, 0).UTC()
		}
		e.summary.To = time.Unix(t, 0).UTC()
		e.summary.Rows++
		return e.out.write(t, container, values)
	})
}

// asked returns an error where a series has other times than the steps that
// were asked for, in order: its values would come twice, or between others.
func asked(s *stream, from, to, step int64) error {
	last := int64(math.MinInt64)
	for _, p := range s.Values {
		t := p.t / 1000
		if p.t%1000 != 0 || t < from || t > to || (t-from)%step != 0 || t <= last {
			return fmt.Errorf("an answer has a value at %.3f, which was not asked for from %d to %d every %d s", float64(p.t)/1000, from, to, step)
		}
		last = t
	}
	return nil
}

// add puts one series of an answer into the table; false where it is about no
// container.
func (e *exporter) add(i int, c column, s *stream) bool {
	n := e.namer.name(c, s.Metric)
	if n.container == "" && n.pod == "" {
		return false
	}
	if !e.filter.wants(e.table.rowOf(n)) {
		return true
	}
	if other := e.table.add(i, n, s.Values); other != "" {
		e.warn(fmt.Sprintf("container %s is on several hosts, %s and %s: their values are added up unless names begin with the host", n.container, other, n.host))
	}
	return true
}

// warn keeps the first few different warnings.
func (e *exporter) warn(text string) {
	if len(e.summary.Warnings) < 20 && !slices.Contains(e.summary.Warnings, text) {
		e.summary.Warnings = append(e.summary.Warnings, text)
	}
}

func (e *exporter) progress(waiting string) {
	if e.options.Progress != nil {
		e.options.Progress(Progress{From: time.Unix(e.from, 0).UTC(), To: time.Unix(e.to, 0).UTC(),
			At: time.Unix(min(e.reached, e.to), 0).UTC(), Rows: e.summary.Rows, Waiting: waiting})
	}
}

// finish completes the summary.
func (e *exporter) finish() {
	e.summary.Containers = e.table.containers()
	if e.summary.Rows > 0 {
		for _, name := range e.filter.missing() {
			e.warn(e.filter.explain(name))
		}
	}
	for i, c := range e.ask {
		e.summary.Cells[c.metric] = e.table.cells[i]
	}
}

// noData says what was looked for in vain, and what was there instead.
func (e *exporter) noData() error {
	text := fmt.Sprintf("%v at %s from %s to %s: none of %s", ErrNoData,
		e.client.address, stampOf(e.from), stampOf(e.to), strings.Join(metricsOf(e.ask), ", "))
	if e.summary.Unnamed > 0 {
		text += fmt.Sprintf("; series without a label that names a container: %d (keep one in the query, as sum by (name) (…) does)", e.summary.Unnamed)
	}
	for _, name := range e.filter.missing() {
		text += "; " + e.filter.explain(name)
	}
	return &failure{kind: ErrNoData, text: text}
}

func metricsOf(columns []column) []string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = c.metric
	}
	return out
}

func stampOf(t int64) string { return stamp(time.Unix(t, 0)) }
