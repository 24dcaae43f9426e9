package csvfile_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/foretide/foretide/infra/csvfile"
)

// file writes text to a temporary metrics file and returns its path.
func file(text string) (path string, remove func()) {
	dir, err := os.MkdirTemp("", "csvfile")
	if err != nil {
		panic(err)
	}
	path = filepath.Join(dir, "metrics.csv")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		panic(err)
	}
	return path, func() { os.RemoveAll(dir) }
}

// The step of the grid comes from the timestamps; an empty cell is a missing value.
func ExampleRead() {
	path, remove := file(`timestamp,container,cpu
1722470400,web,0.25
1722470460,web,
1722470520,web,0.75
1722470580,web,0.50
1722470640,web,0.50
`)
	defer remove()
	data, err := csvfile.Read(context.Background(), path, csvfile.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	f := data.Frames[0]
	fmt.Printf("%s: %v every %d s: %.2f\n", f.Container, f.Metrics, f.Step, f.Columns[0])
	// Output: web: [cpu] every 60 s: [0.25 NaN 0.75 0.50 0.50]
}

// A running total is read as its rate per second. A fall is a reset to zero.
func ExampleRead_counters() {
	path, remove := file(`timestamp,container,net_rx
1722470400,web,9000
1722470460,web,9600
1722470520,web,10200
1722470580,web,600
1722470640,web,1200
`)
	defer remove()
	data, err := csvfile.Read(context.Background(), path, csvfile.Options{Counters: []string{"net_rx"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.0f bytes a second\n", data.Frames[0].Columns[0])
	// Output: [10 10 10 10] bytes a second
}

// An error names the file, the line and the column, and wraps its kind.
func ExampleError() {
	path, remove := file("timestamp,container,cpu\n1722470400,web,a lot\n")
	defer remove()
	_, err := csvfile.Read(context.Background(), path, csvfile.Options{})
	var e *csvfile.Error
	if errors.As(err, &e) {
		fmt.Println(e.Line, e.Column, e.Value, errors.Is(err, csvfile.ErrNumber))
	}
	// Output: 2 cpu a lot true
}

// A name that is not in the data is an error that names those like it.
func ExampleData_Frame() {
	path, remove := file("timestamp,container,cpu\n1722470400,webapp,1\n1722470460,webapp,1\n")
	defer remove()
	data, err := csvfile.Read(context.Background(), path, csvfile.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = data.Frame("webap")
	fmt.Println(data.Containers(), errors.Is(err, csvfile.ErrContainer))
	// Output: [webapp] true
}
