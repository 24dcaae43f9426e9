package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A tool makes a forecast file, NAME.csv in the working folder, and in NAME.json
// the times of it.
type tool struct {
	name, title string
	whole       bool     // forecasts from all origins, not from the share's alone
	slow        bool     // from a quarter of the share
	command     []string // words in capitals stand for what setup has
}

// tools are those that are compared.
var tools = []tool{
	{"auto", "**Foretide `auto`**", true, false, ours("auto")},
	{"general", "Foretide `general`", true, false, ours("general")},
	{"linear", "Foretide `linear`", true, false, ours("linear")},
	{"naive", "Foretide `naive`", true, false, ours("naive")},
	{"arima", "Foretide `arima`", true, false, ours("arima")},
	{"prophet", "Foretide `prophet`", true, false, ours("prophet")},
	{"lightgbm", "LightGBM, features by mlforecast", true, false, python("boosted.py")},
	{"nhits", "neuralforecast NHITS", true, false, python("neural.py", "nhits", "--all")},
	{"tide", "neuralforecast TiDE", true, false, python("neural.py", "tide", "--all")},
	{"sf-arima", "statsforecast AutoARIMA", false, false, python("classical.py", "arima")},
	{"sf-ets", "statsforecast AutoETS", false, false, python("classical.py", "ets")},
	{"sf-theta", "statsforecast AutoTheta", false, false, python("classical.py", "theta")},
	{"sf-theta288", "statsforecast AutoTheta, season of a day", false, false, python("classical.py", "theta288")},
	{"sf-mstl", "statsforecast MSTL by day, AutoETS", false, true, python("classical.py", "mstl", "--slow")},
	{"sf-ces", "statsforecast AutoCES", false, true, python("classical.py", "ces", "--slow")},
	{"r-ets", "R ets", false, false, rscript("ets")},
	{"r-arima", "R auto.arima", false, false, rscript("arima")},
	{"r-stl", "R STL by day, ets", false, false, rscript("stl")},
	{"prophet-daily", "Prophet, fitted daily", false, false, python("additive.py", "daily")},
	{"prophet-each", "Prophet, fitted at each origin", false, true, python("additive.py", "each")},
	{"lastweek", "same time last week (Mimir)", true, false, nil},
}

func ours(model string) []string {
	return []string{"FORETIDE", "backtest", "--data", "DATA", "LIST", "--model", model, "--workers", "1", "--no-run", "--quiet", "--out", "OUT"}
}

func python(program string, args ...string) []string {
	return append([]string{"PYTHON", "HERE/" + program, "WORK"}, args...)
}

func rscript(model string) []string {
	return []string{"Rscript", "HERE/classical.R", "WORK", model}
}

// A setup is where things are.
type setup struct{ data, list, eval, work, here, python, foretide string }

// run makes a tool's forecasts unless they are there, one thread each.
func (s *setup) run(t *tool, tasks []task) error {
	out := filepath.Join(s.work, t.name+".csv")
	if _, err := os.Stat(out); err == nil {
		return nil
	}
	if t.command == nil {
		return lastWeek(s.work, tasks)
	}
	part := filepath.Join(s.work, t.name+".part.csv")
	var args []string
	for _, a := range t.command {
		switch a {
		case "FORETIDE":
			a = s.foretide
		case "PYTHON":
			a = s.python
		case "DATA":
			a = s.data
		case "OUT":
			a = part
		case "WORK":
			a = s.work
		case "LIST":
			if s.list == "" {
				continue
			}
			args, a = append(args, "--list"), s.list
		default:
			if rest, ok := strings.CutPrefix(a, "HERE/"); ok {
				a = filepath.Join(s.here, rest)
			}
		}
		args = append(args, a)
	}
	fmt.Fprintln(os.Stderr, t.name)
	c := exec.Command(args[0], args[1:]...)
	c.Env = append(os.Environ(), "GOMAXPROCS=1", "OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1", "NUMBA_NUM_THREADS=1", "STAN_NUM_THREADS=1")
	c.Stdout, c.Stderr = os.Stderr, os.Stderr
	if err := c.Run(); err != nil {
		return fmt.Errorf("%s: %w", t.name, err)
	}
	if args[0] != s.foretide {
		return nil
	}
	spent := c.ProcessState.UserTime() + c.ProcessState.SystemTime()
	if err := os.WriteFile(filepath.Join(s.work, t.name+".json"), fmt.Appendf(nil, `{"total_s":%g}`, spent.Seconds()), 0o644); err != nil {
		return err
	}
	return os.Rename(part, out)
}
