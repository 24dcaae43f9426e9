package report

import (
	"time"

	"github.com/foretide/foretide/core/backtest"
	"github.com/foretide/foretide/internal/terminal"
)

// Scores are those of a backtest, as JSON shows them.
type Scores struct {
	Overall []OverallScore `json:"overall"`
	Groups  []GroupScores  `json:"groups"`
	Series  []SeriesScores `json:"series"`
	// NotJudged is how many series are in no group: they never change in the
	// part that is forecast.
	NotJudged int `json:"not_judged"`
}

// An OverallScore is a model's over all groups.
type OverallScore struct {
	Model    string        `json:"model"`
	Ratio    terminal.Real `json:"ratio"`
	Coverage terminal.Real `json:"coverage80"`
	Better   terminal.Real `json:"better"`
	P95      terminal.Real `json:"ratio_p95"`
}

// GroupScores are a model's in a group of series.
type GroupScores struct {
	Name     string          `json:"name"`
	Model    string          `json:"model"`
	Series   int             `json:"series"`
	Better   terminal.Real   `json:"better"`
	P95      terminal.Real   `json:"ratio_p95"`
	Missing  terminal.Real   `json:"missing"`
	Horizons []HorizonScores `json:"horizons"`
}

// SeriesScores are a model's for one series.
type SeriesScores struct {
	Container string          `json:"container"`
	Metric    string          `json:"metric"`
	Model     string          `json:"model"`
	Step      int64           `json:"step_s"`
	Test      time.Time       `json:"test_from"`
	End       time.Time       `json:"test_to"`
	Fits      int             `json:"fits"`
	Summary   string          `json:"summary,omitempty"`
	Reasons   []string        `json:"reasons,omitempty"`
	Notes     []string        `json:"notes,omitempty"`
	NotJudged bool            `json:"not_judged,omitempty"` // it never changes in the part that is forecast
	Horizons  []HorizonScores `json:"horizons"`
}

// HorizonScores are the scores of a horizon. Width, Winkler and pinball are in
// the metric's unit for a series, in units of persistence's MAE for a group.
type HorizonScores struct {
	Horizon     int64         `json:"horizon_s"`
	Rows        int           `json:"rows,omitempty"`
	MAE         terminal.Real `json:"mae"`
	RMSE        terminal.Real `json:"rmse"`
	R2          terminal.Real `json:"r2"`
	SMAPE       terminal.Real `json:"smape"`
	MASE        terminal.Real `json:"mase"`
	Persistence terminal.Real `json:"persistence_mae"`
	Ratio       terminal.Real `json:"ratio"`
	Coverage    terminal.Real `json:"coverage80"`
	Width       terminal.Real `json:"width80"`
	Winkler     terminal.Real `json:"winkler80"`
	Pinball     terminal.Real `json:"pinball"`
}

// ScoresOf returns the scores as JSON shows them.
func ScoresOf(all []backtest.Series, by backtest.By) Scores {
	out := Scores{Overall: []OverallScore{}, Groups: []GroupScores{}, Series: []SeriesScores{}, NotJudged: len(Still(all))}
	for _, o := range backtest.Overalls(all, by) {
		out.Overall = append(out.Overall, OverallScore{o.Model, terminal.Real(o.Ratio), terminal.Real(o.Coverage), terminal.Real(o.Better), terminal.Real(o.P95)})
	}
	for _, g := range backtest.Summarise(all, by) {
		j := GroupScores{g.Name, g.Model, g.Series, terminal.Real(g.Better), terminal.Real(g.P95), terminal.Real(g.Missing), nil}
		for _, at := range g.At {
			j.Horizons = append(j.Horizons, HorizonScores{
				at.Horizon, 0, terminal.Real(at.MAE), terminal.Real(at.RMSE), terminal.Real(at.R2), terminal.Real(at.SMAPE), terminal.Real(at.MASE), terminal.Real(at.Persistence),
				terminal.Real(at.Ratio), terminal.Real(at.Coverage), terminal.Real(at.Width), terminal.Real(at.Winkler), terminal.Real(at.Pinball),
			})
		}
		out.Groups = append(out.Groups, j)
	}
	for i := range all {
		s := &all[i]
		j := SeriesScores{
			Container: s.Container, Metric: s.Metric, Model: s.Model, Step: s.Step,
			Test: time.Unix(s.Test, 0).UTC(), End: time.Unix(s.End, 0).UTC(),
			Fits: s.Fits, Summary: s.Summary, Reasons: s.Reasons.Names(), Notes: s.Notes, NotJudged: isStill(s),
		}
		for k := range s.At {
			at := &s.At[k]
			j.Horizons = append(j.Horizons, HorizonScores{
				at.Horizon, at.Rows, terminal.Real(at.MAE), terminal.Real(at.RMSE), terminal.Real(at.R2), terminal.Real(at.SMAPE), terminal.Real(at.MASE), terminal.Real(at.Persistence),
				terminal.Real(at.Ratio), terminal.Real(at.Coverage), terminal.Real(at.Width), terminal.Real(at.Winkler), terminal.Real(at.MeanPinball()),
			})
		}
		out.Series = append(out.Series, j)
	}
	return out
}
