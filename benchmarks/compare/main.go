// Command compare has forecasters of other people and Foretide's make the same
// forecasts of real container metrics, and prints who was how good, and how fast.
//
//	go run ./benchmarks/compare -list "$FORETIDE_EVAL/subset.txt" -work FOLDER
//	go run ./benchmarks/compare -list "$FORETIDE_EVAL/subset.txt" -work FOLDER -tools auto,lightgbm
//	go run ./benchmarks/compare -list "$FORETIDE_EVAL/subset.txt" -cut FOLDER
//	go run ./benchmarks/compare -shift auto.csv.gz # a forecast file of foretide backtest --out
//	go run ./benchmarks/compare -m4 naive,linear,auto
//
// What stands in -work is not made again: it goes on where it ended. Both the
// forecasts and the times are kept there, as NAME.csv, which evaluate.py scores,
// and NAME.json.
package main

import (
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-json"
)

func main() {
	s := setup{}
	flag.StringVar(&s.data, "data", os.Getenv("FORETIDE_DATA"), "`folder` of metrics")
	flag.StringVar(&s.list, "list", "", "`file` with the series, CONTAINER METRIC on a line; \"\" for all")
	flag.StringVar(&s.eval, "eval", os.Getenv("FORETIDE_EVAL"), "`folder` of evaluate.py")
	flag.StringVar(&s.work, "work", "", "`folder` for the tasks, forecasts and times")
	flag.StringVar(&s.here, "dir", "benchmarks/compare", "`folder` of the tools' programs")
	flag.StringVar(&s.python, "python", "benchmarks/.venv/bin/python", "Python with the packages of requirements.txt")
	only := flag.String("tools", "", "tools to run and to score, with commas between; \"\" for all, \"done\" for those whose forecasts are there")
	part := share{}
	flag.IntVar(&part.days, "days", 3, "slow tools forecast one of so many days of a test part")
	flag.IntVar(&part.nth, "nth", 4, "and on that day from each so many-th origin")
	before := flag.String("cut", "", "instead: write the series without their test parts into this `folder`, to choose settings by")
	shifts := flag.String("shift", "", "instead: judge the intervals of this forecast `file` after level shifts")
	models := flag.String("m4", "", "instead: judge these models, with commas between, on the hourly series of M4 in the folder that FORETIDE_BENCH names")
	every := flag.Int("every", 1, "with -m4: take every so many-th series")
	flag.Parse()
	work := func() error { return compare(&s, *only, part) }
	if *shifts != "" {
		work = func() error { return shift(s.data, *shifts) }
	}
	if *models != "" {
		work = func() error { return m4(os.Getenv("FORETIDE_BENCH"), strings.Split(*models, ","), *every) }
	}
	if *before != "" {
		work = func() error { return cut(s.data, s.list, *before) }
	}
	if err := work(); err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

func compare(s *setup, only string, part share) error {
	if s.work == "" || s.data == "" || s.eval == "" || part.days < 1 || part.nth < 1 {
		return fmt.Errorf("-work, -data and -eval name folders, -days and -nth are at least 1")
	}
	chosen, err := s.choose(only)
	if err != nil {
		return err
	}
	tasks, err := read(s.data, s.list, part)
	if err != nil {
		return err
	}
	if err := write(s.work, tasks); err != nil {
		return err
	}
	s.foretide = filepath.Join(s.work, "foretide")
	build := exec.Command("go", "build", "-o", s.foretide, "./cmd/foretide")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("building foretide: %w", err)
	}
	for i := range chosen {
		if err := s.run(&chosen[i], tasks); err != nil {
			fmt.Fprintln(os.Stderr, err) // the others go on
		}
	}
	chosen = slices.DeleteFunc(chosen, func(t tool) bool { return !s.done(t.name) })
	if s.done("auto") && s.done("lightgbm") {
		if err := mix(s.work, "auto+lightgbm", "auto", "lightgbm", tasks); err != nil {
			return err
		}
		chosen = append(chosen, tool{name: "auto+lightgbm", title: "mean of `auto` and LightGBM", whole: true})
	}
	for _, of := range []struct {
		name string
		part share
	}{{"all", share{1, 1}}, {"shared", part}, {"slowest", part.slowest()}} {
		n := 0
		for i := range tasks {
			for _, o := range tasks[i].origins {
				if of.name == "all" || o.shared == 1 && of.name == "shared" || o.shared == 2 {
					n++
				}
			}
		}
		fmt.Printf("\nFrom %d origins of %d series, one day of %d and on it each %d. origin:\n\n", n, len(tasks), of.part.days, of.part.nth)
		here := slices.DeleteFunc(slices.Clone(chosen), func(t tool) bool {
			return of.name == "all" && !t.whole || of.name == "shared" && t.slow
		})
		if err := s.table(here, of.part); err != nil {
			return err
		}
	}
	return nil
}

// choose returns the tools that are named.
func (s *setup) choose(only string) ([]tool, error) {
	if only == "" {
		return slices.Clone(tools), nil
	}
	if only == "done" {
		return slices.DeleteFunc(slices.Clone(tools), func(t tool) bool { return !s.done(t.name) }), nil
	}
	var out []tool
	for name := range strings.SplitSeq(only, ",") {
		i := slices.IndexFunc(tools, func(t tool) bool { return t.name == name })
		if i < 0 {
			return nil, fmt.Errorf("-tools: there is no %q", name)
		}
		out = append(out, tools[i])
	}
	return out, nil
}

func (s *setup) done(name string) bool {
	_, err := os.Stat(filepath.Join(s.work, name+".csv"))
	return err == nil
}

// A timing is what a tool wrote of its times, in seconds of the processor.
type timing struct {
	FitS      float64 `json:"fit_s"`
	Fits      int     `json:"fits"`
	ForecastS float64 `json:"forecast_s"`
	Forecasts int     `json:"forecasts"`
	Failures  int     `json:"failures"`
	ImportS   float64 `json:"import_s"`
	FirstS    float64 `json:"first_s"`
	OneS      float64 `json:"one_s"`
	TotalS    float64 `json:"total_s"`
}

// table prints the tools by their ratio, on a share of the origins.
func (s *setup) table(chosen []tool, part share) error {
	type row struct {
		score
		text string
	}
	var lines []row
	var names []string
	for _, t := range chosen {
		names = append(names, t.name)
	}
	scores, err := s.scores(names, part)
	if err != nil {
		return err
	}
	for _, t := range chosen {
		sc := scores[t.name]
		tm := timing{}
		if b, err := os.ReadFile(filepath.Join(s.work, t.name+".json")); err == nil {
			if err := json.Unmarshal(b, &tm); err != nil {
				return fmt.Errorf("%s.json: %w", t.name, err)
			}
		}
		covers := ""
		if !math.IsNaN(sc.covers) {
			covers = fmt.Sprintf("%.0f %%", 100*sc.covers)
		}
		text := fmt.Sprintf("| %s | %.3f | %.2f | %.0f %% | %s | %s | %s | %s | %s | %s |", t.title, sc.ratio, sc.p95, 100*sc.better, covers,
			seconds(tm.FitS, tm.Fits), seconds(tm.ForecastS, tm.Forecasts), seconds(tm.OneS, 1), seconds(tm.ImportS+tm.FirstS, 1), seconds(tm.TotalS, 1))
		if sc.missing >= 0.0005 {
			text += fmt.Sprintf(" %.1f %% missing |", 100*sc.missing)
		}
		lines = append(lines, row{sc, text})
	}
	slices.SortStableFunc(lines, func(a, b row) int {
		if a.ratio < b.ratio {
			return -1
		}
		return 1
	})
	fmt.Println("| forecaster | ratio | 95th percentile | better | 80 % covers | a fit | a forecast | alone | start | in all |")
	fmt.Println("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
	for _, l := range lines {
		fmt.Println(l.text)
	}
	return nil
}

// seconds writes a time for people.
func seconds(total float64, n int) string {
	switch s := total / float64(max(n, 1)); {
	case s == 0:
		return ""
	case s < 1e-3:
		return fmt.Sprintf("%.0f µs", 1e6*s)
	case s < 1:
		return fmt.Sprintf("%.3g ms", 1e3*s)
	default:
		return fmt.Sprintf("%.3g s", s)
	}
}
