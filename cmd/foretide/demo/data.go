// Package demo holds the data that the demo command forecasts: three weeks of
// CPU and memory of one real container pool (see NOTICE for source and
// licence).
package demo

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
)

// Container is the name of the pool in the data.
const Container = "ccc/cluster28"

//go:embed pool.csv.gz
var pool []byte

// CSV returns the data as a metrics file: timestamp, container, cpu (cores)
// and memory, a sample every 30 or 60 seconds from 1 to 22 August 2024, with
// the gaps that the source has.
func CSV() ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(pool))
	if err != nil {
		return nil, fmt.Errorf("demo: embedded data: %w", err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("demo: embedded data: %w", err)
	}
	return b, nil
}
