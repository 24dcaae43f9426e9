package fit

import (
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
)

const (
	// curvePoints is how often in a training the loss on what is held back is
	// measured. Windows are drawn anew at each step, so there are no epochs: these
	// parts of equal length are told as such.
	curvePoints = 16
	heldWindows = 1024    // that it is measured on
	heldDraw    = 1 << 30 // the number of its draw, which no step has
)

// heldBack returns the windows whose origins lie in the last share of the
// histories, each with all that came before it; nil where there are none.
func (c *Config) heldBack(histories []forecast.History, horizons []int64, share float64) *dataset {
	d := &dataset{rows: len(horizons)}
	total := 0.0
	for i := range histories {
		before := len(d.sources)
		d.add(&histories[i], horizons, c)
		if len(d.sources) == before {
			continue
		}
		src := &d.sources[before]
		src.from = max(src.from, series.SplitShares(histories[i].Frame.Len(), share, 0).Train.To)
		if len(src.values)-src.aheads[0].cells-src.from < 1 {
			d.sources = d.sources[:before]
			continue
		}
		total += src.share
	}
	if len(d.sources) == 0 {
		return nil
	}
	for i := range d.sources {
		d.sources[i].share /= total
	}
	return d
}

// look measures the loss on what is held back after a step that ends a part of
// the training.
func (t *trainer) look(number int) {
	points := min(curvePoints, t.steps)
	if t.held == nil || (number+1)*points/t.steps == number*points/t.steps {
		return
	}
	picks := make([]pick, heldWindows)
	t.held.draw(picks, 0, t.opts.Seed, heldDraw)
	sum, s := 0.0, &t.shards[0]
	for from := 0; from < len(picks); from += shardWindows {
		t.load(t.held, s, picks[from:from+shardWindows])
		t.net.Forward(s.work)
		sum += t.net.Loss(s.work, &t.loss, s.target, s.weight)
	}
	// load's weights are those of a batch.
	loss := sum * float64(t.config.Batch) / heldWindows
	t.curve = append(t.curve, loss)
	t.opts.Emit(forecast.Event{Stage: "epoch", Done: len(t.curve), Total: points, Loss: loss})
}
