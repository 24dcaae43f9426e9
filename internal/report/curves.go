package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/foretide/foretide/core/models"
)

// curves returns the learning curves that the checkpoints in use have.
func curves(d *described) []Curve {
	var out []Curve
	for k, c := range d.all {
		losses := c.Provenance.Losses
		if len(losses) == 0 {
			continue
		}
		best := 0
		for i, v := range losses {
			if v < losses[best] || !finite(losses[best]) {
				best = i
			}
		}
		if models.Of(c.Provenance.Model).Final { // it is trained to the end, whatever the losses
			best = len(losses) - 1
		}
		out = append(out, Curve{Name: k.Name(), Metric: k.Metric, Containers: len(c.Provenance.Containers), Losses: losses, Best: best + 1})
	}
	slices.SortFunc(out, func(a, b Curve) int {
		return cmp.Or(strings.Compare(a.Metric, b.Metric), strings.Compare(a.Name, b.Name))
	})
	return out
}
