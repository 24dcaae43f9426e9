package report

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/naive"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/core/train"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/store"
)

// start is a Monday's midnight, UTC.
const start = 1700438400

// frame is days of two metrics of a container at five minutes: a daily wave with
// noise, and a weekly one.
func frame(name string, days int, seed uint64) series.Frame {
	n := days * 288
	f := series.Frame{Container: name, Start: start, Step: 300, Metrics: []string{"cpu", "memory"}}
	cpu, memory := make([]float64, n), make([]float64, n)
	for i := range n {
		seed = seed*6364136223846793005 + 1442695040888963407
		noise := float64(seed>>40)/float64(1<<24) - 0.5
		cpu[i] = 2 + math.Sin(2*math.Pi*float64(i)/288) + noise
		memory[i] = 1e9 + 4e8*math.Sin(2*math.Pi*float64(i)/2016) + 1e6*noise
	}
	cpu[n-100] = nan
	f.Columns = [][]float64{cpu, memory}
	return f
}

// storedFleet trains the metrics of the frames on all but the last days.
func storedFleet(t *testing.T, frames []series.Frame, without int, metrics ...string) *store.Memory {
	t.Helper()
	bucket := &store.Memory{}
	for i := range frames {
		f := frames[i].Slice(0, frames[i].Len()-without*288)
		for _, m := range metrics {
			task := forecast.Task{Metric: m, Step: 300, Horizons: []int64{300, 900, 1800}, Levels: forecast.DefaultLevels(), Bounds: series.DefaultBounds(m)}
			fitted, report, err := train.Defaults().Fit(naive.Defaults(), []series.Frame{f}, task, forecast.Options{})
			if err != nil {
				t.Fatal(err)
			}
			from := codec.Provenance{Model: "naive", Summary: report.Fit.Summary, DataStart: f.Start, DataEnd: f.Time(f.Len()),
				Scores: []codec.Score{{Ahead: 300, Ratio: 0.5}, {Ahead: 900, Ratio: 0.75}}}
			if _, err := loader.Save(context.Background(), bucket, loader.NewCheckpoint(fitted, f.Container, from)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return bucket
}

func build(t *testing.T, frames []series.Frame, bucket store.Bucket, change func(*Options)) *Report {
	t.Helper()
	p, err := loader.New(context.Background(), bucket)
	if err != nil {
		t.Fatal(err)
	}
	o := Defaults()
	o.Metrics, o.Data, o.Store = []string{"cpu", "memory"}, "m.csv", "checkpoints"
	if change != nil {
		change(&o)
	}
	r, err := Build(context.Background(), frames, p, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func find(t *testing.T, r *Report, container, metric string) *Series {
	t.Helper()
	for i := range r.Series {
		if s := &r.Series[i]; s.Container == container && s.Metric == metric {
			return s
		}
	}
	t.Fatalf("no %s of %s", metric, container)
	return nil
}

// TestScores: the report's errors are those of forecasting anew with the
// predictor from data that end at each origin, computed here by hand.
func TestScores(t *testing.T) {
	t.Parallel()
	frames := []series.Frame{frame("web", 20, 1)}
	bucket := storedFleet(t, frames, 3, "cpu")
	r := build(t, frames, bucket, func(o *Options) { o.Every = 7 * 3600 })
	s := find(t, r, "web", "cpu")
	p, _ := loader.New(context.Background(), bucket)
	v, _ := frames[0].Series("cpu")
	for k, ahead := range []int{1, 3, 6} {
		var model, last, week, rows, inside float64
		for i := v.Len() - 3*288; i+ahead < v.Len(); i += 7 * 12 {
			if math.IsNaN(v.Values[i]) || math.IsNaN(v.Values[i+ahead]) {
				continue
			}
			f, err := p.Predict(context.Background(), frames[0].Slice(0, i+1), "", time.Duration(ahead)*5*time.Minute, "cpu")
			if err != nil {
				t.Fatal(err)
			}
			came := v.Values[i+ahead]
			model += math.Abs(came - f[0].Median(&f[0].At[0]))
			last += math.Abs(came - v.Values[i])
			week += math.Abs(came - v.Values[i+ahead-2016])
			if lo, hi := f[0].Interval(&f[0].At[0], 0.8); lo <= came && came <= hi {
				inside++
			}
			rows++
		}
		sc := &s.Scores[k]
		for _, c := range []struct {
			what      string
			got, want float64
		}{
			{"rows", float64(sc.Rows), rows}, {"MAE", sc.MAE, model / rows}, {"the last value's", sc.Persistence, last / rows},
			{"ratio", sc.Ratio, model / last}, {"last week's", sc.WeekMAE, week / rows}, {"last week's ratio", sc.WeekRatio, week / last},
			{"coverage", sc.Coverage, inside / rows},
		} {
			if math.Abs(c.got-c.want) > 1e-12*math.Max(1, c.want) {
				t.Errorf("%d steps ahead: %s is %v, by hand %v", ahead, c.what, c.got, c.want)
			}
		}
	}
	if got := s.Serving.Validation; got != 0.625 {
		t.Errorf("the ratio in training is %v", got)
	}
}

// TestPart: what came after the checkpoint's data is judged where it is a day or
// more; else the report says that the model had seen it.
func TestPart(t *testing.T) {
	t.Parallel()
	frames := []series.Frame{frame("web", 20, 1)}
	end := frames[0].Time(frames[0].Len())
	for _, c := range []struct {
		without int
		last    int64
		days    int64
		seen    bool
	}{{3, Week, 3, false}, {0, Week, 7, true}, {3, 86400, 1, false}, {10, Week, 7, false}, {3, 100 * 86400, 3, false}} {
		bucket := storedFleet(t, frames, c.without, "cpu")
		s := find(t, build(t, frames, bucket, func(o *Options) { o.Last = c.last }), "web", "cpu")
		if s.Seen != c.seen || s.Test != end-c.days*86400 {
			t.Errorf("fitted without %d days, last %d: seen %v, judged %v days", c.without, c.last, s.Seen, float64(end-s.Test)/86400)
		}
	}
	// Without a checkpoint half of the series is judged at the most.
	s := find(t, build(t, frames, &store.Memory{}, func(o *Options) { o.Last = 100 * 86400 }), "web", "cpu")
	if s.Test != end-10*86400 || s.Serving.Checkpoint != "" || !s.Serving.Reasons.Has(forecast.NoCheckpoint) {
		t.Errorf("without a checkpoint: %+v from %d", s.Serving, s.Test)
	}
}

// TestSame: the report is the same for any number of workers, and does not
// change the frames.
func TestSame(t *testing.T) {
	t.Parallel()
	frames := []series.Frame{frame("a", 12, 1), frame("b", 16, 2), frame("c", 10, 3)}
	bucket := storedFleet(t, frames, 2, "cpu")
	one := build(t, frames, bucket, nil)
	many := build(t, frames, bucket, func(o *Options) { o.Workers = 4 })
	strip := func(r *Report) {
		for i := range r.Series {
			r.Series[i].Next = nil // has storage of its own
		}
	}
	strip(one)
	strip(many)
	if a, b := text(one), text(many); a != b {
		t.Error("four workers give another report than one")
	}
	if again := frame("b", 16, 2); text(again) != text(frames[1]) {
		t.Error("the frames have changed")
	}
}

// TestOrder: the worst series first, those without a ratio last; groups
// likewise, and they count what they say.
func TestOrder(t *testing.T) {
	t.Parallel()
	frames := []series.Frame{frame("a", 16, 1), frame("b", 16, 2)}
	for i := range frames[1].Columns[1] {
		frames[1].Columns[1][i] = 5 // persistence makes no error
	}
	r := build(t, frames, storedFleet(t, frames, 2, "cpu"), nil)
	for i := 1; i < len(r.Series); i++ {
		if a, b := r.Series[i-1].Ratio, r.Series[i].Ratio; a < b || math.IsNaN(a) && !math.IsNaN(b) {
			t.Errorf("ratio %v comes before %v", a, b)
		}
	}
	if last := r.Series[len(r.Series)-1]; last.Key() != "b memory" {
		t.Errorf("the last is %s", last.Key())
	}
	if r.ByMetric[0].Name != "cpu" || r.ByMetric[0].Series != 2 || r.ByMetric[1].Series != 1 || r.All.Series != 3 {
		t.Errorf("groups: %+v", r.ByMetric)
	}
	s0, s1 := find(t, r, "a", "cpu"), find(t, r, "b", "cpu")
	if want := (s0.Scores[1].Ratio + s1.Scores[1].Ratio) / 2; r.ByMetric[0].At[1].Ratio != want {
		t.Errorf("median ratio %v, want %v", r.ByMetric[0].At[1].Ratio, want)
	}
	for _, p := range r.Served {
		if p.Metric == "memory" && (p.Asked != "" || p.Series != 2) || p.Metric == "cpu" && (p.Asked != "naive" || p.Series != 2) {
			t.Errorf("served: %+v", p)
		}
	}
}

// TestByTime: the hours and the coverage count every row once, and agree with
// the scores.
func TestByTime(t *testing.T) {
	t.Parallel()
	frames := []series.Frame{frame("a", 16, 1), frame("b", 16, 2)}
	r := build(t, frames, storedFleet(t, frames, 3, "cpu"), func(o *Options) { o.Metrics = []string{"cpu"} })
	rows, inside := 0, 0.0
	for i := range r.Series {
		for _, sc := range r.Series[i].Scores {
			rows += sc.Rows
			inside += sc.Coverage * float64(sc.Rows)
		}
	}
	byHour, byTime, held := 0, 0, 0.0
	for _, h := range r.Hours {
		byHour += h.Rows
	}
	for _, c := range r.Cover.At {
		if byTime += c.Rows; c.Rows > 0 {
			held += c.In80 * float64(c.Rows)
			if c.In50 > c.In80 || c.In80 > c.In95 {
				t.Errorf("a wider interval holds less: %+v", c)
			}
		}
	}
	if byHour != rows || byTime != rows || math.Abs(held-inside) > 1e-6 || r.Levels[1].Rows != rows || math.Abs(r.Levels[1].Actual*float64(rows)-inside) > 1e-6 {
		t.Errorf("%d rows, %d by hour, %d by time; inside %v, by time %v, by level %v", rows, byHour, byTime, inside, held, r.Levels[1].Actual*float64(rows))
	}
	if r.Cover.Relative {
		t.Error("series of one time are told relative to their ends")
	}
	late := frame("late", 16, 3)
	late.Start += 400 * 86400
	r = build(t, []series.Frame{frames[0], late}, &store.Memory{}, nil)
	if !r.Cover.Relative || r.Cover.At[len(r.Cover.At)-1].Rows == 0 || len(r.Cover.At) > 2*coverBuckets {
		t.Errorf("series of different years: relative %v, %d buckets", r.Cover.Relative, len(r.Cover.At))
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	of := func(n int, f func(i int) float64) series.Series {
		s := series.Series{Start: start, Step: 300, Values: make([]float64, n)}
		for i := range s.Values {
			s.Values[i] = f(i)
		}
		return s
	}
	wave := func(i int) float64 { return 5 + 3*math.Sin(float64(i)/40) + float64(i*7919%101)/100 }
	for _, c := range []struct {
		name string
		s    series.Series
		late int64
		want string
	}{
		{"sound", of(4000, wave), 0, ""},
		{"constant", of(4000, func(int) float64 { return 3 }), 0, "constant"},
		{"running total", of(4000, func(i int) float64 { return float64(i) * 10 }), 0, "running total"},
		{"reset now and then", of(4000, func(i int) float64 { return float64(i % 700) }), 0, "resets"},
		{"gap", of(4000, func(i int) float64 {
			if i > 500 && i < 520 {
				return nan
			}
			return wave(i)
		}), 0, "gaps"},
		{"stuck", of(4000, func(i int) float64 {
			if i > 500 && i < 800 {
				return 9.5
			}
			return wave(i)
		}), 0, "stuck"},
		{"rests at its least", of(4000, func(i int) float64 {
			if i > 500 && i < 800 {
				return 0
			}
			return wave(i)
		}), 0, ""},
		{"stopped", of(4000, wave), 86400, "stopped"},
		{"one day", of(288, wave), 0, "short"},
		{"level shift", of(4000, func(i int) float64 {
			if i > 3700 {
				return wave(i) + 50
			}
			return wave(i)
		}), 0, "level shift"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := ""
			for _, p := range problemsOf(c.s, c.s.End()+c.late) {
				got = strings.TrimSpace(got + " " + string(p.Kind))
				if p.Text == "" || strings.Contains(p.Text, "NaN") {
					t.Errorf("%q", p.Text)
				}
			}
			if got != c.want {
				t.Errorf("found %q, want %q", got, c.want)
			}
		})
	}
}

func TestAdvice(t *testing.T) {
	t.Parallel()
	frames := []series.Frame{frame("a", 16, 1), frame("b", 16, 2)}
	r := build(t, frames, storedFleet(t, frames, 0, "cpu"), func(o *Options) { o.Data = "it's/m.csv" })
	all := ""
	for _, a := range r.Advice {
		all += a.Text + "\n" + a.Command + "\n" + strings.Join(a.Series, ", ") + "\n"
	}
	for _, want := range []string{
		"Without a checkpoint: 2 series. What is built in stands in, which knows nothing of them.\n" +
			`foretide train --data 'it'\''s/m.csv' --store checkpoints --metric memory` + "\n",
		"a memory", "Judged on data that the checkpoint was fitted to: 2 series", "--metric cpu --model naive\n",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q in\n%s", want, all)
		}
	}
	if strings.Contains(all, "gaps") {
		t.Errorf("a missing cell in 4608 is told as a gap:\n%s", all)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	frames := []series.Frame{frame("a", 3, 1)}
	p, _ := loader.New(context.Background(), &store.Memory{})
	o := Defaults()
	o.Metrics = []string{"net_rx"}
	if _, err := Build(context.Background(), frames, p, o); err != ErrNothing {
		t.Errorf("no series of the metric: %v", err)
	}
	o.Metrics = []string{"cpu"}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Build(ctx, frames, p, o); err != context.Canceled {
		t.Errorf("cancelled: %v", err)
	}
	var bad store.Memory
	_ = bad.Put(context.Background(), "cpu/a.ckpt", []byte("no checkpoint"))
	p, _ = loader.New(context.Background(), &bad)
	if _, err := Build(context.Background(), frames, p, o); !loader.IsCheckpointError(err) {
		t.Errorf("a damaged checkpoint: %v", err)
	}
}

// TestOddFrames: what cannot be judged is told, and nothing fails.
func TestOddFrames(t *testing.T) {
	t.Parallel()
	one := series.Frame{Container: "one", Start: start, Step: 300, Metrics: []string{"cpu"}, Columns: [][]float64{{1}}}
	hourly := series.Frame{Container: "hourly", Start: start, Step: 3600, Metrics: []string{"cpu"}, Columns: [][]float64{frame("", 1, 1).Columns[0]}}
	few := series.Frame{Container: "few", Start: start, Step: 300, Metrics: []string{"cpu"}, Columns: [][]float64{{nan, 1, nan, nan, 2, nan}}}
	r := build(t, []series.Frame{one, hourly, few}, &store.Memory{}, nil)
	if len(r.Series) != 3 {
		t.Fatalf("%d series", len(r.Series))
	}
	for _, s := range r.Series {
		if (s.Skipped == "") != (len(s.Scores) > 0) || s.Container == "one" && s.Skipped == "" || s.Container == "hourly" && len(s.Scores) != 1 {
			t.Errorf("%s: skipped %q, scores %v", s.Container, s.Skipped, s.Scores)
		}
	}
}

// TestTerms: of many terms the largest are kept, and all still add up.
func TestTerms(t *testing.T) {
	t.Parallel()
	var all []Term
	want := [2]float64{}
	for k := range 20 {
		v := []float64{float64(k), -float64(k*k) / 10}
		all = append(all, Term{Name: string(rune('a' + k)), Time: []int64{0, 300}, Value: v})
		want[0], want[1] = want[0]+v[0], want[1]+v[1]
	}
	got := largest(all)
	sum := [2]float64{}
	for _, x := range got {
		sum[0], sum[1] = sum[0]+x.Value[0], sum[1]+x.Value[1]
	}
	if len(got) != mostTerms || got[0].Name != "n" || got[6].Name != "t" || math.Abs(sum[0]-want[0]) > 1e-9 || math.Abs(sum[1]-want[1]) > 1e-9 {
		t.Errorf("%d terms from %s, sums %v, want %v", len(got), got[0].Name, sum, want)
	}
	if got := largest(all[:5]); len(got) != 5 || got[0].Name != "a" {
		t.Errorf("few terms are changed: %v", got)
	}
}
