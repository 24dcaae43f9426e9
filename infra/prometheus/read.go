package prometheus

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Progress reports how far a reading has come.
type Progress struct {
	From, To, At time.Time // the range, and how much of it has been read
	Rows         int
	Waiting      string // why a request is repeated, "" otherwise
}

// A Summary reports what was read.
type Summary struct {
	Rows       int
	Containers []string
	Metrics    []string       // that were asked for, in the order of the columns
	From, To   time.Time      // the first and the last time stamp of a row
	Cells      map[string]int // values by metric; 0 where the server had none
	RateWindow time.Duration
	Unnamed    int // the most series of one answer that have no container, and were left out
	Warnings   []string
}

// Missing returns the columns that were asked for and have no value.
func (s *Summary) Missing() []string {
	var out []string
	for _, m := range s.Metrics {
		if s.Cells[m] == 0 {
			out = append(out, m)
		}
	}
	return out
}

// Read calls row for the metrics of every container from one moment to another,
// both included, in order of time and then of name: once for each step at which a
// container has at least one value. t is the moment at which the values were
// known, in Unix seconds: a rate is of the window that ends there. metrics are
// the Columns, and values has one for each; what is missing, and what is not
// finite, is NaN. What row is given is valid until it returns; its error ends the
// reading and is returned.
//
// The error is ErrOptions, ErrNoData if there is no row, another of the package's
// errors, the context's, or row's. Until row fails, rows come in whole time stamps:
// after any other error those up to the Summary's To are complete.
//
// Memory does not grow with the range: it is some tens of MiB, plus what the
// server answers for a single step if that has more than 100,000 series.
func (s *Source) Read(ctx context.Context, from, to time.Time, row func(t int64, container string, metrics []string, values []float64) error) (Summary, error) {
	if err := s.Check(); err != nil {
		return Summary{}, err
	}
	header, err := s.Columns()
	if err != nil {
		return Summary{}, err
	}
	c, err := newClient(&s.Server)
	if err != nil {
		return Summary{}, err
	}
	step := int64(s.Step / time.Second)
	rd := &reader{source: s, client: c, row: row, step: step, header: header,
		from: (from.Unix() + step - 1) / step * step, to: to.Unix() / step * step}
	if from.Unix() < 0 || rd.to < rd.from {
		return Summary{}, optionf("no step of %v lies from %s to %s", s.Step, stampOf(from.Unix()), stampOf(to.Unix()))
	}
	err = rd.run(ctx)
	rd.finish()
	return rd.summary, err
}

// A reader is one reading under way.
type reader struct {
	source   *Source
	client   *client
	row      func(t int64, container string, metrics []string, values []float64) error
	step     int64
	from, to int64 // time stamps of the first and last step
	header   []string
	ask      []column
	namer    namer
	filter   filter
	table    table
	summary  Summary
	reached  int64 // everything before has been passed to row
}

func (rd *reader) run(ctx context.Context) error {
	rd.reached = rd.from
	if err := rd.prepare(ctx); err != nil {
		return err
	}
	if err := rd.pages(ctx); err != nil {
		return err
	}
	if rd.summary.Rows == 0 {
		return rd.noData()
	}
	return nil
}

// prepare finds what the queries depend on: how often the server scrapes, and
// what the pods belong to.
func (rd *reader) prepare(ctx context.Context) error {
	o := rd.source
	rd.client.retry.notify = func(reason string) { rd.progress(rd.client.redact(reason)) }
	rd.summary.RateWindow = o.RateWindow
	if o.RateWindow == 0 {
		scrape, err := rd.scrapeInterval(ctx)
		if err != nil {
			return err
		}
		rd.summary.RateWindow = rateWindow(o.Step, scrape)
	}
	ids := 0.0
	var err error
	if o.Preset == CAdvisor {
		if ids, err = rd.greatest(ctx, "count("+selector("container_memory_working_set_bytes", o.Match, unnamed...)+")"); err != nil {
			return err
		}
	}
	if rd.ask, _, err = o.columns(rd.summary.RateWindow, ids > 0); err != nil {
		return err
	}
	rd.table.init(rd.header, rd.ask)
	rd.summary.Metrics = metricsOf(rd.ask)
	rd.filter.init(o.Containers)
	rd.namer = namer{by: o.By, hosts: o.Hosts, preset: o.Preset, label: o.Label, workloadLabel: o.WorkloadLabel}
	if o.By == byWorkload && o.Preset == CAdvisor {
		if rd.namer.owners, err = rd.owners(ctx); err != nil {
			return err
		}
	}
	return nil
}

// scrapeInterval is the usual time between two samples of the preset's
// counters, 15 s where it cannot be told. It is the shortest of what is seen:
// where containers have just come or gone there are fewer samples than scrapes.
func (rd *reader) scrapeInterval(ctx context.Context) (time.Duration, error) {
	const over = 10 * time.Minute
	probe, ok := probes[rd.source.Preset]
	if !ok {
		return 15 * time.Second, nil
	}
	most, err := rd.greatest(ctx, "quantile(0.5, count_over_time("+selector(probe, rd.source.Match)+"[10m]))")
	if err != nil || !(most >= 1) {
		return 15 * time.Second, err
	}
	return usual(over.Seconds() / most), nil
}

// greatest returns the greatest value of a query at the range's beginning,
// middle and end; 0 where there is none.
func (rd *reader) greatest(ctx context.Context, query string) (float64, error) {
	most := 0.0
	for _, at := range []int64{rd.from, rd.from + (rd.to-rd.from)/2, rd.to} {
		var r *result
		_, err := rd.client.ask(ctx, query, func(ctx context.Context) (err error) {
			r, err = rd.client.query(ctx, query, at)
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
func (rd *reader) owners(ctx context.Context) (map[string]string, error) {
	var sets []labels
	_, err := rd.client.ask(ctx, "kube_pod_owner", func(ctx context.Context) (err error) {
		sets, err = rd.client.series(ctx, "kube_pod_owner", rd.from, rd.to)
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
func (rd *reader) pages(ctx context.Context) error {
	points, limit, good := int64(firstPoints), int64(maxPoints), 0
	for rd.reached <= rd.to {
		n := min(points, (rd.to-rd.reached)/rd.step+1)
		most, tooMuch, err := rd.page(ctx, rd.reached, rd.reached+(n-1)*rd.step)
		if tooMuch && n > 1 {
			points, limit, good = n/2, n/2, 0
			continue
		}
		if err != nil {
			return err
		}
		rd.reached += n * rd.step
		rd.progress("")
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
// and passes on the rows. most is the number of samples of the longest answer.
func (rd *reader) page(ctx context.Context, from, to int64) (most int, tooMuch bool, err error) {
	rd.table.clear()
	for i, c := range rd.ask {
		var r *result
		tooMuch, err := rd.client.ask(ctx, c.metric+" = "+c.query, func(ctx context.Context) (err error) {
			r, err = rd.client.queryRange(ctx, c.query, from, to, rd.step)
			return err
		})
		if err != nil {
			return 0, tooMuch, err
		}
		for _, w := range r.warnings {
			rd.warn(rd.client.redact(w))
		}
		if r.kind != "matrix" {
			return 0, false, &failure{kind: ErrQuery, text: fmt.Sprintf("%v: %s: the result is a %q, not a range of series", ErrQuery, c.query, firstLine(r.kind))}
		}
		samples, nameless := 0, 0
		for k := range r.series {
			s := &r.series[k]
			if err := asked(s, from, to, rd.step); err != nil {
				return 0, false, &failure{kind: ErrQuery, text: fmt.Sprintf("%v: %s: %v", ErrQuery, c.query, err)}
			}
			samples += len(s.Values)
			if !rd.add(i, c, s) {
				nameless++
			}
		}
		rd.summary.Unnamed = max(rd.summary.Unnamed, nameless)
		most = max(most, samples)
	}
	return most, false, rd.table.rows(func(t int64, container string, values []float64) error {
		if rd.summary.Rows == 0 {
			rd.summary.From = time.Unix(t, 0).UTC()
		}
		rd.summary.To = time.Unix(t, 0).UTC()
		rd.summary.Rows++
		return rd.row(t, container, rd.header, values)
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
func (rd *reader) add(i int, c column, s *stream) bool {
	n := rd.namer.name(c, s.Metric)
	if n.container == "" && n.pod == "" {
		return false
	}
	if !rd.filter.wants(rd.table.rowOf(n)) {
		return true
	}
	if other := rd.table.add(i, n, s.Values); other != "" {
		rd.warn(fmt.Sprintf("container %s is on several hosts, %s and %s: their values are added up unless names begin with the host", n.container, other, n.host))
	}
	return true
}

// warn keeps the first few different warnings.
func (rd *reader) warn(text string) {
	if len(rd.summary.Warnings) < 20 && !slices.Contains(rd.summary.Warnings, text) {
		rd.summary.Warnings = append(rd.summary.Warnings, text)
	}
}

func (rd *reader) progress(waiting string) {
	if rd.source.Progress != nil {
		rd.source.Progress(Progress{From: time.Unix(rd.from, 0).UTC(), To: time.Unix(rd.to, 0).UTC(),
			At: time.Unix(min(rd.reached, rd.to), 0).UTC(), Rows: rd.summary.Rows, Waiting: waiting})
	}
}

// finish completes the summary.
func (rd *reader) finish() {
	rd.summary.Cells = make(map[string]int)
	rd.summary.Containers = rd.table.containers()
	if rd.summary.Rows > 0 {
		for _, name := range rd.filter.missing() {
			rd.warn(rd.filter.explain(name))
		}
	}
	for i, c := range rd.ask {
		rd.summary.Cells[c.metric] = rd.table.cells[i]
	}
}

// noData says what was looked for in vain, and what was there instead.
func (rd *reader) noData() error {
	text := fmt.Sprintf("%v at %s from %s to %s: none of %s", ErrNoData,
		rd.client.address, stampOf(rd.from), stampOf(rd.to), strings.Join(metricsOf(rd.ask), ", "))
	if rd.summary.Unnamed > 0 {
		text += fmt.Sprintf("; series without a label that names a container: %d (keep one in the query, as sum by (name) (…) does)", rd.summary.Unnamed)
	}
	for _, name := range rd.filter.missing() {
		text += "; " + rd.filter.explain(name)
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

func stampOf(t int64) string { return time.Unix(t, 0).UTC().Format(time.RFC3339) }
