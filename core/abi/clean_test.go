package abi

import (
	"math"
	"slices"
	"testing"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/forecast"
)

// samples is a request to clean two gauges at the same times and a counter.
func samples() []byte {
	times := []int64{190, 60, 61, 120, 240}
	return AppendRaw(nil, "a/b", 0, 9*86400, []RawSamples{
		{Metric: "cpu", Times: times, Values: []float64{4, 1, 2, 3, math.Inf(1)}},
		{Metric: "memory", Values: []float64{math.NaN(), 5, 7, math.NaN(), 9}},
		{Metric: "net_rx", Counter: true, Times: []int64{60, 120, 180}, Values: []float64{0, 600, 60}},
	})
}

// cleaned reads the result of Clean: its report and its window.
func cleaned(t *testing.T, b []byte) ([][8]int, *windowReader) {
	t.Helper()
	r := &reader{b: b}
	report := make([][8]int, r.u32(""))
	r.u32("")
	for k := range report {
		for i := range report[k] {
			report[k][i] = r.u32("")
		}
	}
	s := new(windowReader)
	if err := s.head(r); err != nil || r.err != nil || r.off != len(b) {
		t.Fatalf("%v %v, %d of %d bytes", err, r.err, r.off, len(b))
	}
	spec := forecast.Spec{Needs: forecast.Needs{Recent: MaxCells}}
	spec.Step = max(s.window.Recent.Step, 1)
	s.tail(&spec)
	return report, s
}

// TestClean: samples become a window that can be forecast from as it is.
func TestClean(t *testing.T) {
	var s Server
	if got := s.Clean(samples()); got != 10 {
		t.Fatalf("uses %d samples: %s", got, s.Result())
	}
	report, w := cleaned(t, s.Result())
	want := [][8]int{{4, 0, 1, 0, 0, 1}, {3, 2, 0, 0, 0, 1}, {3, 0, 0, 0, 0, 0, 1}}
	if !slices.Equal(report, want) {
		t.Errorf("report: got %v, want %v", report, want)
	}
	f := &w.window.Recent
	if !w.window.Frame || f.Container != "a/b" || f.Start != 60 || f.Step != 60 || !slices.Equal(f.Metrics, []string{"cpu", "memory", "net_rx"}) {
		t.Errorf("the window: got %+v", f)
	}
	for k, want := range [][]float64{{1.5, 3, 4, math.NaN()}, {6, math.NaN(), math.NaN(), 9}, {math.NaN(), 10, 1, math.NaN()}} {
		for i, v := range want {
			if got := f.Columns[k][i]; got != v && !(math.IsNaN(got) && math.IsNaN(v)) {
				t.Errorf("%s: got %v, want %v", f.Metrics[k], f.Columns[k], want)
				break
			}
		}
	}
	window := slices.Clone(s.Result()[8+32*3:])
	head := (&Request{Metric: "cpu"}).Append(nil)
	head[0] = 1 // a window
	if got := s.Forecast(0, append(head, window...)); got != 0 {
		t.Errorf("a forecast from it: %d %s", got, s.Result())
	}
}

// TestCleanRefuses: what is cut, impossible or beyond the limits is an error.
func TestCleanRefuses(t *testing.T) {
	var s Server
	good := samples()
	for i := range good {
		if got := s.Clean(good[:i]); got != int32(badRequest) {
			t.Fatalf("cut after %d bytes: %d %s", i, got, s.Result())
		}
	}
	one := []RawSamples{{Metric: "cpu", Times: []int64{0, 60}, Values: []float64{1, 2}}}
	change := func(at int, to byte) []byte {
		b := AppendRaw(nil, "", 60, 0, one)
		b[at] = to
		return b
	}
	const header = 32
	for what, c := range map[string]struct {
		in   []byte
		want Status
	}{
		"no metric":         {AppendRaw(nil, "", 60, 0, nil), badRequest},
		"metrics":           {change(2, 1), TooLarge},
		"a flag":            {change(4, 1), badRequest},
		"a step":            {AppendRaw(nil, "", -60, 0, one), badStep},
		"a longer step":     {AppendRaw(nil, "", maxStep+1, 0, one), badStep},
		"seconds to keep":   {AppendRaw(nil, "", 60, -1, one), badRequest},
		"another size":      {change(header, 64), badRequest},
		"a metric's flag":   {change(header+4, 4), badRequest},
		"samples":           {change(header+11, 4), TooLarge},
		"a reserved number": {change(header+12, 1), badRequest},
		"bytes at the end":  {append(AppendRaw(nil, "", 60, 0, one), 0), badRequest},
		"no times before":   {AppendRaw(nil, "", 60, 0, []RawSamples{{Metric: "cpu", Values: []float64{1}}}), badRequest},
		"other times":       {AppendRaw(nil, "", 60, 0, append(one[:1:1], RawSamples{Metric: "memory", Values: []float64{1}})), badRequest},
		"too far apart":     {AppendRaw(nil, "", 0, 0, []RawSamples{{Metric: "cpu", Times: []int64{0, 1 << 40}, Values: []float64{1, 2}}}), badStep},
		"a wrong timestamp": {AppendRaw(nil, "", 60, 0, []RawSamples{{Metric: "cpu", Times: []int64{0, 1 << 40}, Values: []float64{1, 2}}}), TooLarge},
	} {
		if got := s.Clean(c.in); got != int32(c.want) || len(s.Result()) == 0 {
			t.Errorf("%s: got %v %s, want %v", what, Status(got), s.Result(), c.want)
		}
	}
}

func TestName(t *testing.T) {
	var s Server
	for want, names := range map[string][2]string{"cpu/azure%2Fvm-1.ckpt": {"cpu", "azure/vm-1"}, "cpu/_shared.ckpt": {"cpu", ""}, "%2E./%5Fshared.ckpt": {"..", "_shared"}} {
		if got := s.Name(appendString(appendString(nil, names[0]), names[1])); got != 0 || string(s.Result()) != want {
			t.Errorf("got %d %s, want %s", got, s.Result(), want)
		}
	}
	for what, c := range map[string]struct {
		in   []byte
		want Status
	}{
		"nothing": {nil, badRequest}, "no metric": {make([]byte, 8), noMetric}, "no container": {appendString(nil, "cpu"), badRequest},
		"more": {append(appendString(appendString(nil, "cpu"), ""), 0), badRequest}, "too long": {codec.AppendUint32(nil, maxName+1), TooLarge},
	} {
		if got := s.Name(c.in); got != int32(c.want) {
			t.Errorf("%s: got %v %s, want %v", what, Status(got), s.Result(), c.want)
		}
	}
}

// FuzzClean: whatever the bytes, what is answered is a window that the server
// reads, whose numbers are finite or missing, and every sample is counted once.
func FuzzClean(f *testing.F) {
	f.Add(samples())
	f.Add(AppendRaw(nil, "", 60, 0, []RawSamples{{Metric: "cpu", Times: []int64{0, 1 << 40}, Values: []float64{1, 2}}}))
	f.Add(AppendRaw(nil, "", 1<<31, 1, []RawSamples{{Metric: "cpu", Counter: true, Times: []int64{-1 << 63, 1<<63 - 1}, Values: []float64{1e150, 2}}}))
	f.Add(AppendRaw(nil, "", 0, 0, []RawSamples{{Metric: "cpu", Counter: true, Times: []int64{0, 1 << 30, 1 << 30}, Values: []float64{1, 0, 5e-324}}}))
	var s Server
	f.Fuzz(func(t *testing.T, b []byte) {
		used := s.Clean(b)
		if used < 0 {
			return
		}
		report, w := cleaned(t, s.Result())
		total, given := 0, 0
		for _, c := range report {
			total += c[0]
			given += c[0] + c[1] + c[2] + c[3]
		}
		if total != int(used) || given > len(b)/8 {
			t.Fatalf("uses %d of %d samples, reports %v", used, given, report)
		}
		for _, column := range w.window.Recent.Columns {
			for _, v := range column {
				if math.IsInf(v, 0) || math.Abs(v) > 1e308 {
					t.Fatalf("%v in %v", v, column)
				}
			}
		}
	})
}
