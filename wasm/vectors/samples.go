package main

import (
	"math"
	"slices"

	"github.com/foretide/foretide/core/abi"
	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/series"
)

// samples are calls that put raw samples on a grid.
func (l *list) samples() {
	nan, inf := math.NaN(), math.Inf(1)
	minutes := []int64{1700000107, 1700000046, 1700000046, 1700000166, 1700000226, 1700000287}
	clean := func(says, in string, step, keep int64, metrics ...abi.RawSamples) {
		l.add(says, "clean", 0, in, abi.AppendRaw(nil, "azure/vm-1", step, keep, metrics))
	}
	cpu := abi.RawSamples{Metric: series.CPU, Times: minutes, Values: []float64{1, 2, 4, inf, nan, 6}}
	memory := abi.RawSamples{Metric: series.Memory, Values: []float64{7, 8, nan, 9, 10, -1e151}}
	received := abi.RawSamples{Metric: series.NetRx, Counter: true, Times: []int64{1700000040, 1700000100, 1700000160, 1700000220, 1700000280},
		Values: []float64{0, 600, 60, 180, -1}}
	clean("samples out of order, at the same time, missing and too large", "samples.req", 0, 0, cpu, memory)
	clean("a counter with a reset beside them", "samples-counter.req", 0, 0, cpu, received)
	clean("of which two minutes are kept", "samples-kept.req", 0, 120, cpu, memory, received)
	clean("at a step of five minutes", "samples-300.req", 300, 0, cpu, memory, received)
	clean("samples without a value", "samples-none.req", 0, 0, abi.RawSamples{Metric: series.CPU, Times: minutes[:2], Values: []float64{nan, nan}})
	var times []int64
	var values []float64
	for i := range 3000 {
		times, values = append(times, 1700000000+299*int64(i)+int64(i*i%3)), append(values, float64(i*7%13))
	}
	slices.Reverse(times)
	clean("ten days of intervals of 299 to 301 s, the newest first", "samples-days.req", 0, 9*86400, abi.RawSamples{Metric: series.CPU, Times: times, Values: values})
	clean("a wrong timestamp", "samples-far.req", 60, 0, abi.RawSamples{Metric: series.CPU, Times: []int64{0, 1 << 40}, Values: []float64{1, 2}})
	request := abi.AppendRaw(nil, "", 60, 0, []abi.RawSamples{cpu})
	l.add("samples that are cut", "clean", 0, "samples-cut.req", request[:len(request)-8])
	l.add("samples of no metric", "clean", 0, "samples-no-metric.req", abi.AppendRaw(nil, "", 60, 0, nil))
}

// names are calls for the names of checkpoints.
func (l *list) names() {
	name := func(says, in, metric, container string) {
		b := codec.AppendUint32(nil, uint32(len(metric)))
		b = codec.AppendUint32(append(b, metric...), uint32(len(container)))
		l.add(says, "checkpoint_name", 0, in, append(b, container...))
	}
	name("the name of a container's checkpoint", "name.req", series.CPU, "webapp")
	name("of one for every container", "name-shared.req", series.CPU, "")
	name("of a container that would leave its folder, and is not ASCII", "name-escaped.req", "net_rx", "../é")
	name("of a container that is called as what serves every one", "name-underscore.req", "..", "_shared")
	name("of no metric", "name-none.req", "", "webapp")
}
