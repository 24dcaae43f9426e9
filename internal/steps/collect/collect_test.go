package collect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/infra/parquet"
	"github.com/foretide/foretide/infra/prometheus"
	"github.com/foretide/foretide/internal/event"
	"github.com/foretide/foretide/internal/lake"
	"github.com/foretide/foretide/internal/steps"
	"github.com/foretide/foretide/internal/testkit/servers"
	"github.com/foretide/foretide/loader/store"
)

const began = 1722470400 // 2024-08-01

// A table is a source with a sample of two containers each minute: those that its
// has reports.
type table struct {
	has   func(container string, t int64) bool
	asked []string // the ranges, in minutes after began
	fail  func(from int64) error
}

func (s *table) Read(_ context.Context, _ *steps.Invocation, from, to int64, add func(parquet.Sample) error) error {
	s.asked = append(s.asked, fmt.Sprintf("%d-%d", (from-began)/60, (to-began)/60))
	if s.fail != nil {
		if err := s.fail(from); err != nil {
			return err
		}
	}
	for t := from; t < to; t += 60 {
		for _, c := range []string{"web", "db"} {
			if s.has != nil && !s.has(c, t) {
				continue
			}
			if err := add(parquet.Sample{Container: c, Metric: "cpu", Time: t * 1000, Value: float64(t - began)}); err != nil {
				return err
			}
		}
	}
	return nil
}

// world is a collector of a table, at a time of its own.
type world struct {
	*Collector
	t      *testing.T
	source *table
	lake   *store.Memory
	clock  int64
	out    strings.Builder
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, source: &table{}, lake: &store.Memory{}, clock: began + 3*3600}
	w.lake.Clock = func() time.Time { w.clock++; return time.Unix(w.clock, 0) } // a second for each write
	w.Collector = &Collector{
		Lake: &lake.Lake{Objects: w.lake, Shards: 1, MaxBytes: lake.DefaultMaxBytes}, Source: w.source, Step: time.Minute,
		First: time.Hour, Chunk: 20 * time.Minute, Delay: time.Minute, MaxSamples: 1000, Now: func() time.Time { return time.Unix(w.clock, 0) },
	}
	return w
}

// collect invokes the function.
func (w *world) collect(payload string) (a Answer, err error) {
	w.t.Helper()
	w.source.asked = nil
	in := steps.NewInvocation(&w.out, slog.LevelWarn, "", "collect", "")
	out, err := w.Handle(context.Background(), in, []byte(payload))
	in.Metrics.Write()
	if err != nil {
		return a, err
	}
	return *out.(*Answer), nil
}

// at is the schedule's event, minutes after began.
func at(minutes int) string {
	return fmt.Sprintf(`{"time": %q}`, time.Unix(began+int64(minutes)*60, 0).UTC().Format(time.RFC3339))
}

// must collects at a time and returns the answer and what was asked for.
func (w *world) must(payload string) (Answer, string) {
	w.t.Helper()
	a, err := w.collect(payload)
	if err != nil {
		w.t.Fatalf("%s: %v\n%s", payload, err, w.out.String())
	}
	return a, strings.Join(w.source.asked, " ")
}

// column returns a container's values, by minutes after began.
func (w *world) column(container string, from, to int) []float64 {
	w.t.Helper()
	var out []float64
	q := lake.Query{From: began + int64(from)*60, To: began + int64(to)*60, Containers: []string{container}}
	err := w.Lake.Read(context.Background(), q, func(f series.Frame) error {
		for i := range to - from {
			k := (q.From+int64(i)*60-f.Start)/60 + 0
			if k < 0 || k >= int64(f.Len()) {
				out = append(out, math.NaN())
				continue
			}
			out = append(out, f.Columns[0][k])
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

// files returns the keys of the samples.
func (w *world) files() []string {
	objects, err := store.All(context.Background(), w.lake, lake.Folder)
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for _, o := range objects {
		out = append(out, o.Name)
	}
	return out
}

// check says whether a column has the values of the table, and none where gap
// reports one.
func (w *world) check(container string, from, to int, gap func(minute int) bool) {
	w.t.Helper()
	got := w.column(container, from, to)
	if len(got) != to-from {
		w.t.Fatalf("%s has %d cells, want %d", container, len(got), to-from)
	}
	for i, v := range got {
		if missing := gap != nil && gap(from+i); missing != math.IsNaN(v) || !missing && v != float64(from+i)*60 {
			w.t.Errorf("%s has %v in minute %d, a gap: %v", container, v, from+i, missing)
		}
	}
}

// TestIncremental: the first invocation goes back an hour in chunks; each further
// one goes on where the last one ended, up to what is old enough.
func TestIncremental(t *testing.T) {
	w := newWorld(t)
	if a, asked := w.must(at(120)); asked != "60-80 80-100 100-119" || a.Samples != 2*59 || a.Containers != 2 || a.Behind || len(a.Files) != 3 {
		t.Errorf("asked for %s: %+v", asked, a)
	}
	if a, asked := w.must(at(125)); asked != "119-124" || a.Samples != 10 {
		t.Errorf("asked for %s: %+v", asked, a)
	}
	for _, again := range []string{at(125), at(90)} { // the same event again, and one that came late
		if a, asked := w.must(again); asked != "" || a.Samples != 0 || len(a.Files) != 0 {
			t.Errorf("%s again: asked for %s: %+v", again, asked, a)
		}
	}
	if _, asked := w.must(at(126)); asked != "124-125" {
		t.Errorf("asked for %s", asked)
	}
	w.check("web", 60, 125, nil)
	w.check("db", 60, 125, nil)
}

// TestIdempotent: a time that is collected again gives the same files.
func TestIdempotent(t *testing.T) {
	w := newWorld(t)
	w.must(at(120))
	before := w.files()
	again := fmt.Sprintf(`{"from": %q, "to": %q}`, time.Unix(began+3600, 0).UTC().Format(time.RFC3339), time.Unix(began+119*60+7, 0).UTC().Format(time.RFC3339))
	if a, asked := w.must(again); asked != "60-80 80-100 100-119" || a.Samples != 2*59 || !slices.Equal(w.files(), before) {
		t.Errorf("asked for %s: %+v\n%v\n%v", asked, a, before, w.files())
	}
	if _, asked := w.must(at(121)); asked != "119-120" { // a range is not noted
		t.Errorf("then asked for %s", asked)
	}
	for _, bad := range []string{`{"from": "2024-08-01T00:00:00Z"}`, `{"from": "2024-08-01T00:00:00Z", "to": "2024-08-01T00:00:00Z"}`, `{"from": "2020-08-01T00:00:00Z", "to": "2024-08-01T00:00:00Z"}`, `{"form": 1}`, `[`} {
		if _, err := w.collect(bad); !errors.Is(err, event.ErrEvent) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// TestGaps: what the source has no sample of is no value, however long; the time
// counts as collected.
func TestGaps(t *testing.T) {
	w := newWorld(t)
	gap := func(minute int) bool { return minute >= 75 && minute < 104 || minute == 110 }
	w.source.has = func(c string, at int64) bool { return c == "db" || !gap(int(at-began)/60) }
	w.must(at(120))
	w.check("web", 60, 119, gap)
	w.check("db", 60, 119, nil)
	w.source.has = func(string, int64) bool { return false } // nothing at all
	if a, asked := w.must(at(150)); asked != "119-139 139-149" || a.Samples != 0 || len(a.Files) != 0 || a.Behind {
		t.Errorf("asked for %s: %+v", asked, a)
	}
	w.source.has = nil
	if _, asked := w.must(at(152)); asked != "149-151" {
		t.Errorf("then asked for %s", asked)
	}
	w.check("db", 60, 151, func(minute int) bool { return minute >= 119 && minute < 149 })
}

// TestLate: samples that come later than the delay are there after a while where
// the time is collected again, and what was there stays.
func TestLate(t *testing.T) {
	w := newWorld(t)
	w.Again = 10 * time.Minute
	late := func(minute int) bool { return minute >= 112 && minute < 119 }
	w.source.has = func(c string, at int64) bool { return c == "db" || !late(int(at-began)/60) }
	w.must(at(120))
	w.check("web", 60, 112, nil)
	if got := w.column("web", 110, 119); !math.IsNaN(got[3]) {
		t.Fatalf("web has %v", got)
	}
	w.source.has = nil
	if _, asked := w.must(at(121)); asked != "109-120" {
		t.Errorf("asked for %s", asked)
	}
	w.check("web", 60, 120, nil)
	w.check("db", 60, 120, nil)
	// An event of before does not bring the note back.
	w.must(at(115))
	if _, asked := w.must(at(122)); asked != "110-121" {
		t.Errorf("asked for %s", asked)
	}
}

// TestCompaction: many small files of the day become one, and those of a day that
// is over too; nothing is lost.
func TestCompaction(t *testing.T) {
	w := newWorld(t)
	w.clock = began + 13*3600
	put := 0
	for m := 120; m < 120+mostFiles+3; m++ {
		a, _ := w.must(at(m))
		put += a.Compacted
	}
	if put <= mostFiles || len(w.files()) > mostFiles {
		t.Errorf("%d files were put together, %d are left", put, len(w.files()))
	}
	w.check("web", 60, 120+mostFiles+1, nil)
	w.must(at(140))
	w.must(at(142)) // two files at least
	w.clock = began + 86400 + 7200
	w.Chunk = 24 * time.Hour
	w.MaxSamples = 1 << 20
	if a, _ := w.must(at(1440 + 30)); a.Compacted < 2 {
		t.Errorf("the day is over: %+v", a)
	}
	day := 0
	for _, f := range w.files() {
		if strings.HasPrefix(f, lake.DayFolder(began)) {
			day++
		}
	}
	if day != 1 {
		t.Errorf("the day that is over has %d files", day)
	}
	w.check("db", 60, 1440+29, nil)
}

// TestFailures: what came before a failure is kept and noted; the next invocation
// goes on there. A step that has too many samples says what to do.
func TestFailures(t *testing.T) {
	w := newWorld(t)
	broken := errors.New("a query failed")
	w.source.fail = func(from int64) error {
		if from >= began+100*60 {
			return broken
		}
		return nil
	}
	if _, err := w.collect(at(120)); !errors.Is(err, broken) {
		t.Errorf("the error is %v\n%s", err, w.out.String())
	}
	w.check("web", 60, 100, nil)
	w.source.fail = nil
	if _, asked := w.must(at(120)); asked != "100-119" {
		t.Errorf("asked for %s", asked)
	}
	w.check("web", 60, 119, nil)
	w.MaxSamples = 1
	if _, err := w.collect(at(130)); err == nil || !strings.Contains(err.Error(), "more than 1 samples in one step of 1m0s: choose fewer containers") {
		t.Errorf("too many: %v\n%s", err, w.out.String())
	}
	if err := w.lake.Put(context.Background(), stateKey, []byte("{")); err != nil {
		t.Fatal(err)
	}
	if _, err := w.collect(at(130)); err == nil || !strings.Contains(err.Error(), "remove it to begin 1h0m0s ago") {
		t.Errorf("a damaged note: %v\n%s", err, w.out.String())
	}
}

// TestQueryFails: a server that does not understand one of several queries gives
// nothing of that time, rather than a part that would count as all; once it is
// corrected the time is collected whole.
func TestQueryFails(t *testing.T) {
	servers.NeedPrometheus(t)
	server, err := servers.StartPrometheus(func(out io.Writer) {
		for i := range int64(20) {
			servers.Sample(out, `container_memory_working_set_bytes{name="web"}`, float64(i), began+i*60)
		}
	}, servers.PrometheusOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	w := newWorld(t)
	o := prometheus.Defaults()
	o.URL, o.Step, o.RateWindow, o.Preset, o.Attempts = server.URL, time.Minute, 4*time.Minute, prometheus.NoPreset, 1
	o.Queries = []prometheus.Query{{Metric: "memory", PromQL: "container_memory_working_set_bytes"}, {Metric: "cpu", PromQL: "rate(nothing"}}
	w.Source, w.First = Prometheus(o), 20*time.Minute
	if _, err := w.collect(at(21)); err == nil || len(w.files()) != 0 || !strings.Contains(err.Error(), "query not understood") {
		t.Errorf("with a wrong query: %v, files %v\n%s", err, w.files(), w.out.String())
	}
	o.Queries[1].PromQL = "nothing" // which there may be later
	w.Source = Prometheus(o)
	a, _ := w.must(at(21))
	if a.Samples != 19 || a.From.Unix() != began+60 {
		t.Errorf("then %+v", a)
	}
	if got := w.column("web", 1, 20); got[0] != 1 || got[18] != 19 {
		t.Errorf("web has %v", got)
	}
}
