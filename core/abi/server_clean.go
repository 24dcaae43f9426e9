package abi

import (
	"strconv"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/series"
)

// Clean puts raw samples on a grid, as AppendRaw wrote them. It returns how many
// of them are used, and leaves a report and the frame, as a window of a request.
func (s *Server) Clean(request []byte) int32 {
	s.result = s.result[:0]
	r := &reader{b: request}
	n := r.count(maxMetrics, "metrics")
	if zero := r.u32("a reserved number"); zero != 0 {
		r.fail(badRequest, "unknown flags")
	}
	step, keep := r.i64("a step"), r.i64("seconds to keep")
	if step < 0 || step > maxStep {
		r.fail(badStep, "a step of "+strconv.FormatInt(step, 10)+" s")
	}
	if keep < 0 {
		r.fail(badRequest, "a negative number of seconds to keep")
	}
	container := r.string(maxName, "a container's name")
	r.pad("padding")
	if n == 0 {
		r.fail(badRequest, "no metric")
	}
	metrics := r.readSamples(n)
	if r.err == nil && r.off != len(request) {
		r.fail(badRequest, strconv.Itoa(len(request)-r.off)+" bytes follow the last metric")
	}
	if r.err != nil {
		return s.failed(r.err, badRequest)
	}
	f, report, err := series.Clean(container, metrics, series.CleanOptions{Step: step, Keep: keep, MaxValues: MaxCells})
	if err != nil {
		return s.failed(err, TooLarge)
	}
	if f.Step > maxStep {
		return s.fail(badStep, "abi: samples that are "+strconv.FormatInt(f.Step, 10)+" s apart")
	}
	used := 0
	for _, c := range report {
		used += c.Used
	}
	s.result = appendCleaned(s.result, &f, report)
	return int32(used)
}

// Name leaves the name of the checkpoint that serves a metric of a container,
// or every container where that is empty: codec.Name.
func (s *Server) Name(request []byte) int32 {
	s.result = s.result[:0]
	r := &reader{b: request}
	metric := r.string(maxName, "a metric's name")
	container := r.string(maxName, "a container's name")
	if r.err == nil && metric == "" {
		r.fail(noMetric, "no metric's name")
	}
	if r.err == nil && r.off != len(request) {
		r.fail(badRequest, strconv.Itoa(len(request)-r.off)+" bytes follow the names")
	}
	if r.err != nil {
		return s.failed(r.err, badRequest)
	}
	s.result = append(s.result, codec.Name(metric, container)...)
	return 0
}
