package series

import (
	"testing"
)

// berlin is Europe/Berlin in 2024, from the tz database, release 2024a
// (zdump -v -c 2024,2025 Europe/Berlin).
func berlin(t testing.TB) Zone {
	z, err := NewZone(3600, []Transition{{1711846800, 7200}, {1729990800, 3600}})
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestZone(t *testing.T) {
	b := berlin(t)
	west, err := NewZone(-5*3600, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		zone    Zone
		t       int64
		offset  int64
		weekday int
		clock   [3]int64
	}{
		{"1970", Zone{}, 0, 0, 3, [3]int64{0, 0, 0}},
		{"before 1970", Zone{}, -1, 0, 2, [3]int64{23, 59, 59}},
		{"a Sunday's last second", Zone{}, 345599, 0, 6, [3]int64{23, 59, 59}},
		{"a Monday's first", Zone{}, 345600, 0, 0, [3]int64{0, 0, 0}},
		{"1 March 2024, UTC", Zone{}, 1709294706, 0, 4, [3]int64{12, 5, 6}},
		{"in Berlin", b, 1709294706, 3600, 4, [3]int64{13, 5, 6}},
		{"west of Greenwich, the day before", west, 1709258706, -18000, 3, [3]int64{21, 5, 6}},
		{"before summer time", b, 1711846799, 3600, 6, [3]int64{1, 59, 59}},
		{"summer time", b, 1711846800, 7200, 6, [3]int64{3, 0, 0}},
		{"the last second of summer time", b, 1729990799, 7200, 6, [3]int64{2, 59, 59}},
		{"that hour again", b, 1729990800, 3600, 6, [3]int64{2, 0, 0}},
		{"long after", b, 4102444800, 3600, 4, [3]int64{1, 0, 0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			second := c.clock[0]*3600 + c.clock[1]*60 + c.clock[2]
			if got := c.zone.Offset(c.t); got != c.offset {
				t.Errorf("Offset: got %d, want %d", got, c.offset)
			}
			if got := c.zone.SecondOfDay(c.t); got != second {
				t.Errorf("SecondOfDay: got %d, want %d", got, second)
			}
			if got := c.zone.Weekday(c.t); got != c.weekday {
				t.Errorf("Weekday: got %d, want %d", got, c.weekday)
			}
			if got, want := c.zone.secondOfWeek(c.t), int64(c.weekday)*86400+second; got != want {
				t.Errorf("secondOfWeek: got %d, want %d", got, want)
			}
			if got, want := c.zone.Week(c.t), (float64(c.weekday)*86400+float64(second))/604800; got != want {
				t.Errorf("Week: got %v, want %v", got, want)
			}
		})
	}
}

func TestNewZone(t *testing.T) {
	for name, c := range map[string]struct {
		offset int64
		in     []Transition
		ok     bool
	}{
		"none":                   {0, nil, true},
		"the largest":            {86399, []Transition{{0, -86399}}, true},
		"a day":                  {86400, nil, false},
		"a day, later":           {0, []Transition{{0, -86400}}, false},
		"one time twice":         {0, []Transition{{5, 1}, {5, 2}}, false},
		"times that go backward": {0, []Transition{{5, 1}, {4, 2}}, false},
	} {
		z, err := NewZone(c.offset, c.in)
		if (err == nil) != c.ok || err != nil && err != ErrZone {
			t.Errorf("%s: error %v", name, err)
		}
		if offset, in := z.Transitions(); c.ok && (offset != c.offset || len(in) != len(c.in)) {
			t.Errorf("%s: Transitions: got %d %v", name, offset, in)
		}
	}
	in := []Transition{{5, 1}}
	z, _ := NewZone(0, in)
	in[0].Offset = 7
	_, out := z.Transitions()
	out[0].Offset = 8
	if z.Offset(5) != 1 {
		t.Error("a zone changes with the slices that went in and came out")
	}
}
