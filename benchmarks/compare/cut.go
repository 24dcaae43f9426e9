package main

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/foretide/foretide/core/backtest"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/infra/csvfile"
)

// cut writes the listed series of a folder without their test parts, as a
// folder that evaluate.py and this program read: to choose settings by.
func cut(data, list, dir string) error {
	listed, err := csvfile.ReadList(list)
	if err != nil {
		return err
	}
	got, err := csvfile.Read(context.Background(), data, csvfile.Options{})
	if err != nil {
		return err
	}
	manifest := [][]string{{"container", "interval_s", "file"}}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for i := range got.Frames {
		f := &got.Frames[i]
		var names []string
		var columns [][]float64
		for m, metric := range f.Metrics {
			if listed != nil && !listed[[2]string{f.Container, metric}] {
				continue
			}
			whole := series.Series{Start: f.Start, Step: f.Step, Values: f.Columns[m]}
			t := whole.Trim()
			from := whole.Index(t.Start)
			names = append(names, metric)
			columns = append(columns, whole.Values[:from+backtest.TestStart(t.Len(), backtest.Defaults().TestShare)])
		}
		if len(names) == 0 {
			continue
		}
		file := fmt.Sprintf("%d.csv.gz", i)
		if err := writeCut(filepath.Join(dir, file), f, names, columns); err != nil {
			return err
		}
		manifest = append(manifest, []string{f.Container, integer(f.Step), file})
	}
	return writeCSV(filepath.Join(dir, "manifest.csv"), manifest)
}

func writeCut(path string, f *series.Frame, names []string, columns [][]float64) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	w := gzip.NewWriter(file)
	fmt.Fprintf(w, "timestamp,container,%s\n", strings.Join(names, ","))
	for i := range f.Len() {
		row := []string{integer(f.Start + int64(i)*f.Step), f.Container}
		observed := false
		for _, c := range columns {
			v := ""
			if i < len(c) {
				v = number(c[i])
			}
			observed = observed || v != ""
			row = append(row, v)
		}
		if observed {
			if _, err := io.WriteString(w, strings.Join(row, ",")+"\n"); err != nil {
				return err
			}
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	return file.Close()
}
