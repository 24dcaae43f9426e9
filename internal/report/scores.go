package report

import (
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/foretide/foretide/core/backtest"
	"github.com/foretide/foretide/internal/terminal"
)

// WriteScores prints the scores of a backtest: a table of the groups, one of
// all their scores, and one of the models over all.
func WriteScores(w io.Writer, all []backtest.Series, by backtest.By) {
	groups := backtest.Summarise(all, by)
	Summary(groups, by).Write(w)
	fmt.Fprintln(w)
	detailTable(groups, by).Write(w)
	fmt.Fprintln(w)
	writeOveralls(w, backtest.Overalls(all, by))
}

// Still lists the series that no score is for: in the part that is forecast the
// last value makes no error, which nothing can be compared with.
func Still(all []backtest.Series) []string {
	var out []string
	told := map[string]bool{} // each once, whatever the models
	for i := range all {
		name := all[i].Metric + " of " + all[i].Container
		if isStill(&all[i]) && !told[name] {
			told[name] = true
			out = append(out, name)
		}
	}
	return out
}

func isStill(s *backtest.Series) bool {
	return len(s.At) > 0 && !slices.ContainsFunc(s.At, func(at backtest.Score) bool { return at.Persistence > 0 })
}

// Summary has a line for each group: absolute errors and their ratios to
// persistence, horizon by horizon.
func Summary(groups []backtest.Group, by backtest.By) *terminal.Table {
	var ahead []int64
	for i := range groups {
		for _, at := range groups[i].At {
			if !slices.Contains(ahead, at.Horizon) {
				ahead = append(ahead, at.Horizon)
			}
		}
	}
	head := []string{title(by), "Model"}
	for _, h := range ahead {
		head = append(head, dashed(h)+" MAE")
	}
	head = append(head, "R²")
	for _, h := range ahead {
		head = append(head, dashed(h)+" ratio")
	}
	t := terminal.NewTable(append(head, "80 % covers", "series")...)
	for k := 2; k < len(head)+2; k++ {
		t.Right(k)
	}
	for i := range groups {
		g := &groups[i]
		row := []string{g.Name, g.Model}
		for _, h := range ahead {
			row = append(row, terminal.Number(atHorizon(g, h).MAE))
		}
		row = append(row, terminal.Plain(meanAt(g, func(at *backtest.GroupAt) float64 { return at.R2 }), 2))
		for _, h := range ahead {
			row = append(row, terminal.Ratio(atHorizon(g, h).Ratio))
		}
		row = append(row, terminal.Share(meanAt(g, func(at *backtest.GroupAt) float64 { return at.Coverage })), fmt.Sprint(g.Series))
		t.Row(row...)
	}
	return t
}

// detailTable has a line for each group and horizon, with every score.
func detailTable(groups []backtest.Group, by backtest.By) *terminal.Table {
	t := terminal.NewTable(title(by), "Model", "Horizon", "MAE", "RMSE", "R²", "sMAPE", "MASE", "ratio", "covers", "width", "Winkler*", "pinball*")
	for k := 3; k < 13; k++ {
		t.Right(k)
	}
	for i := range groups {
		g := &groups[i]
		for k := range g.At {
			at := &g.At[k]
			t.Row(g.Name, g.Model, terminal.Minutes(at.Horizon), terminal.Number(at.MAE), terminal.Number(at.RMSE), terminal.Plain(at.R2, 2), terminal.Plain(at.SMAPE, 1), terminal.Plain(at.MASE, 2),
				terminal.Ratio(at.Ratio), terminal.Share(at.Coverage), terminal.Number(at.Width), terminal.Plain(at.Winkler, 2), terminal.Plain(at.Pinball, 3))
		}
	}
	return t
}

func writeOveralls(w io.Writer, overalls []backtest.Overall) {
	t := terminal.NewTable("Overall", "ratio", "80 % covers", "beats the last value", "95th percentile")
	t.Right(1, 2, 3, 4)
	for i := range overalls {
		o := &overalls[i]
		t.Row(o.Model, terminal.Ratio(o.Ratio), terminal.Share(o.Coverage), terminal.Share(o.Better), terminal.Ratio(o.P95))
	}
	t.Write(w)
	fmt.Fprintln(w, "\nA ratio is to the MAE of the last value: below 1 is better. Columns with * are")
	fmt.Fprintln(w, "in units of that MAE. Medians over the series; overall the mean of the groups.")
}

func atHorizon(g *backtest.Group, horizon int64) backtest.GroupAt {
	for i := range g.At {
		if g.At[i].Horizon == horizon {
			return g.At[i]
		}
	}
	nan := math.NaN()
	return backtest.GroupAt{MAE: nan, Ratio: nan}
}

// meanAt is the mean of a score over the group's horizons.
func meanAt(g *backtest.Group, get func(*backtest.GroupAt) float64) float64 {
	sum := 0.0
	for i := range g.At {
		sum += get(&g.At[i])
	}
	return sum / float64(len(g.At))
}

func title(by backtest.By) string {
	return string(by[0]-'a'+'A') + string(by[1:])
}

// dashed is minutes for the head of a column: "5-min".
func dashed(seconds int64) string {
	if seconds%60 != 0 {
		return fmt.Sprintf("%d-s", seconds)
	}
	return fmt.Sprintf("%d-min", seconds/60)
}
