package loader

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the rules, where the system has none

	"github.com/foretide/foretide/core/series"
)

// TestZone: offset, clock and weekday are those of package time, for every hour
// or so of 60 years and for each second around the changes of clocks: one hour
// and half an hour, east and west, north and south, and a skipped day.
func TestZone(t *testing.T) {
	from := time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
	to := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, changes := range map[string]int{ // at least
		"UTC": 0, "Europe/Berlin": 90, "America/New_York": 115, "Asia/Kolkata": 0,
		"Australia/Lord_Howe": 80, "Pacific/Apia": 10, "America/St_Johns": 110,
	} {
		t.Run(name, func(t *testing.T) {
			loc, err := time.LoadLocation(name)
			if err != nil {
				t.Fatal(err)
			}
			z, err := Zone(loc, from, to)
			if err != nil {
				t.Fatal(err)
			}
			check := func(at int64) {
				t.Helper()
				local := time.Unix(at, 0).In(loc)
				h, m, s := local.Clock()
				_, offset := local.Zone()
				if z.Offset(at) != int64(offset) || z.SecondOfDay(at) != int64(h*3600+m*60+s) || z.Weekday(at) != (int(local.Weekday())+6)%7 {
					t.Fatalf("%v: got offset %d, second %d, weekday %d", local, z.Offset(at), z.SecondOfDay(at), z.Weekday(at))
				}
			}
			for at := from.Unix(); at < to.Unix(); at += 4567 {
				check(at)
			}
			_, transitions := z.Transitions()
			if len(transitions) < changes || changes == 0 && len(transitions) > 0 {
				t.Errorf("%d changes, want %d", len(transitions), changes)
			}
			for _, c := range transitions {
				for at := c.At - 5; at < c.At+5; at++ {
					check(at)
				}
			}
		})
	}
}

// TestZoneSpan: outside the span the nearer end's offset holds, a change at the
// very ends is within it.
func TestZoneSpan(t *testing.T) {
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	summer, winter := time.Unix(1711846800, 0), time.Unix(1729990800, 0)
	z, err := Zone(loc, summer, winter)
	if err != nil {
		t.Fatal(err)
	}
	offset, transitions := z.Transitions()
	if offset != 7200 || len(transitions) != 1 || transitions[0] != (series.Transition{At: 1729990800, Offset: 3600}) {
		t.Errorf("got %d, %v", offset, transitions)
	}
	if z.Offset(0) != 7200 || z.Offset(1<<40) != 3600 {
		t.Errorf("outside: %d and %d", z.Offset(0), z.Offset(1<<40))
	}
	_, err = Zone(time.FixedZone("Nowhere", 90_000), summer, winter)
	if !errors.Is(err, series.ErrZone) || !strings.Contains(err.Error(), "Nowhere") {
		t.Errorf("25 hours: %v", err)
	}
}

func ExampleZone() {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		fmt.Println(err)
		return
	}
	day := time.Date(2024, 10, 27, 0, 0, 0, 0, time.UTC) // clocks go back
	z, err := Zone(berlin, day.AddDate(-1, 0, 0), day.AddDate(1, 0, 0))
	if err != nil {
		fmt.Println(err)
		return
	}
	for h := range 3 {
		t := day.Add(time.Duration(h) * time.Hour).Unix()
		fmt.Printf("%d:00 on weekday %d, %.4f of the week\n", z.SecondOfDay(t)/3600, z.Weekday(t), z.Week(t))
	}
	// Output:
	// 2:00 on weekday 6, 0.8690 of the week
	// 2:00 on weekday 6, 0.8690 of the week
	// 3:00 on weekday 6, 0.8750 of the week
}

// TestZoneFarAhead: the time package's bounds of a zone do not advance at the
// end of some leap years, 2040 among them.
func TestZoneFarAhead(t *testing.T) {
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	z, err := Zone(loc, time.Date(2039, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2050, 1, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	if _, in := z.Transitions(); len(in) != 22 {
		t.Errorf("%d changes of the clock in 11 years", len(in))
	}
	for at := time.Date(2039, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() < 2050; at = at.Add(13 * time.Hour) {
		_, want := at.In(loc).Zone()
		if got := z.Offset(at.Unix()); got != int64(want) {
			t.Fatalf("%v: offset %d, not %d", at, got, want)
		}
	}
}
