package feature

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/foretide/foretide/core/forecast"
)

// TestRoll: origin after origin, inputs have the bits that they have by
// themselves, at every step, however far origins are apart, over gaps, and from
// the first cell on.
func TestRoll(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 1))
	for _, step := range []int64{15, 60, 300, 420, 900} {
		for _, stride := range []int{1, 2, 7, 40} {
			f := daily(step, 9.5, r.Uint64())
			values := f.Columns[0]
			from := r.IntN(len(values) / 2)
			for i := from; i < from+int(5400/step); i++ {
				values[i] = math.NaN()
			}
			for i := from + int(6000/step); i < from+int(9000/step); i++ {
				values[i] = 50 // ties
			}
			windows := forecast.NewWindows(&f, DirectNeeds(step))
			var w forecast.Window
			var rolled, alone Direct
			var scratch forecast.Scratch
			rolled.Roll()
			var a, b [DirectCount]float64
			i := 0
			for range 1500 {
				windows.At(&w, i)
				recent, _ := w.Recent.Series("cpu")
				long, _ := w.Long.Series("cpu")
				rolled.Reset(recent, long, &scratch)
				alone.Reset(recent, long, &scratch)
				for _, ahead := range []int64{300, 1800} {
					rolled.Fill(a[:], ahead)
					alone.Fill(b[:], ahead)
					if a != b || rolled.Scale() != alone.Scale() {
						t.Fatalf("step %d, every %d cells, cell %d: %v, not %v", step, stride, i, a, b)
					}
				}
				if i += stride; r.IntN(300) == 0 {
					i += r.IntN(500) - 100
				}
				if i = max(i, 0); i >= len(values) {
					break
				}
			}
		}
	}
}

func BenchmarkRoll(b *testing.B) {
	for _, step := range []int64{15, 60, 300} {
		for _, roll := range []bool{false, true} {
			name := map[int64]string{15: "15s", 60: "1m", 300: "5m"}[step] + map[bool]string{false: "/alone", true: "/rolling"}[roll]
			b.Run(name, func(b *testing.B) {
				f := daily(step, 9.2, 1)
				windows := forecast.NewWindows(&f, DirectNeeds(step))
				var w forecast.Window
				var d Direct
				var scratch forecast.Scratch
				if roll {
					d.Roll()
				}
				var x [DirectCount]float64
				from := int(8 * day / step)
				b.ReportAllocs()
				i := from
				for b.Loop() {
					windows.At(&w, i)
					recent, _ := w.Recent.Series("cpu")
					long, _ := w.Long.Series("cpu")
					d.Reset(recent, long, &scratch)
					for _, ahead := range []int64{300, 900, 1800} {
						d.Fill(x[:], ahead)
					}
					if i++; i == f.Len() {
						i = from
					}
				}
			})
		}
	}
}
