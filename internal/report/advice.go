package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/foretide/foretide/core/forecast"
)

const (
	old         = 7 * 86400 // seconds after its history that a checkpoint is old
	fewestRows  = 100       // that a share is judged by
	tooNarrow   = 0.70      // coverage of the 80 % interval
	tooWide     = 0.95
	notBetter   = 1.02 // ratio to persistence
	weekIsLower = 0.95 // of the model's ratio
)

// advise says what to do, the most urgent first.
func advise(r *Report, o *Options) []Advice {
	a := adviser{r: r, data: quote(o.Data), store: quote(o.Store)}
	a.totals()
	a.missing()
	a.seen()
	a.worse()
	a.week()
	a.coverage()
	a.aged()
	a.sources()
	if len(a.out) == 0 {
		a.add("Nothing stands out: the models beat the last value, their intervals hold, and the data are sound. Look again after the next training.", "", nil)
	}
	return a.out
}

type adviser struct {
	r           *Report
	data, store string
	out         []Advice
}

func (a *adviser) add(text, command string, about []*Series) {
	x := Advice{Text: text, Command: command}
	for _, s := range about {
		x.Series = append(x.Series, s.Key())
	}
	a.out = append(a.out, x)
}

// where returns the series that are to be kept, the worst first.
func (a *adviser) where(keep func(s *Series) bool) (out []*Series) {
	for i := range a.r.Series {
		if keep(&a.r.Series[i]) {
			out = append(out, &a.r.Series[i])
		}
	}
	return out
}

// with returns the series that have a problem of a kind.
func (a *adviser) with(kind Kind) []*Series {
	has := map[[2]string]bool{}
	for _, p := range a.r.Problems {
		if p.Kind == kind {
			has[[2]string{p.Container, p.Metric}] = true
		}
	}
	return a.where(func(s *Series) bool { return has[[2]string{s.Container, s.Metric}] })
}

func (a *adviser) train(about []*Series, more string) string {
	return strings.TrimRight("foretide train --data "+a.data+" --store "+a.store+" --metric "+strings.Join(metricsOf(about), ",")+" "+more, " ")
}

func (a *adviser) backtest(about []*Series, models string) string {
	return "foretide backtest --data " + a.data + " --metric " + strings.Join(metricsOf(about), ",") + " --model " + models
}

func (a *adviser) totals() {
	if s := a.with(Total); len(s) > 0 {
		metrics := strings.Join(metricsOf(s), ",")
		a.add("Probably running totals: "+count(s)+". Read as counters, their rates are forecast; train them again.",
			"foretide train --data "+a.data+" --store "+a.store+" --metric "+metrics+" --counter "+metrics, s)
	}
}

func (a *adviser) missing() {
	s := a.where(func(s *Series) bool { return s.Serving.Checkpoint == "" })
	if len(s) > 0 {
		a.add("Without a checkpoint: "+count(s)+". What is built in stands in, which knows nothing of them.", a.train(s, ""), s)
	}
	s = a.where(func(s *Series) bool { return s.Serving.Reasons.Has(forecast.FitFailed) })
	if len(s) > 0 {
		a.add("With a checkpoint whose fit failed: "+count(s)+". Its notes say why; another model may fit.", a.train(s, "--model naive"), s)
	}
}

func (a *adviser) seen() {
	s := a.where(func(s *Series) bool { return s.Seen && len(s.Scores) > 0 })
	if len(s) > 0 {
		a.add("Judged on data that the checkpoint was fitted to: "+count(s)+". These figures flatter; those in training do not. Look again with a day or more of newer data, or judge from scratch:",
			a.backtest(s, strings.Join(modelsOf(s), ",")), s)
	}
}

func (a *adviser) worse() {
	s := a.where(func(s *Series) bool { return s.Ratio > notBetter && s.Serving.Checkpoint != "" })
	if len(s) > 0 {
		a.add("Forecast worse than by the last value: "+count(s)+". Something has changed since training, or another model suits better: compare, then train again.",
			a.backtest(s, "naive,linear,prophet"), s)
	}
}

func (a *adviser) week() {
	s := a.where(func(s *Series) bool { return s.Week < weekIsLower*s.Ratio })
	if len(s) > 0 {
		a.add("Better by a copy of last week than by the model: "+count(s)+". Give it more history (three weeks and more), or a model of weekly patterns.",
			a.backtest(s, "linear,prophet"), s)
	}
}

func (a *adviser) coverage() {
	rows := func(s *Series) int {
		n := 0
		for i := range s.Scores {
			n += s.Scores[i].Rows
		}
		return n
	}
	s := a.where(func(s *Series) bool { return s.Coverage < tooNarrow && rows(s) >= fewestRows })
	if len(s) > 0 {
		a.add("Intervals that are too narrow (80 % held less than 70 %): "+count(s)+". The noise has grown since training; training again calibrates anew.",
			a.train(s, ""), s)
	}
	s = a.where(func(s *Series) bool { return s.Coverage > tooWide && rows(s) >= fewestRows && s.Ratio == s.Ratio })
	if len(s) > 0 {
		a.add("Intervals wider than they say (80 % held more than 95 %): "+count(s)+", often because one value, such as 0, comes again and again. Nothing needs to be done, but they say little.", "", s)
	}
}

func (a *adviser) aged() {
	s := a.where(func(s *Series) bool {
		return s.Serving.FittedTo > 0 && s.To-s.Serving.FittedTo > old && !(s.Ratio > notBetter)
	})
	if len(s) > 0 {
		a.add("Served by a checkpoint that knows nothing of the last week: "+count(s)+". Train weekly, linear models daily.", a.train(s, ""), s)
	}
}

func (a *adviser) sources() {
	if s := a.with(Gaps); len(s) > 0 {
		a.add("With gaps: "+count(s)+". Forecasts bridge them, but a scraper that fails for an hour hides an hour of load: look at the source.", "", s)
	}
	if s := a.with(Stopped); len(s) > 0 {
		a.add("Stopped while the rest of the container goes on: "+count(s)+". Is the exporter still there?", "", s)
	}
	if s := a.with(Constant); len(s) > 0 {
		a.add("Never changing: "+count(s)+". Nothing is lost by not forecasting them.", "", s)
	}
	if s := a.with(Short); len(s) > 0 {
		a.add("With little history: "+count(s)+". Export more; from eight days on, daily and weekly patterns are seen:", "foretide export --seconds 1814400 --out metrics.csv.gz", s)
	}
}

func metricsOf(all []*Series) (out []string) {
	for _, s := range all {
		if !slices.Contains(out, s.Metric) {
			out = append(out, s.Metric)
		}
	}
	slices.Sort(out)
	return out
}

func modelsOf(all []*Series) (out []string) {
	for _, s := range all {
		if m := s.Serving.Asked; m != "" && !slices.Contains(out, m) {
			out = append(out, m)
		}
	}
	slices.Sort(out)
	return out
}

func count(s []*Series) string {
	if len(s) == 1 {
		return "one series"
	}
	return fmt.Sprintf("%d series", len(s))
}

// quote makes a path one word of a shell.
func quote(path string) string {
	plain := func(c rune) bool {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("/._-+:=@%", c)
	}
	if path != "" && strings.IndexFunc(path, func(c rune) bool { return !plain(c) }) < 0 {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
