package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/binary"
	"encoding/csv"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/foretide/foretide/benchmarks/internal/trial"
	"github.com/foretide/foretide/core/backtest"
	"github.com/foretide/foretide/core/feature"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/infra/csvfile"
)

// raw is how many of the latest values a row has, five minutes apart: two days,
// for networks that make their own features.
const raw = 576

var horizons = []int64{300, 900, 1800}

// A row is a horizon of a window, as little-endian float32: the inputs, those of
// the linear map, target and scale, the mean |change| of the series over the
// horizon, and the numbers of its series and horizon.
const rowLen = feature.WideCount + feature.WideSkip + 5

// A source is a series.
type source struct {
	name    string
	metric  string
	values  []float64
	step    int64
	judged  int // first judged origin
	usual   [3]float64
	windows *forecast.Windows
	share   float64
}

// writeShapes writes what the network learns from, and what it is judged by, for
// shapes.py, which tries other shapes of network on it.
func writeShapes(data, out string, count int, seed uint64) error {
	read, err := csvfile.Read(context.Background(), data, csvfile.Options{})
	if err != nil {
		return err
	}
	trial.Cut(read.Frames)
	var all []source
	total := 0.0
	for i := range read.Frames {
		f := &read.Frames[i]
		for k, metric := range f.Metrics {
			if s := newSource(f, metric, k); s != nil {
				all = append(all, *s)
				total += s.share
			}
		}
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	sizes := fmt.Appendf(nil, `{"inputs": %d, "skip": %d, "raw": %d}`+"\n", feature.WideCount, feature.WideSkip, raw)
	if err := os.WriteFile(filepath.Join(out, "sizes.json"), sizes, 0o644); err != nil {
		return err
	}
	if err := writeList(filepath.Join(out, "series.csv"), all); err != nil {
		return err
	}
	if err := writeLearnt(out, all, float64(count)/total, rand.New(rand.NewPCG(seed, 0))); err != nil {
		return err
	}
	return writeJudged(out, all)
}

// writeLearnt writes windows to learn from, so many for each unit of a series' share,
// drawn from what is before the judged part.
func writeLearnt(out string, all []source, windows float64, r *rand.Rand) error {
	w, err := newWriter(out, "train")
	if err != nil {
		return err
	}
	for i := range all {
		s := &all[i]
		n := int(math.Round(windows * s.share))
		origins := make([]int, 0, n)
		for range n {
			for range 100 {
				if o := 2 + r.IntN(s.judged-2); s.values[o] == s.values[o] {
					origins = append(origins, o)
					break
				}
			}
		}
		slices.Sort(origins)
		for _, o := range origins {
			w.window(i, s, o, s.judged)
		}
	}
	return w.close()
}

// writeJudged writes the windows of the judged parts.
func writeJudged(out string, all []source) error {
	w, err := newWriter(out, "judged")
	if err != nil {
		return err
	}
	for i := range all {
		every := int(backtest.Defaults().Every / all[i].step)
		for o := all[i].judged; o < len(all[i].values); o += every {
			w.window(i, &all[i], o, len(all[i].values))
		}
	}
	return w.close()
}

func newSource(f *series.Frame, metric string, k int) *source {
	s := series.Series{Start: f.Start, Step: f.Step, Values: f.Columns[k]}
	t := s.Trim()
	if t.Len() < 1000 {
		return nil
	}
	lo := s.Index(t.Start)
	frame := f.Slice(lo, lo+t.Len())
	out := &source{name: f.Container, metric: metric, values: t.Values, step: f.Step,
		judged: backtest.TestStart(t.Len(), trial.TestShare), windows: forecast.NewWindows(&frame, feature.DirectNeeds(f.Step))}
	out.share = math.Sqrt(float64(out.judged))
	for h, ahead := range horizons {
		n := 0.0
		for i := 0; i+int(ahead/f.Step) < out.judged; i++ {
			if d := math.Abs(t.Values[i+int(ahead/f.Step)] - t.Values[i]); d == d {
				out.usual[h] += d
				n++
			}
		}
		out.usual[h] /= max(n, 1)
		if out.usual[h] == 0 {
			return nil // never moves
		}
	}
	return out
}

func writeList(path string, all []source) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := csv.NewWriter(f)
	rows := [][]string{{"id", "container", "metric", "step"}}
	for i, s := range all {
		rows = append(rows, []string{strconv.Itoa(i), s.name, s.metric, strconv.FormatInt(s.step, 10)})
	}
	return cmp.Or(w.WriteAll(rows), f.Close())
}

// A writer writes rows and, of each window, its raw values.
type writer struct {
	rows, raws *bufio.Writer
	files      []*os.File
	current    forecast.Window
	wide       feature.Wide
	scratch    forecast.Scratch
	values     [rowLen]float32
	path       [raw]float32
	err        error
}

func newWriter(out, name string) (*writer, error) {
	w := new(writer)
	for _, kind := range []string{"rows", "raw"} {
		f, err := os.Create(filepath.Join(out, name+"."+kind))
		if err != nil {
			return nil, err
		}
		w.files = append(w.files, f)
	}
	w.rows, w.raws = bufio.NewWriterSize(w.files[0], 1<<20), bufio.NewWriterSize(w.files[1], 1<<20)
	return w, nil
}

func (w *writer) close() error {
	return cmp.Or(w.err, w.rows.Flush(), w.raws.Flush(), w.files[0].Close(), w.files[1].Close())
}

// window writes the window from an origin, if a target is known before end. Its
// horizons are three rows always: the scale of one whose target is not known is
// zero.
func (w *writer) window(id int, s *source, origin, end int) {
	if s.values[origin] != s.values[origin] || w.err != nil {
		return
	}
	known := false
	for _, ahead := range horizons {
		j := origin + int(ahead/s.step)
		known = known || j < end && s.values[j] == s.values[j]
	}
	if !known {
		return
	}
	s.windows.At(&w.current, origin)
	recent, _ := w.current.Recent.Series(s.metric)
	long, _ := w.current.Long.Series(s.metric)
	w.wide.Reset(recent, long, &w.scratch)
	last, scale := w.wide.Last(), w.wide.Scale()
	const meta = feature.WideCount + feature.WideSkip
	for h, ahead := range horizons {
		w.wide.Fill(w.values[:feature.WideCount], w.values[feature.WideCount:meta], ahead)
		target, size := float32(0), float32(0)
		if j := origin + int(ahead/s.step); j < end && s.values[j] == s.values[j] {
			target, size = float32((s.values[j]-last)/scale), float32(scale)
		}
		copy(w.values[meta:], []float32{target, size, float32(s.usual[h]), float32(id), float32(h)})
		w.err = cmp.Or(w.err, binary.Write(w.rows, binary.LittleEndian, w.values[:]))
	}
	s.path(w.path[:], origin, last, scale)
	w.err = cmp.Or(w.err, binary.Write(w.raws, binary.LittleEndian, w.path[:]))
}

// path fills in the means of the last cells of five minutes, relative to the last
// value and in units of the scale; what is missing is what was before it.
func (s *source) path(dst []float32, origin int, last, scale float64) {
	k := int(300 / s.step)
	before := 0.0
	for i := range dst {
		sum, n := 0.0, 0.0
		for j := origin - (len(dst)-i)*k + 1; j <= origin-(len(dst)-1-i)*k; j++ {
			if j >= 0 && s.values[j] == s.values[j] {
				sum += s.values[j]
				n++
			}
		}
		if n > 0 {
			before = (sum/n - last) / scale
		}
		dst[i] = float32(before)
	}
}
