package serving

import (
	"math"

	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/core/serve"
)

// A track is how one series' forecasts came true, by horizon.
type track struct{ leads []*lead }

// A lead is one horizon of a track.
type lead struct {
	ahead   int64
	pending []promise // not due yet, by time
	due     promise   // the last one that came due; its time is 0 where none did
	sums    [slots]sum
}

// A promise is what was forecast for a time.
type promise struct {
	at             int64
	median, lo, hi float64 // 80 %
	last           float64 // the value that was known last
}

const (
	slots      = 24   // that the time which is judged is divided in
	mostLeads  = 64   // horizons of a series
	mostWaited = 2048 // forecasts of one horizon that are not due
)

// A sum is of the forecasts that came due in one slot of time.
type sum struct {
	slot                      int64
	n, abs, persisted, inside float64
}

// note keeps a forecast until it is due.
func (t *track) note(f *serve.Answer) {
	kept := t.leads
	t.leads = make([]*lead, 0, len(f.At))
	for i := range f.At {
		h := &f.At[i]
		if i == mostLeads {
			break
		}
		var l *lead
		for _, k := range kept {
			if k.ahead == h.Ahead {
				l = k
			}
		}
		if l == nil { // another model, with other horizons
			l = &lead{ahead: h.Ahead}
		}
		t.leads = append(t.leads, l)
		p := promise{at: f.Origin + h.Ahead, median: f.Median(h), last: f.Actual}
		p.lo, p.hi = f.Interval(h, 0.8)
		n := len(l.pending)
		if n < mostWaited && (n == 0 || l.pending[n-1].at < p.at) && p.at > l.due.at {
			l.pending = append(l.pending, p)
		}
	}
}

// judge compares what is due by the series' end with what came. A value that is
// missing judges nothing.
func (t *track) judge(s series.Series, slot int64) {
	end := s.End()
	for _, l := range t.leads {
		n := 0
		for n < len(l.pending) && l.pending[n].at < end {
			p := l.pending[n]
			n++
			if actual := s.At(p.at); !math.IsNaN(actual) {
				l.add(p, actual, slot)
			}
		}
		l.pending = append(l.pending[:0], l.pending[n:]...)
	}
}

func (l *lead) add(p promise, actual float64, slot int64) {
	l.due = p
	if math.IsNaN(p.last) {
		return
	}
	number := p.at / slot
	s := &l.sums[number%slots]
	if s.slot != number {
		*s = sum{slot: number}
	}
	s.n++
	s.abs += math.Abs(actual - p.median)
	s.persisted += math.Abs(actual - p.last)
	if p.lo <= actual && actual <= p.hi {
		s.inside++
	}
}

// accuracy is the sum over the slots that end at a time.
func (l *lead) accuracy(now, slot int64) sum {
	var out sum
	for _, s := range l.sums {
		if s.n > 0 && s.slot > now/slot-slots && s.slot <= now/slot {
			out.n += s.n
			out.abs += s.abs
			out.persisted += s.persisted
			out.inside += s.inside
		}
	}
	return out
}
