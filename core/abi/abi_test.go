package abi

import (
	"errors"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

var checkpoints = []string{"naive", "arima", "linear", "prophet", "lstm", "network", "auto"}

func vector(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "wasm", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// loaded returns a server with every checkpoint loaded.
func loaded(t testing.TB) *Server {
	t.Helper()
	s := new(Server)
	for i, name := range checkpoints {
		if got := s.Load(vector(t, name+".ckpt")); got != int32(i+1) {
			t.Fatalf("%s: %d %s", name, got, s.Result())
		}
	}
	return s
}

// TestRequest: what a host writes is what the guest reads.
func TestRequest(t *testing.T) {
	want := forecast.Window{
		Recent: series.Frame{Container: "a/b", Start: 1700000100, Step: 60, Metrics: []string{"cpu", "memory"},
			Columns: [][]float64{{1, math.NaN(), 3}, {4, 5, math.Inf(-1)}}},
		Long: series.Frame{Start: 1699999800, Step: 300, Columns: [][]float64{{1, 2}, {3, 4}}},
	}
	q := Request{Ahead: []int64{300}, Metric: "cpu", Windows: []Window{{Window: want}, {Window: forecast.Window{Recent: want.Recent}, Frame: true}}}
	b := q.Append(nil)
	r := &reader{b: b, off: 8 + 8 + 8}
	var s windowReader
	if err := s.head(r); err != nil {
		t.Fatal(err)
	}
	s.tail(&forecast.Spec{Task: forecast.Task{Step: 300}, Needs: forecast.Needs{Recent: 1000, Long: 1000}})
	got := s.window
	if got.Frame || got.Recent.Container != "a/b" || got.Recent.Start != want.Recent.Start || got.Recent.Step != 60 || got.Long.Step != 300 ||
		!slices.Equal(got.Recent.Metrics, want.Recent.Metrics) || got.Long.Columns[1][0] != 3 || got.Recent.Columns[1][1] != 5 {
		t.Errorf("reads %+v", got)
	}
	if c := got.Recent.Columns; !math.IsNaN(c[0][1]) || !math.IsNaN(c[1][2]) {
		t.Errorf("what is missing or infinite is %v", c)
	}
	if err := s.head(r); err != nil || !s.window.Frame || s.long != 0 || r.off != len(b) {
		t.Errorf("the frame: %v %+v", err, s.window)
	}
	server := loaded(t)
	for i := range b { // every cut is an error, and no panic
		if s := server; s.Forecast(1, b[:i]) != int32(badRequest) {
			t.Fatalf("cut after %d bytes: %s", i, s.Result())
		}
	}
}

func TestErrors(t *testing.T) {
	e := &Error{Status: badStep, Message: "x"}
	if !errors.Is(e, forecast.ErrStep) || errors.Is(e, forecast.ErrMetric) || StatusOf(e, Internal) != badStep {
		t.Error("an Error is not the sentinel of its status, or another")
	}
	if StatusOf(forecast.ErrLevels, Internal) != badModel || StatusOf(errors.New("x"), Internal) != Internal {
		t.Error("StatusOf")
	}
	for s := notCheckpoint; s >= badHorizon; s-- {
		found := false
		for _, x := range sentinels {
			found = found || x.status == s
		}
		if !found {
			t.Errorf("no sentinel has status %v", s)
		}
	}
	if len(statusNames) != int(-Internal)+1 || badHorizon.String() != "bad_horizon" {
		t.Error("names of statuses")
	}
}

// FuzzServer hands arbitrary bytes to every function. None may panic, and what
// is answered must be an answer, with finite numbers.
func FuzzServer(f *testing.F) {
	for _, name := range checkpoints {
		f.Add(uint8(0), int32(0), vector(f, name+".ckpt"))
		f.Add(uint8(4), int32(0), vector(f, name+".ckpt"))
	}
	for h := range int32(8) {
		for _, name := range []string{"ten.req", "between.req", "general.req", "far.req", "empty.req"} {
			f.Add(uint8(1), h, vector(f, name))
		}
		f.Add(uint8(3), h, vector(f, "restore.req"))
	}
	small := Window{Window: forecast.Window{Recent: series.FrameOf("x", "cpu", series.Series{Start: 1700000100, Step: 300, Values: []float64{1, 2, math.NaN(), 4}})}, Frame: true}
	f.Add(uint8(2), int32(1), AppendUpdate(nil, []forecast.Actual{{Ahead: 300, Value: 5}}, &small))
	s := loaded(f)
	probe := (&Request{Windows: []Window{small}}).Append(nil)
	f.Fuzz(func(t *testing.T, call uint8, handle int32, b []byte) {
		switch call % 5 {
		case 0, 4:
			if n := len(b) - 4; call%5 == 4 && n >= 0 { // what is wrong gets past the checksum
				b = codec.AppendUint32(slices.Clone(b[:n]), crc32.Checksum(b[:n], crc32.MakeTable(crc32.Castagnoli)))
			}
			if h := s.Load(b); h > 0 {
				if s.Describe(h) != 0 {
					t.Fatalf("%s", s.Result())
				}
				if d, err := ParseDescription(s.Result()); err != nil {
					t.Fatalf("%v: %+v", err, d)
				}
				answered(t, s, h, probe)
				s.Unload(h)
			}
		case 1:
			answered(t, s, handle, b)
		case 2:
			s.Update(handle, b)
		case 3:
			s.Restore(handle, b)
		}
		if got := s.Forecast(1, probe); got != 0 {
			t.Fatalf("the next call: %d %s", got, s.Result())
		}
	})
}

func answered(t *testing.T, s *Server, handle int32, b []byte) {
	if s.Forecast(handle, b) < 0 {
		return
	}
	r, err := ParseResult(s.Result())
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range r.Windows {
		for i := range w.At {
			last := math.Inf(-1)
			for _, x := range append([]float64{w.At[i].Mean}, w.At[i].Quantiles...) {
				if x-x != 0 {
					t.Fatalf("not finite: %+v", w.At[i])
				}
			}
			for _, x := range w.At[i].Quantiles {
				if x < last {
					t.Fatalf("quantiles cross: %v", w.At[i].Quantiles)
				}
				last = x
			}
		}
	}
}

// FuzzParse hands arbitrary bytes to the host's side, as a hostile guest might.
func FuzzParse(f *testing.F) {
	names, err := filepath.Glob(filepath.Join("..", "..", "wasm", "testdata", "*.out"))
	if err != nil || len(names) < 10 {
		f.Fatal(names, err)
	}
	for _, name := range names {
		f.Add(vector(f, filepath.Base(name)))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if d, err := ParseDescription(b); err == nil && d.Check() != nil {
			t.Fatalf("%+v", d)
		}
		ParseResult(b)
	})
}
