package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/internal/terminal"
)

// An outsider counts the values that a metric has and by its bounds cannot have.
// Forecasts stay within the bounds, so that those of such data are no good, and
// nothing in them says why.
type outsider struct {
	metric     string
	bounds     series.Bounds
	values     int
	containers []string
}

// Outsiders are the values of some metrics that their bounds rule out.
type Outsiders []outsider

// Add counts the values of a metric of a frame.
func (o *Outsiders) Add(frame *series.Frame, metric string, b series.Bounds) {
	s, _ := frame.Series(metric)
	n := 0
	for _, v := range s.Values {
		if v < b.Lower || v > b.Upper { // missing ones are neither
			n++
		}
	}
	if n == 0 {
		return
	}
	i := slices.IndexFunc(*o, func(x outsider) bool { return x.metric == metric && x.bounds == b })
	if i < 0 {
		i = len(*o)
		*o = append(*o, outsider{metric: metric, bounds: b})
	}
	x := &(*o)[i]
	x.values += n
	x.containers = append(x.containers, frame.Container)
}

// Notes say for people which metrics have such values.
func (o Outsiders) Notes() (out []string) {
	for _, x := range o {
		var limits []string
		if b := x.bounds.Lower; !math.IsInf(b, -1) {
			limits = append(limits, fmt.Sprintf("below %g", b))
		}
		if b := x.bounds.Upper; !math.IsInf(b, 1) {
			limits = append(limits, fmt.Sprintf("above %g", b))
		}
		out = append(out, fmt.Sprintf("%s has %s %s (%s): its bounds rule them out, and such forecasts too (data.lower_bound and data.upper_bound set others)",
			x.metric, terminal.Counted(x.values, "value"), strings.Join(limits, " or "), terminal.List(x.containers)))
	}
	return out
}
