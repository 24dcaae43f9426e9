package main

import (
	"math"
	"time"

	"github.com/goccy/go-json"

	"github.com/foretide/foretide/core/backtest"
)

// A real is a number that JSON shows as null where it is NaN or infinite.
type real float64

func (r real) MarshalJSON() ([]byte, error) {
	if v := float64(r); math.IsNaN(v) || math.IsInf(v, 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(r))
}

type backtestJSON struct {
	Overall []overallJSON `json:"overall"`
	Groups  []groupJSON   `json:"groups"`
	Series  []seriesJSON  `json:"series"`
	// NotJudged is how many series are in no group: they never change in the
	// part that is forecast.
	NotJudged int `json:"not_judged"`
}

type overallJSON struct {
	Model    string `json:"model"`
	Ratio    real   `json:"ratio"`
	Coverage real   `json:"coverage80"`
	Better   real   `json:"better"`
	P95      real   `json:"ratio_p95"`
}

type groupJSON struct {
	Name     string     `json:"name"`
	Model    string     `json:"model"`
	Series   int        `json:"series"`
	Better   real       `json:"better"`
	P95      real       `json:"ratio_p95"`
	Missing  real       `json:"missing"`
	Horizons []scoreRow `json:"horizons"`
}

type seriesJSON struct {
	Container string     `json:"container"`
	Metric    string     `json:"metric"`
	Model     string     `json:"model"`
	Step      int64      `json:"step_s"`
	Test      time.Time  `json:"test_from"`
	End       time.Time  `json:"test_to"`
	Fits      int        `json:"fits"`
	Summary   string     `json:"summary,omitempty"`
	Reasons   []string   `json:"reasons,omitempty"`
	Notes     []string   `json:"notes,omitempty"`
	NotJudged bool       `json:"not_judged,omitempty"` // it never changes in the part that is forecast
	Horizons  []scoreRow `json:"horizons"`
}

// A scoreRow holds the scores of a horizon. Width, Winkler and pinball are in
// the metric's unit for a series, in units of persistence's MAE for a group.
type scoreRow struct {
	Horizon     int64 `json:"horizon_s"`
	Rows        int   `json:"rows,omitempty"`
	MAE         real  `json:"mae"`
	RMSE        real  `json:"rmse"`
	R2          real  `json:"r2"`
	SMAPE       real  `json:"smape"`
	MASE        real  `json:"mase"`
	Persistence real  `json:"persistence_mae"`
	Ratio       real  `json:"ratio"`
	Coverage    real  `json:"coverage80"`
	Width       real  `json:"width80"`
	Winkler     real  `json:"winkler80"`
	Pinball     real  `json:"pinball"`
}

func scoresJSON(all []backtest.Series, by backtest.By) backtestJSON {
	out := backtestJSON{Overall: []overallJSON{}, Groups: []groupJSON{}, Series: []seriesJSON{}, NotJudged: len(still(all))}
	for _, o := range backtest.Overalls(all, by) {
		out.Overall = append(out.Overall, overallJSON{o.Model, real(o.Ratio), real(o.Coverage), real(o.Better), real(o.P95)})
	}
	for _, g := range backtest.Summarise(all, by) {
		j := groupJSON{g.Name, g.Model, g.Series, real(g.Better), real(g.P95), real(g.Missing), nil}
		for _, at := range g.At {
			j.Horizons = append(j.Horizons, scoreRow{
				at.Horizon, 0, real(at.MAE), real(at.RMSE), real(at.R2), real(at.SMAPE), real(at.MASE), real(at.Persistence),
				real(at.Ratio), real(at.Coverage), real(at.Width), real(at.Winkler), real(at.Pinball),
			})
		}
		out.Groups = append(out.Groups, j)
	}
	for i := range all {
		s := &all[i]
		j := seriesJSON{
			Container: s.Container, Metric: s.Metric, Model: s.Model, Step: s.Step,
			Test: time.Unix(s.Test, 0).UTC(), End: time.Unix(s.End, 0).UTC(),
			Fits: s.Fits, Summary: s.Summary, Reasons: s.Reasons.Names(), Notes: s.Notes, NotJudged: isStill(s),
		}
		for k := range s.At {
			at := &s.At[k]
			j.Horizons = append(j.Horizons, scoreRow{
				at.Horizon, at.Rows, real(at.MAE), real(at.RMSE), real(at.R2), real(at.SMAPE), real(at.MASE), real(at.Persistence),
				real(at.Ratio), real(at.Coverage), real(at.Width), real(at.Winkler), real(at.MeanPinball()),
			})
		}
		out.Series = append(out.Series, j)
	}
	return out
}
