package testkit

import (
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// M4Period is the season of the hourly series, in values.
const M4Period = 24

// An M4Series is an hourly series of the M4 competition (Makridakis, Spiliotis and
// Assimakopoulos 2020), which tests and benchmarks compare on.
type M4Series struct {
	ID    string    // H1 … H414
	Train []float64 // 700 or 960 hours
	Test  []float64 // the 48 that follow
}

// M4Hourly reads m4_hourly_train.csv.gz and m4_hourly_test.csv.gz in dir.
func M4Hourly(dir string) ([]M4Series, error) {
	train, err := rows(filepath.Join(dir, "m4_hourly_train.csv.gz"))
	if err != nil {
		return nil, err
	}
	test, err := rows(filepath.Join(dir, "m4_hourly_test.csv.gz"))
	if err != nil {
		return nil, err
	}
	if len(train) != len(test) {
		return nil, fmt.Errorf("%s: %d series to train on and %d to test on", dir, len(train), len(test))
	}
	all := make([]M4Series, len(train))
	for i := range all {
		all[i] = M4Series{ID: "H" + strconv.Itoa(i+1), Train: train[i], Test: test[i]}
	}
	return all, nil
}

// rows reads a file of one series in each row, padded with empty cells.
func rows(path string) ([][]float64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	r := csv.NewReader(z)
	r.FieldsPerRecord = -1
	records, err := r.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var all [][]float64
	for i, record := range records {
		if i == 0 {
			continue // the header
		}
		var y []float64
		for j, cell := range record[1:] {
			if cell == "" {
				break
			}
			v, err := strconv.ParseFloat(cell, 64)
			if err != nil {
				return nil, fmt.Errorf("%s: line %d, column %d: %w", path, i+1, j+2, err)
			}
			y = append(y, v)
		}
		all = append(all, y)
	}
	return all, nil
}

// MASE is the mean absolute error of the forecasts relative to that of the
// seasonal naive forecast one step ahead on the training part.
func (s *M4Series) MASE(forecasts []float64) float64 {
	scale := 0.0
	for t := M4Period; t < len(s.Train); t++ {
		scale += abs(s.Train[t] - s.Train[t-M4Period])
	}
	scale /= float64(len(s.Train) - M4Period)
	e := 0.0
	for i, v := range s.Test {
		e += abs(v - forecasts[i])
	}
	return e / float64(len(s.Test)) / scale
}

func abs(x float64) float64 { return max(x, -x) }
