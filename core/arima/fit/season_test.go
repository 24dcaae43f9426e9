package fit

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/foretide/foretide/core/arima"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

// daily is days of five minutes: persistent noise on a shape of the hour, from
// 0 to 24, with outliers now and then.
func daily(days int, shape func(hour float64) float64, seed uint64) series.Frame {
	rng := rand.New(rand.NewPCG(seed, 1))
	v := make([]float64, days*288)
	noise := 0.0
	for i := range v {
		noise = 0.8*noise + 0.3*rng.NormFloat64()
		v[i] = 20 + shape(float64(i%288)/12) + noise
		if rng.IntN(100) == 0 {
			v[i] += 30
		}
	}
	return series.FrameOf("web", "cpu", series.Series{Start: 1_700_006_400 / 86400 * 86400, Step: 300, Values: v})
}

func fitted(t *testing.T, frame series.Frame) *arima.Fitted {
	t.Helper()
	f, _, err := Defaults().Fit([]series.Frame{frame}, testTask(300), forecast.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return f.(*arima.Fitted)
}

// TestPatternIsDecidedByValidation: a smooth day, a day of scheduled jobs that
// no few harmonics describe, and no day at all.
func TestPatternIsDecidedByValidation(t *testing.T) {
	wave := func(h float64) float64 { return 8 * math.Sin(2*math.Pi*h/24) }
	jobs := func(h float64) float64 {
		if int(h)%6 == 2 && h-math.Floor(h) < 0.4 {
			return 15
		}
		return 0
	}
	flat := func(float64) float64 { return 0 }
	for name, c := range map[string]struct {
		shape func(float64) float64
		good  func(pattern) bool
	}{
		"wave": {wave, func(p pattern) bool { return p.period == day }},
		"jobs": {jobs, func(p pattern) bool { return p == pattern{day, 0} }},
		"flat": {flat, func(p pattern) bool { return p == pattern{} }},
	} {
		parts := fitted(t, daily(12, c.shape, 7)).Parts()
		if p := patternOf(&parts[len(parts)-1].Season); !c.good(p) {
			t.Errorf("%s: half an hour ahead the pattern is %+v", name, p)
		}
	}
}

// TestPatternsAreFound: each kind gives back the pattern of its own period, at
// any phase of the history's start and with missing values.
func TestPatternsAreFound(t *testing.T) {
	const start, span = 1_700_000_100, 300
	truth := func(t int64) float64 { return math.Sin(2*math.Pi*float64(t%day)/float64(day)) + 0.1 }
	rng := rand.New(rand.NewPCG(2, 1))
	z := make([]float64, 22*288)
	for i := range z {
		z[i] = 5 + 1e-4*float64(i) + truth(start+int64(i)*span) + 0.02*rng.NormFloat64()
		if i%50 == 7 {
			z[i] = math.NaN()
		}
	}
	for _, p := range patterns[1:] {
		if !p.seen(len(z), span) {
			t.Errorf("%+v is not tried on 22 days", p)
		}
		s := p.fit(z, start, span)
		if patternOf(&s) != p {
			t.Errorf("%+v became %+v", p, patternOf(&s))
		}
		worst := 0.0
		for i := range 7 * 288 {
			at := start + int64(len(z)+i)*span
			worst = max(worst, math.Abs(s.At(at)-truth(at)+0.1))
		}
		if worst > 0.1 {
			t.Errorf("%+v: off by %.3f", p, worst)
		}
	}
	if (pattern{week, 0}).seen(20*288, span) || (pattern{day, 0}).seen(3*206, 420) {
		t.Error("a pattern that was not seen three times, or whose period is not whole blocks, is tried")
	}
}

// TestBoundsAreDecidedByValidation: with outliers that leave no trace,
// innovations are bounded; with normal ones they are not.
func TestBoundsAreDecidedByValidation(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 1))
	for _, outliers := range []bool{true, false} {
		v := make([]float64, 2500)
		level := 0.0
		for i := range v {
			level = 0.97*level + rng.NormFloat64()
			v[i] = 100 + 2*level
			if outliers && rng.IntN(12) == 0 {
				v[i] += 60
			}
		}
		parts := fitted(t, series.FrameOf("web", "cpu", series.Series{Start: 0, Step: 300, Values: v})).Parts()
		if bounded := !math.IsInf(parts[0].Clip, 1); bounded != outliers {
			t.Errorf("outliers %v: bounded innovations %v", outliers, bounded)
		}
	}
}

// TestRefitKeepsTheStructure: more history changes numbers, not orders and
// patterns; and a fit to the same history the same bytes.
func TestRefitKeepsTheStructure(t *testing.T) {
	frame := daily(14, func(h float64) float64 { return 8 * math.Sin(2*math.Pi*h/24) }, 3)
	before := fitted(t, frame.Slice(0, 9*288))
	var payloads [2][]byte
	for i := range payloads {
		f, report, err := Defaults().Refit(before, []series.Frame{frame}, testTask(300), forecast.Options{})
		if err != nil || report.Points != frame.Len() || report.Summary == "" {
			t.Fatalf("%+v, %v", report, err)
		}
		payloads[i] = f.AppendPayload(nil)
		after := f.(*arima.Fitted).Parts()
		if len(after) != len(before.Parts()) {
			t.Fatalf("%d parts became %d", len(before.Parts()), len(after))
		}
		for j, k := range before.Parts() {
			a := &after[j]
			if a.Process.Order != k.Process.Order || patternOf(&a.Season) != patternOf(&k.Season) || a.Link != k.Link || a.Clip != k.Clip {
				t.Errorf("part %d: %+v became %+v", j, k, a)
			}
			if k.Process.Sigma2 == a.Process.Sigma2 {
				t.Errorf("part %d is not estimated again", j)
			}
		}
	}
	if !bytes.Equal(payloads[0], payloads[1]) {
		t.Error("two fits have different payloads")
	}
}

func BenchmarkFit(b *testing.B) {
	frame := daily(21, func(h float64) float64 { return 8 * math.Sin(2*math.Pi*h/24) }, 3)
	for b.Loop() {
		if _, _, err := Defaults().Fit([]series.Frame{frame}, testTask(300), forecast.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
