package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/foretide/foretide/core/abi"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/models"
	"github.com/foretide/foretide/core/naive"
	"github.com/foretide/foretide/core/series"
)

// families are those whose checkpoints are loaded, in the table's order: their
// handles are 1, 2 …
var families = checkpointed()

// checkpointed returns the families that have checkpoints of their own.
func checkpointed() []string {
	var names []string
	for _, f := range models.Families() {
		if !f.BuiltIn {
			names = append(names, f.Name)
		}
	}
	return names
}

// A list collects calls and writes the bytes that go in.
type list struct {
	dir  string
	all  []vector
	err  error
	seen map[string]bool
}

func (l *list) add(says, call string, handle int32, in string, b []byte) {
	if in != "" && !l.seen[in] {
		l.seen[in] = true
		if err := os.WriteFile(filepath.Join(l.dir, in), b, 0o644); err != nil && l.err == nil {
			l.err = err
		}
	}
	l.all = append(l.all, vector{Says: says, Call: call, Handle: handle, In: in, bytes: b})
}

// calls returns the calls that are made of the module.
func calls(dir string, frame *series.Frame) ([]vector, error) {
	l := &list{dir: dir, seen: make(map[string]bool)}
	var checkpoint []byte
	for _, name := range families {
		b, err := os.ReadFile(filepath.Join(dir, name+".ckpt"))
		if err != nil {
			return nil, fmt.Errorf("%w (run with -fit)", err)
		}
		checkpoint = b
		l.seen[name+".ckpt"] = true
		l.add("a checkpoint of "+name, "load", 0, name+".ckpt", b)
	}
	for i, name := range families {
		l.add("what "+name+" is", "describe", int32(i+1), "", nil)
	}
	l.forecasts(frame)
	l.standIns(frame)
	l.updates(frame)
	l.troubles(frame, checkpoint)
	l.samples()
	l.names()
	return l.all, l.err
}

func (l *list) forecasts(frame *series.Frame) {
	long := tail(frame, 2305, 0)
	l.request("frame.req", &abi.Request{Windows: []abi.Window{framed(long)}})
	w := forecast.WindowOf(&long, naive.NeedsOf(step))
	l.request("window.req", &abi.Request{Windows: []abi.Window{{Window: w}}})
	for i, name := range families {
		l.again(name+" from a frame", int32(i+1), "frame.req")
		l.again(name+" from a window of two parts", int32(i+1), "window.req")
	}
	short := tail(frame, 100, 0)
	l.forecast("three horizons, of which two are interpolated, of a short frame", 2, "between.req",
		&abi.Request{Metric: series.CPU, Ahead: []int64{600, 900, 1500}, Windows: []abi.Window{framed(short)}})
	many := &abi.Request{}
	for i := range 20 {
		many.Windows = append(many.Windows, framed(tail(frame, 60, 12*i)))
	}
	gap := slices.Clone(many.Windows[3].Recent.Columns[0])
	for i := range gap {
		gap[i] = math.NaN()
	}
	many.Windows[3] = framed(series.FrameOf(frame.Container, series.CPU, series.Series{Start: frame.Start, Step: step, Values: gap}))
	constant := slices.Repeat([]float64{3.25}, 60)
	constant[7] = math.Inf(1)
	many.Windows[4] = framed(series.FrameOf("somebody else", series.CPU, series.Series{Start: frame.Start, Step: step, Values: constant}))
	many.Windows[5] = framed(series.FrameOf(frame.Container, series.Memory, series.Series{Start: frame.Start, Step: step, Values: constant}))
	many.Windows[6] = framed(series.FrameOf(frame.Container, series.CPU, series.Series{Start: frame.Start / 70 * 70, Step: 70, Values: constant}))
	many.Windows[7] = framed(series.FrameOf(frame.Container, series.CPU, series.Series{Start: frame.Start, Step: step}))
	many.Windows[8] = framed(series.FrameOf(frame.Container, series.CPU, series.Series{Start: frame.Start / 300 * 300, Step: 60, Values: slices.Repeat([]float64{1, 2, math.NaN(), 4}, 30)}))
	l.request("many.req", many)
	for i, name := range families {
		l.again("twenty windows, some all missing, constant, of another container, metric or step, or empty: "+name, int32(i+1), "many.req")
	}
}

func (l *list) standIns(frame *series.Frame) {
	short := tail(frame, 30, 0)
	l.forecast("without a checkpoint", 0, "general.req", &abi.Request{Metric: series.Memory, Windows: []abi.Window{framed(short)}})
	l.forecast("without a checkpoint, 10 minutes ahead, of a metric that may be negative", 0, "general-10m.req", &abi.Request{
		Metric: "balance", Ahead: []int64{600}, Windows: []abi.Window{framed(series.FrameOf("", "balance",
			series.Series{Start: 1700000100, Step: step, Values: []float64{-3, -5, -4, math.NaN(), -6, -2}}))}})
}

// updates are of the calibrations, and of a model without one.
func (l *list) updates(frame *series.Frame) {
	w := framed(tail(frame, 2305, 6))
	n := frame.Len()
	actual := func(ahead int64) forecast.Actual {
		return forecast.Actual{Ahead: ahead, Value: frame.Columns[frame.Column(series.CPU)][n-7+int(ahead/step)]}
	}
	request := abi.AppendUpdate(nil, []forecast.Actual{actual(300), {Ahead: 600, Value: 1}, {Ahead: 900, Value: math.NaN()}, actual(1800)}, &w)
	for i, name := range families {
		l.add("what became of a forecast by "+name, "update", int32(i+1), "update.req", request)
		l.again("a forecast by "+name+" after that", int32(i+1), "frame.req")
	}
	l.add("an update that is cut", "update", 2, "update-cut.req", request[:len(request)-8])
	l.add("an update of no checkpoint", "update", 0, "update.req", request)
	l.add("the calibration as it was loaded", "restore", 2, "restore-none.req", nil)
	state := []byte{0x0a, 48}
	for _, side := range []float64{0.5, -0.25, 0, 0, 1, 0.125} {
		b := math.Float64bits(side)
		for k := range 8 {
			state = append(state, byte(b>>(8*k)))
		}
	}
	l.add("the calibration of another instance", "restore", 2, "restore.req", slices.Clone(state))
	l.again("a forecast by arima after that", 2, "frame.req")
	state[9] = 0x7f
	l.add("an impossible calibration", "restore", 2, "restore-bad.req", state)
}

// troubles are calls that fail.
func (l *list) troubles(frame *series.Frame, checkpoint []byte) {
	good := (&abi.Request{Windows: []abi.Window{framed(tail(frame, 10, 0))}}).Append(nil)
	l.add("a request that is cut", "forecast", 1, "cut.req", good[:len(good)-8])
	l.add("a request that is followed by something", "forecast", 1, "long.req", append(slices.Clone(good), 0, 0, 0, 0, 0, 0, 0, 0))
	l.add("no request", "forecast", 1, "empty.req", nil)
	l.forecast("no window", 1, "none.req", &abi.Request{})
	l.forecast("a handle that nothing is loaded under", 99, "ten.req", &abi.Request{Windows: []abi.Window{framed(tail(frame, 10, 0))}})
	l.forecast("a horizon that the model has not", 1, "far.req", &abi.Request{Ahead: []int64{3600}, Windows: []abi.Window{framed(tail(frame, 10, 0))}})
	l.forecast("a metric that is not the checkpoint's", 1, "metric.req", &abi.Request{Metric: "memory", Windows: []abi.Window{framed(tail(frame, 10, 0))}})
	l.add("not a checkpoint", "load", 0, "text.ckpt", []byte("timestamp,container,cpu\n"))
	l.add("half a checkpoint", "load", 0, "half.ckpt", checkpoint[:len(checkpoint)/2])
	damaged := slices.Clone(checkpoint)
	damaged[len(damaged)/2] ^= 1
	l.add("a damaged checkpoint", "load", 0, "damaged.ckpt", damaged)
	newer := slices.Clone(checkpoint)
	newer[8] = 2
	l.add("a checkpoint of another major version", "load", 0, "newer.ckpt", newer)
	l.add("a checkpoint is forgotten", "unload", 1, "", nil)
	l.again("a handle whose checkpoint is forgotten", 1, "ten.req")
	l.add("and what it was", "describe", 1, "", nil)
	l.add("a checkpoint again, under another handle", "load", 0, "naive.ckpt", l.all[0].bytes)
	uneven := tail(frame, 10, 0)
	uneven.Start += 60
	l.forecast("a frame that begins between two multiples of its step", 0, "uneven.req", &abi.Request{Metric: series.CPU, Windows: []abi.Window{framed(uneven)}})
}

func framed(f series.Frame) abi.Window {
	return abi.Window{Window: forecast.Window{Recent: f}, Frame: true}
}

// request makes a request's bytes known, without a call.
func (l *list) request(in string, q *abi.Request) {
	l.add("", "", 0, in, q.Append(nil))
	last := l.all[len(l.all)-1]
	l.all = l.all[:len(l.all)-1]
	if requests == nil {
		requests = make(map[string][]byte)
	}
	requests[in] = last.bytes
}

// requests are the bytes of the requests by the names of their files.
var requests map[string][]byte

func (l *list) forecast(says string, handle int32, in string, q *abi.Request) {
	l.request(in, q)
	l.again(says, handle, in)
}

func (l *list) again(says string, handle int32, in string) {
	l.add(says, "forecast", handle, in, requests[in])
}
