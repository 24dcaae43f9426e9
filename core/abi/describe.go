package abi

import (
	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

// A Description says what a loaded checkpoint is.
type Description struct {
	forecast.Spec
	Kind       string   // of the payload: "calibrated.1" …
	Container  string   // whom it serves; empty where it serves every container
	Containers []string // those that a shared model has a calibration of their own for
	Updatable  bool     // follows actual values (update)
	From       Provenance
}

// Provenance is what the host gets to know of where a checkpoint comes from.
type Provenance struct {
	Version            string // of the Foretide that wrote it
	Status, Summary    string // how the fit ended; the chosen model, for people
	DataStart, DataEnd int64  // Unix seconds
	Points             int64  // observed values
}

const flagUpdatable = 1

func (d *Description) append(dst []byte) []byte {
	start := len(dst)
	dst = appendInts(dst, []int64{d.Step, int64(d.Needs.Recent), int64(d.Needs.Long), d.Needs.LongStep})
	dst = appendFloats(dst, []float64{d.Bounds.Lower, d.Bounds.Upper})
	dst = appendInts(dst, []int64{d.From.DataStart, d.From.DataEnd, d.From.Points})
	flags := uint32(0)
	if d.Updatable {
		flags |= flagUpdatable
	}
	for _, n := range []uint32{uint32(len(d.Horizons)), uint32(len(d.Levels)), uint32(len(d.Containers)), flags} {
		dst = codec.AppendUint32(dst, n)
	}
	dst = appendInts(dst, d.Horizons)
	dst = appendFloats(dst, d.Levels)
	for _, s := range []string{d.Kind, d.Metric, d.Container, d.Model, d.From.Version, d.From.Status, d.From.Summary} {
		dst = appendString(dst, s)
	}
	for _, s := range d.Containers {
		dst = appendString(dst, s)
	}
	return pad(dst, start)
}

// ParseDescription returns the description that the bytes are. As of
// ParseResult, they may be anybody's.
func ParseDescription(b []byte) (*Description, error) {
	r := &reader{b: b}
	d := &Description{}
	d.Step = r.i64("a step")
	d.Needs = forecast.Needs{Recent: int(r.i64("needs")), Long: int(r.i64("needs")), LongStep: r.i64("needs")}
	d.Bounds = series.Bounds{Lower: r.f64("bounds"), Upper: r.f64("bounds")}
	d.From = Provenance{DataStart: r.i64("provenance"), DataEnd: r.i64("provenance"), Points: r.i64("provenance")}
	horizons, levels, containers := r.count(len(b)/8, "horizons"), r.count(len(b)/8, "levels"), r.count(len(b)/4, "containers")
	d.Updatable = r.u32("flags")&flagUpdatable != 0
	d.Horizons = r.ints(horizons, "horizons")
	d.Levels = r.floats(nil, levels, "levels")
	for _, s := range []*string{&d.Kind, &d.Metric, &d.Container, &d.Model, &d.From.Version, &d.From.Status, &d.From.Summary} {
		*s = r.string(len(b), "text")
	}
	for i := 0; i < containers && r.err == nil; i++ {
		d.Containers = append(d.Containers, r.string(len(b), "a container's name"))
	}
	if r.err == nil {
		if err := d.Task.Check(); err != nil {
			r.err = err
		} else if !possible(&d.Needs, d.Step) {
			r.fail(badRequest, "impossible needs")
		}
	}
	return d, r.err
}

// possible reports whether a model of the step could need so much.
func possible(n *forecast.Needs, step int64) bool {
	if n.Recent < 0 || n.Recent > MaxCells || n.Long < 0 || n.Long > MaxCells {
		return false
	}
	return n.Long == 0 || n.LongStep > 0 && n.LongStep <= maxStep && n.LongStep%step == 0
}
