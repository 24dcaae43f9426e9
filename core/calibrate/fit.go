package calibrate

import (
	"math"

	"github.com/foretide/foretide/core/forecast"
)

// Config is the configuration of gate and calibration. Take Defaults; every
// field is taken literally.
type Config struct {
	// MinRows is the fewest out-of-sample errors of a horizon that are enough
	// to judge the model and to calibrate.
	MinRows int
	// Margin is the least gain over persistence, as a share of its mean
	// absolute error, for which a model is used.
	Margin float64
	// Caution is how many standard errors a smaller weight of a model may be
	// worse than the best and is taken all the same.
	Caution float64
	// Both lets the mean of the model and the naive one stand for the model where
	// it was the better of the two: unlike models err apart. It costs the time of
	// both.
	Both bool
	// Center moves the median by the median error where this helps.
	Center bool
}

// Defaults returns the settings of the published results.
func Defaults() Config { return Config{MinRows: 30, Margin: 0.002, Caution: 1, Center: true} }

// A HorizonReport tells how one horizon did on the validation part. Its numbers
// are finite; errors are in the metric's unit.
type HorizonReport struct {
	Ahead       int64   // seconds
	Rows        int     // out-of-sample forecasts
	MAE         float64 // of the gated forecast
	ModelMAE    float64 // of the model alone
	FallbackMAE float64 // of the naive model
	Persistence float64 // MAE of the last value
	Ratio       float64 // MAE / Persistence; 0 where that is 0
	Coverage80  float64 // share of actual values in the 80 % interval, on halves held out; 0 where Uncalibrated
	Source      string  // "model", "fallback", "persistence", "both"
	Weight      float64 // towards the source; the rest is the last value
	Blend       int     // index of the volatility blend
	Reasons     forecast.Reasons
}

// Fit chooses the gate and the tables from rows, one slice for each horizon of
// the model's spec, made by Collect. fallback may be nil.
func (c Config) Fit(model, fallback forecast.Fitted, rows [][]Row) (*Fitted, []HorizonReport) {
	return c.fit(model, fallback, rows, fallback != nil, false)
}

// FitPooled is Fit for a model that serves containers which it has not seen,
// from the rows of those that it has: of each, one slice for each horizon. The
// gate chooses between the model and the last value. As nothing is known of the
// unit of a container to come, intervals have no constant part: they are as
// wide as its window is restless. Errors in the reports are in units of
// persistence's, not the metric's.
func (c Config) FitPooled(model, fallback forecast.Fitted, containers [][][]Row) (*Fitted, []HorizonReport) {
	pooled := make([][]Row, len(model.Spec().Horizons))
	for _, rows := range containers {
		for k := range pooled {
			pooled[k] = appendRelative(pooled[k], rows[k])
		}
	}
	return c.fit(model, fallback, pooled, false, true)
}

// appendRelative appends rows in units of persistence's mean absolute error on
// them, so that each container counts alike.
func appendRelative(dst, rows []Row) []Row {
	unit := maeOf(rows, useModel, 0)
	if !(unit > 0) || math.IsInf(unit, 0) {
		return dst
	}
	for _, r := range rows {
		r.Actual, r.Last, r.Model, r.Fallback = r.Actual/unit, r.Last/unit, r.Model/unit, r.Fallback/unit
		for k := range r.parts {
			r.parts[k] /= unit
		}
		dst = append(dst, r)
	}
	return dst
}

func (c Config) fit(model, fallback forecast.Fitted, rows [][]Row, hasFallback, pooled bool) (*Fitted, []HorizonReport) {
	spec := *model.Spec()
	spec.Needs = needs(model, fallback)
	f := &Fitted{spec: spec, model: model, fallback: fallback, at: make([]horizon, len(spec.Horizons))}
	reports := make([]HorizonReport, len(spec.Horizons))
	known := spec.Pretrained
	f.spec.Pretrained = false // it is judged
	for k := range f.at {
		var r []Row
		if k < len(rows) {
			r = rows[k]
		}
		f.at[k], reports[k] = c.fitHorizon(r, hasFallback, pooled, known)
		reports[k].Ahead = spec.Horizons[k]
	}
	f.describe()
	return f, reports
}

func (c Config) fitHorizon(rows []Row, hasFallback, pooled, pretrained bool) (horizon, HorizonReport) {
	h, report := c.gate(rows, hasFallback)
	if len(rows) < c.MinRows || report.Persistence == 0 {
		return c.unjudged(rows, report, hasFallback, pretrained)
	}
	points := make([]float64, len(rows))
	for i := range rows {
		points[i] = h.point(&rows[i])
	}
	if !pooled {
		h.run = meanAbsolute(rows, points)
	}
	h.ratio = report.Ratio
	best := math.Inf(1)
	for b := range blends {
		if pooled && blends[b] == (blend{partRun: blends[b][partRun]}) ||
			blends[b].ofModel() && h.source != useModel && h.source != useBoth {
			continue
		}
		e, coverage, center, mean := crossFit(rows, points, h.run, &blends[b], c.Center)
		if e < best*(1-0.002) {
			best = e
			h.blend, report.Blend, report.Coverage80 = blends[b], b, coverage
			h.shift, h.mean = 0, 0
			errors := scaledErrors(nil, rows, points, h.run, &h.blend)
			h.table = tableOf(errors)
			if center {
				h.shift = h.table.at(0.5)
			}
			if mean {
				h.mean = meanOf(errors) - h.shift
			}
		}
	}
	report.Reasons = h.reasons
	return h, report
}

// gate chooses between model, fallback and persistence, and the weight.
func (c Config) gate(rows []Row, hasFallback bool) (horizon, HorizonReport) {
	report := HorizonReport{Rows: len(rows)}
	report.Persistence = maeOf(rows, useModel, 0)
	report.ModelMAE = min(maeOf(rows, useModel, 1), math.MaxFloat64)
	report.FallbackMAE = min(maeOf(rows, useFallback, 1), math.MaxFloat64)
	h := horizon{source: usePersistence, weight: 1}
	least := report.Persistence * (1 - c.Margin)
	report.MAE = report.Persistence
	caution := 0.0
	if hasFallback {
		caution = c.Caution
	}
	src := useModel
	weight, e := bestWeight(rows, useModel, caution)
	if c.Both && hasFallback {
		if w, both := bestWeight(rows, useBoth, caution); both < e {
			src, weight, e = useBoth, w, both
		}
	}
	if e < least && weight > 0 {
		h.source, h.weight, report.MAE = src, weight, e
		if weight < 1 {
			h.reasons |= forecast.Shrunk
		}
	} else {
		h.reasons |= forecast.NotBetter
		if hasFallback {
			if weight, e := bestWeight(rows, useFallback, 1); e < least && weight > 0 {
				h.source, h.weight, report.MAE = useFallback, weight, e
			}
		}
	}
	if report.Persistence > 0 {
		report.Ratio = report.MAE / report.Persistence
	}
	report.Source, report.Weight = h.source.String(), h.weight
	return h, report
}

func (s source) String() string {
	return [...]string{"model", "fallback", "persistence", "both"}[s]
}

// gateSteps is the number of weights above 0 that are tried, gateParts that of
// the parts of the validation time whose differences say how sure a gain is.
const (
	gateSteps = 10
	gateParts = 8
)

// bestWeight returns the weight of a source towards which the mean absolute
// error is least, and that. With caution it is the smallest whose error is
// higher by less than so many standard errors of the difference (one is the rule
// of Breiman et al. 1984, section 3.4.3): what a model gained in one week it may
// not gain in the next.
func bestWeight(rows []Row, src source, caution float64) (weight, mae float64) {
	var parts [gateSteps + 1][gateParts]float64
	var total [gateSteps + 1]float64
	best := 0
	for k := range total {
		for p := range gateParts {
			part := rows[p*len(rows)/gateParts : (p+1)*len(rows)/gateParts]
			parts[k][p] = maeOf(part, src, float64(k)/gateSteps)
			total[k] += parts[k][p] * float64(len(part)) / float64(len(rows))
		}
		if total[k] <= total[best] {
			best = k
		}
	}
	for k := range best {
		if caution == 0 {
			break
		}
		var d, dd float64
		for p := range gateParts {
			v := parts[k][p] - parts[best][p]
			d += v / gateParts
			dd += v * v / gateParts
		}
		if se := math.Sqrt(max(0, dd-d*d) / (gateParts - 1)); total[k] <= total[best]+caution*se {
			return float64(k) / gateSteps, total[k]
		}
	}
	return float64(best) / gateSteps, total[best]
}

// maeOf returns the mean absolute error of the last value moved by weight
// towards a source; infinite where the source is not finite somewhere.
func maeOf(rows []Row, src source, weight float64) float64 {
	sum := 0.0
	for i := range rows {
		r := &rows[i]
		x := r.Last
		if weight > 0 {
			x += weight * (r.from(src) - r.Last)
		}
		sum += math.Abs(r.Actual - x)
	}
	if len(rows) == 0 {
		return 0
	}
	if !finite(sum) {
		return math.Inf(1)
	}
	return sum / float64(len(rows))
}

func (r *Row) from(src source) float64 {
	switch src {
	case useModel:
		return r.Model
	case useFallback:
		return r.Fallback
	case useBoth:
		return r.Model + (r.Fallback-r.Model)/2
	}
	return r.Last
}

// point returns the gated point forecast of a row.
func (h *horizon) point(r *Row) float64 {
	x := r.Last + h.weight*(r.from(h.source)-r.Last)
	if !finite(x) {
		return r.Last
	}
	return x
}

func meanAbsolute(rows []Row, points []float64) float64 {
	sum := 0.0
	for i := range rows {
		sum += math.Abs(rows[i].Actual - points[i])
	}
	return sum / float64(len(rows))
}

// scaledErrors appends each row's error divided by its scale to dst.
func scaledErrors(dst []float64, rows []Row, points []float64, run float64, b *blend) []float64 {
	for i := range rows {
		parts := rows[i].partsOf(points[i], run)
		dst = append(dst, bounded((rows[i].Actual-points[i])/b.scale(&parts), 0))
	}
	return dst
}

// partsOf returns the measures that the scale of a gated point forecast is blended
// from.
func (r *Row) partsOf(point, run float64) [partCount]float64 {
	parts := r.parts
	parts[partRun], parts[partMove] = run, math.Abs(point-r.Last)
	return parts
}

func meanOf(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

// judged are the levels whose pinball loss chooses a blend.
var judged = []float64{0.05, 0.1, 0.25, 0.75, 0.9, 0.95}

// crossFit calibrates a blend on each half of the rows, in order of time, and
// scores it on the other: the mean pinball loss, the coverage of the 80 %
// interval, and whether moving the median by the median error, and the mean by
// the mean error, pay.
func crossFit(rows []Row, points []float64, run float64, b *blend, tryCenter bool) (loss, coverage float64, center, mean bool) {
	half := len(rows) / 2
	var plain, centered, atMedian, atMean float64
	for k := range 2 {
		fit, test := [2]int{0, half}, [2]int{half, len(rows)}
		if k == 1 {
			fit, test = test, fit
		}
		errors := scaledErrors(nil, rows[fit[0]:fit[1]], points[fit[0]:fit[1]], run, b)
		m := meanOf(errors)
		t := tableOf(errors)
		shift := t.at(0.5)
		for i := test[0]; i < test[1]; i++ {
			parts := rows[i].partsOf(points[i], run)
			s := b.scale(&parts)
			e := rows[i].Actual - points[i]
			plain += math.Abs(e)
			centered += math.Abs(e - shift*s)
			atMedian += e * e
			atMean += (e - m*s) * (e - m*s)
			for _, p := range judged {
				loss += pinball(e-t.at(p)*s, p)
			}
			if e >= t.at(0.1)*s && e <= t.at(0.9)*s {
				coverage++
			}
		}
	}
	n := float64(len(rows))
	return loss / n, coverage / n, tryCenter && centered < plain*(1-0.002), atMean < atMedian*(1-0.002)
}

// pinball returns the quantile loss at p of the error of a quantile.
func pinball(e, p float64) float64 {
	if e >= 0 {
		return p * e
	}
	return (p - 1) * e
}

// unjudged is the horizon for which there are too few errors, or none as nothing
// ever changed. A model that knows other containers serves with its own
// quantiles; else the naive one does, or what there is, with rough ones.
func (c Config) unjudged(rows []Row, report HorizonReport, hasFallback, pretrained bool) (horizon, HorizonReport) {
	h := horizon{source: useModel, weight: 1, own: pretrained, reasons: forecast.Uncalibrated}
	if !pretrained && len(rows) < c.MinRows {
		h.reasons |= forecast.ShortHistory
	}
	if hasFallback && !pretrained {
		h.source = useFallback
	}
	h.rough(rows)
	report.MAE, report.Ratio = 0, 0
	if len(rows) > 0 {
		report.MAE = min(maeOf(rows, h.source, 1), math.MaxFloat64)
	}
	if report.Persistence > 0 {
		report.Ratio = report.MAE / report.Persistence
	}
	report.Source, report.Weight, report.Reasons = h.source.String(), 1, h.reasons
	return h, report
}

// rough makes intervals of what the window alone tells: those of a Laplace
// distribution whose mean absolute error is the recent change over the horizon.
func (h *horizon) rough(rows []Row) {
	h.blend = blend{partHours: 0.5, partLong: 0.5, partRun: 0.1}
	for i := range rows {
		h.run += math.Abs(rows[i].Actual-rows[i].Last) / float64(len(rows))
	}
	for k, p := range knots {
		h.table[k] = laplace(p)
	}
}

// laplace returns the p-quantile of a Laplace distribution about zero whose mean
// absolute value is one.
func laplace(p float64) float64 {
	q := -math.Log(2 * min(p, 1-p))
	if p < 0.5 {
		return -q
	}
	return q
}
