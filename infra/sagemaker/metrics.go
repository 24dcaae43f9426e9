package sagemaker

import (
	_ "embed"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// MetricDefinitions are the regular expressions by which SageMaker finds metrics
// in what a training prints, as JSON: what MetricDefinitions of CreateTrainingJob
// takes. The lines of this package, and those of infra/torch/train.py, match
// them.
//
//go:embed metrics.json
var MetricDefinitions []byte

// EpochLine is what is printed at the end of an epoch. A loss of NaN is left out.
func EpochLine(epoch, of int, training, validation float64, whose string) string {
	parts := []string{fmt.Sprintf("epoch %d of at most %d", epoch, of)}
	if finite(training) {
		parts = append(parts, "training loss "+number(training))
	}
	if finite(validation) {
		parts = append(parts, "validation loss "+number(validation))
	}
	return parts[0] + ": " + strings.Join(append(parts[1:], whose), ", ")
}

// A Summary is what a training came to.
type Summary struct {
	Ratios, Coverages []float64 // of every series and horizon that was judged; NaN is left out
	Trained, Failed   int       // series
}

// Line is what is printed of it: the median of the errors' ratios to that of the
// last value, which a tuning makes small, and the median share of values within
// the 80 % intervals.
func (s *Summary) Line() string {
	var parts []string
	if m := median(s.Ratios); finite(m) {
		parts = append(parts, "validation ratio "+number(m))
	}
	if m := median(s.Coverages); finite(m) {
		parts = append(parts, "validation coverage80 "+number(m))
	}
	return "summary: " + strings.Join(append(parts, fmt.Sprintf("series trained %d, series failed %d", s.Trained, s.Failed)), ", ")
}

func median(values []float64) float64 {
	v := slices.DeleteFunc(slices.Clone(values), func(x float64) bool { return !finite(x) })
	n := len(v)
	if n == 0 {
		return math.NaN()
	}
	slices.Sort(v)
	return (v[(n-1)/2] + v[n/2]) / 2
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

func number(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) }
