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

// score has evaluate.py judge a forecast file on a share of the origins.
func (s *setup) score(name string, part share) (score, error) {
	bySource, err := s.evaluate(name, part, "source")
	if err != nil {
		return score{}, err
	}
	bySeries, err := s.evaluate(name, part, "series")
	if err != nil {
		return score{}, err
	}
	return parse(bySource, bySeries)
}

func (s *setup) evaluate(name string, part share, by string) (string, error) {
	args := []string{filepath.Join(s.here, "score.py"), filepath.Join(s.eval, "evaluate.py"), strconv.Itoa(part.days), strconv.Itoa(part.nth),
		"score", s.data, filepath.Join(s.work, name+".csv"), "--by", by}
	if s.list != "" {
		args = append(args, "--list", s.list)
	}
	c := exec.Command(s.python, args...)
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, os.Stderr
	err := c.Run()
	return out.String(), err
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

// columns returns the numbers of some of the twelve last columns of a table:
// three times ratio, R² and cover, better, 95th percentile, missing. A "-" is
// NaN.
func columns(table string, which ...int) []float64 {
	var out []float64
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		if len(f) < 14 || f[0] == "model" || f[0] == "MAE" {
			continue
		}
		f = f[len(f)-12:]
		if _, err := strconv.ParseFloat(f[11], 64); err != nil {
			continue
		}
		for _, k := range which {
			v, err := strconv.ParseFloat(f[k], 64)
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
