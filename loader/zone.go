package loader

import (
	"fmt"
	"time"

	"github.com/foretide/foretide/core/series"
)

// Zone returns the offsets that the location has from one time to another, with
// every change between: the table that calendar features of series are made
// with. Outside of that span it has the offset of the span's nearer end. An
// offset of a day or more is an error that wraps series.ErrZone.
func Zone(loc *time.Location, from, to time.Time) (series.Zone, error) {
	_, offset := from.In(loc).Zone()
	first := int64(offset)
	var transitions []series.Transition
	for t := from.In(loc); ; {
		_, end := t.ZoneBounds()
		if !end.IsZero() && !end.After(t) {
			// Package time takes the last hours of leap years for a span without
			// length, in zones that go by a rule.
			end = t.Add(time.Hour)
		}
		if end.IsZero() || end.After(to) {
			break
		}
		// A zone's name can change without its offset.
		if _, o := end.Zone(); o != offset {
			offset = o
			transitions = append(transitions, series.Transition{At: end.Unix(), Offset: int64(o)})
		}
		t = end
	}
	z, err := series.NewZone(first, transitions)
	if err != nil {
		return z, fmt.Errorf("loader: time zone %s: %w", loc, err)
	}
	return z, nil
}
