package main

import (
	"encoding/csv"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// answers are a rival's choices kept in a file.
type answers struct {
	file  *os.File
	known map[string]*choice
	mase  map[string]float64
}

const answersHeader = "series,p,d,q,P,D,Q,aicc,seconds,mase\n"

// openAnswers reads the file, which need not be there, to add to it. Without
// a name nothing is kept.
func openAnswers(path string) (*answers, error) {
	a := &answers{known: map[string]*choice{}, mase: map[string]float64{}}
	if path == "" {
		return a, nil
	}
	data, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	records, err := csv.NewReader(strings.NewReader(string(data))).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for i, r := range records {
		if i == 0 {
			continue
		}
		var n [9]float64
		for j := range n {
			if n[j], err = strconv.ParseFloat(r[j+1], 64); err != nil {
				return nil, fmt.Errorf("%s: line %d, column %d: %w", path, i+1, j+2, err)
			}
		}
		c := &choice{AICc: n[6], Seconds: n[7]}
		for j := range c.Order {
			c.Order[j] = int(n[j])
		}
		a.known[r[0]], a.mase[r[0]] = c, n[8]
	}
	if a.file, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666); err != nil {
		return nil, err
	}
	if len(data) == 0 {
		_, err = a.file.WriteString(answersHeader)
	}
	return a, err
}

func (a *answers) add(id string, c *choice, mase float64) error {
	a.mase[id] = mase
	if a.file == nil {
		return nil
	}
	o := c.Order
	_, err := fmt.Fprintf(a.file, "%s,%d,%d,%d,%d,%d,%d,%.4f,%.3f,%.4f\n",
		id, o[0], o[1], o[2], o[3], o[4], o[5], c.AICc, c.Seconds, mase)
	return err
}

func (a *answers) close() {
	if a.file != nil {
		a.file.Close()
	}
}
