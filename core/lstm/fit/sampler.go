package fit

import "math/rand/v2"

// draw fills picks with the windows of a batch, drawn with replacement: a
// source by its share, then an origin of it. The batch's number, counted over
// all epochs, and the seed decide alone, so the windows do not depend on who
// draws them, and none are kept: memory is that of a batch.
func (d *dataset) draw(picks []pick, seed uint64, batch int) {
	r := rand.New(rand.NewPCG(seed, 0x77696e646f770000+uint64(batch)))
	least := d.ahead[0]
	for i := range picks {
		// What is not observed is drawn again; of a source with a single
		// usable window the bound would end the search, which does no harm.
		for range 1000 {
			s := d.drawSource(r.Float64())
			src := &d.sources[s]
			n := src.split - least - src.from
			if n <= 0 {
				continue
			}
			o := src.from + r.IntN(n)
			if src.values[o] == src.values[o] {
				picks[i] = pick{s, o}
				break
			}
		}
	}
}

// drawSource returns the source that a number in [0,1) falls on.
func (d *dataset) drawSource(x float64) int {
	for i := range d.sources {
		if x -= d.sources[i].share; x < 0 {
			return i
		}
	}
	return len(d.sources) - 1
}
