package fit

import (
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/lstm"
)

// A loader fills shards with windows. A goroutine needs its own.
type loader struct {
	data    *dataset
	encoder *lstm.Encoder
	sample  *lstm.Sample
	window  forecast.Window
	scratch forecast.Forecast // for its scratch
}

func newLoader(d *dataset) *loader {
	e := lstm.NewEncoder(&d.task, d.others, d.steps)
	return &loader{data: d, encoder: e, sample: e.NewSample()}
}

// load makes the shard's rows of the picks: windows, targets, weights. Targets
// lie in the part for training, or, where held is true, after it. factor is
// what weights are multiplied with.
func (l *loader) load(s *Shard, picks []pick, held bool, factor float64) {
	h := len(l.data.ahead)
	for row := range s.Work.Rows() {
		target, weight := s.Target[row*h:][:h], s.Weight[row*h:][:h]
		if row >= len(picks) {
			clear(weight) // padding of the last batch: whatever the row holds
			continue
		}
		p := picks[row]
		src := &l.data.sources[p.source]
		src.windows.At(&l.window, p.origin)
		recent, _ := l.window.Recent.Series(l.data.task.Metric)
		long, _ := l.window.Long.Series(l.data.task.Metric)
		l.encoder.Encode(l.sample, &l.window, recent, long, l.scratch.Scratch())
		l.sample.Place(s.Work, row)
		end := src.split
		if held {
			end = len(src.values)
		}
		l.data.target(target, weight, p, l.sample, end)
		for k := range weight {
			weight[k] *= float32(factor)
		}
	}
}
