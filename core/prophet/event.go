package prophet

import (
	"slices"

	"github.com/foretide/foretide/core/series"
)

// DaySpan returns the day of local time that holds the Unix second t, moved by
// a number of days.
func DaySpan(z *series.Zone, t, days int64) Span {
	local := t + z.Offset(t)
	midnight := local - floorMod(local, 86400) + days*86400
	return Span{unix(z, midnight), unix(z, midnight+86400)}
}

// unix returns the Unix second at which the clock shows local seconds since
// 1970; one of two where clocks went back, and one beside it where they skip
// the time.
func unix(z *series.Zone, local int64) int64 {
	t := local - z.Offset(local)
	return local - z.Offset(t)
}

func floorMod(a, b int64) int64 {
	m := a % b
	if m < 0 {
		m += b
	}
	return m
}

// MergeSpans sorts spans and joins those that touch; empty ones are left out.
func MergeSpans(spans []Span) []Span {
	spans = slices.DeleteFunc(slices.Clone(spans), func(s Span) bool { return s.From >= s.To })
	slices.SortFunc(spans, func(a, b Span) int {
		switch {
		case a.From < b.From:
			return -1
		case a.From > b.From:
			return 1
		}
		return 0
	})
	out := spans[:0]
	for _, s := range spans {
		if n := len(out); n > 0 && s.From <= out[n-1].To {
			out[n-1].To = max(out[n-1].To, s.To)
			continue
		}
		out = append(out, s)
	}
	return out
}
