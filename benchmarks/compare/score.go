package main

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A score is a model's line in the table.
type score struct {
	ratio, p95, better float64
	covers             float64 // NaN without intervals
	missing            float64
}

// scores has evaluate.py judge the forecast files of tools on a share of the
// origins.
func (s *setup) scores(names []string, part share) (map[string]score, error) {
	args := []string{filepath.Join(s.here, "score.py"), filepath.Join(s.eval, "evaluate.py"), strconv.Itoa(part.days), strconv.Itoa(part.nth), s.data, s.list}
	for _, name := range names {
		args = append(args, filepath.Join(s.work, name+".csv"))
	}
	c := exec.Command(s.python, args...)
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, os.Stderr
	if err := c.Run(); err != nil {
		return nil, fmt.Errorf("score.py: %w", err)
	}
	// The second table begins as the first does.
	begin := strings.LastIndex(out.String(), "MAE as a ratio")
	bySource, bySeries := out.String()[:max(begin, 0)], out.String()[max(begin, 0):]
	all := map[string]score{}
	for _, name := range names {
		sc, err := parse(linesOf(bySource, name), linesOf(bySeries, name))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all[name] = sc
	}
	return all, nil
}

// linesOf returns the lines of a table that are of a model.
func linesOf(table, model string) string {
	var out strings.Builder
	for line := range strings.Lines(table) {
		if f := strings.Fields(line); len(f) > 0 && f[0] == model {
			out.WriteString(line)
		}
	}
	return out.String()
}

var overall = regexp.MustCompile(`overall ([0-9.]+)`)

// parse takes the figures from evaluate.py's tables: the mean of the sources'
// medians, what the intervals cover as the mean of the same, and over all
// series and horizons the 95th percentile and the share below 1.
func parse(bySource, bySeries string) (score, error) {
	s := score{}
	m := overall.FindStringSubmatch(bySource)
	if m == nil { // one source alone has no such line
		s.ratio = mean(columns(bySource, 0, 3, 6))
	} else if v, err := strconv.ParseFloat(m[1], 64); err == nil {
		s.ratio = v
	}
	s.covers = mean(columns(bySource, 2, 5, 8))
	s.missing = mean(columns(bySeries, 11))
	ratios := columns(bySeries, 0, 3, 6)
	ratios = slices.DeleteFunc(ratios, math.IsNaN)
	if len(ratios) == 0 {
		return s, fmt.Errorf("evaluate.py printed no series:\n%s", bySeries)
	}
	slices.Sort(ratios)
	s.p95 = ratios[int(0.95*float64(len(ratios)-1))]
	for _, r := range ratios {
		if r < 1 {
			s.better += 1 / float64(len(ratios))
		}
	}
	return s, nil
}

// line are the twelve last columns of a table: three times ratio, R² and cover,
// then better, 95th percentile, missing. Wide numbers run into one another: they
// are told apart by their decimals.
var line = func() *regexp.Regexp {
	three, four := `(-?\d+\.\d{3}|-)\s*`, `(-?\d+\.\d{4}|-)\s*`
	horizon := four + three + three
	return regexp.MustCompile(`\s` + horizon + horizon + horizon + three + three + four + `$`)
}()

// columns returns some of those columns of a table's lines. A "-" is NaN.
func columns(table string, which ...int) []float64 {
	var out []float64
	for text := range strings.Lines(table) {
		f := line.FindStringSubmatch(text)
		if f == nil {
			continue
		}
		for _, k := range which {
			v, err := strconv.ParseFloat(f[k+1], 64)
			if err != nil {
				v = math.NaN()
			}
			out = append(out, v)
		}
	}
	return out
}

func mean(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}
