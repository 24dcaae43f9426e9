package series

import (
	"errors"
	"slices"
)

// ErrZone is returned by NewZone for transitions that no time zone has.
var ErrZone = errors.New("series: offsets of a time zone are beyond a day, or its transitions are not in order")

// A Transition is a moment from which on local time has another offset.
type Transition struct {
	At     int64 // Unix seconds
	Offset int64 // seconds east of UTC from then on
}

// A Zone is local time as a table of its offsets from UTC: the core has no
// package time, and a table in a checkpoint gives the same hours wherever it is
// read, whatever rules are installed there. It is immutable and safe for
// concurrent use. The zero value is UTC. loader.Zone makes one of a
// *time.Location.
type Zone struct {
	first       int64 // offset before the first transition
	transitions []Transition
}

// NewZone returns the zone with the given offset (seconds east of UTC) before
// the first transition; after the last one its offset stays. The error is
// ErrZone where an offset is a day or more, or times do not ascend.
func NewZone(offset int64, transitions []Transition) (Zone, error) {
	valid := func(offset int64) bool { return -day < offset && offset < day }
	if !valid(offset) {
		return Zone{}, ErrZone
	}
	for i, t := range transitions {
		if !valid(t.Offset) || i > 0 && t.At <= transitions[i-1].At {
			return Zone{}, ErrZone
		}
	}
	return Zone{first: offset, transitions: slices.Clone(transitions)}, nil
}

// Transitions returns what NewZone makes the zone of.
func (z Zone) Transitions() (offset int64, transitions []Transition) {
	return z.first, slices.Clone(z.transitions)
}

// Offset returns the seconds that local time is east of UTC at the Unix second
// t.
func (z Zone) Offset(t int64) int64 {
	lo, hi := 0, len(z.transitions) // the first transition after t is in [lo, hi]
	for lo < hi {
		if mid := (lo + hi) / 2; z.transitions[mid].At <= t {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo == 0 {
		return z.first
	}
	return z.transitions[lo-1].Offset
}

// Seconds in a day and in a week of the clock.
const (
	day  = 86400
	week = 7 * day
)

// monday is a midnight between Sunday and Monday, UTC: 5 January 1970.
const monday = 4 * day

// SecondOfDay returns what the clock shows at the Unix second t: the seconds
// since midnight, in [0, 86400). Where clocks go forward it skips an hour, and
// where they go back it shows one twice.
func (z Zone) SecondOfDay(t int64) int64 {
	local := t + z.Offset(t)
	return local - floorDiv(local, day)*day
}

// secondOfWeek returns the seconds since Monday 00:00 by calendar and clock, in
// [0, 604800): the weekday (Monday is 0) times 86400, and SecondOfDay.
func (z Zone) secondOfWeek(t int64) int64 {
	local := t + z.Offset(t) - monday
	return local - floorDiv(local, week)*week
}

// Weekday returns the day of the week at the Unix second t: 0 is Monday, 6 is
// Sunday.
func (z Zone) Weekday(t int64) int { return int(z.secondOfWeek(t) / day) }

// Week returns the time of the week as a fraction from Monday 00:00, in [0, 1).
func (z Zone) Week(t int64) float64 { return float64(z.secondOfWeek(t)) / week }
