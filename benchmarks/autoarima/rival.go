package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/goccy/go-json"
)

// A choice is what one program chose for one series.
type choice struct {
	Order   [6]int    `json:"order"` // p, d, q, P, D, Q of an ARIMA model
	Form    string    `json:"form"`  // of an ETS model: "ETS(M,Ad,M)"
	AICc    float64   `json:"aicc"`
	Seconds float64   `json:"seconds"` // of processor time
	Mean    []float64 `json:"mean"`
}

// differences returns d and D.
func (c *choice) differences() [2]int { return [2]int{c.Order[1], c.Order[4]} }

func (c *choice) String() string {
	if c.Form != "" {
		return c.Form
	}
	o := c.Order
	return fmt.Sprintf("(%d,%d,%d)(%d,%d,%d)", o[0], o[1], o[2], o[3], o[4], o[5])
}

// A rival is a program that answers a line of JSON with another.
type rival struct {
	name  string
	cmd   *exec.Cmd
	to    io.WriteCloser
	from  *bufio.Reader
	lines *json.Encoder
}

// start runs the rival's program, which is warm when this returns.
func start(name, dir string) (*rival, error) {
	var cmd *exec.Cmd
	switch name {
	case "statsforecast":
		python := "python3"
		if set := os.Getenv("FORETIDE_STATSFORECAST"); set != "" {
			python = set
		} else if venv := filepath.Join(dir, "..", ".venv", "bin", "python"); exists(venv) {
			python = venv
		}
		cmd = exec.Command(python, filepath.Join(dir, "rival_statsforecast.py"))
	case "r":
		cmd = exec.Command("Rscript", "--vanilla", filepath.Join(dir, "rival_r.R"))
	default:
		return nil, fmt.Errorf("-rival is %q: statsforecast or r", name)
	}
	// One thread, like ours.
	cmd.Env = append(os.Environ(), "NIXTLA_NUMBA_CACHE=1", "NUMBA_NUM_THREADS=1", "OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1")
	cmd.Stderr = os.Stderr
	r := &rival{name: name, cmd: cmd}
	var err error
	if r.to, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	r.from, r.lines = bufio.NewReaderSize(out, 1<<16), json.NewEncoder(r.to)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	if line, err := r.from.ReadString('\n'); err != nil || line != "ready\n" {
		return nil, errors.Join(fmt.Errorf("%s did not start (benchmarks/install installs it): %q", name, line), err)
	}
	return r, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// ask has the rival choose a model, arima or ets.
func (r *rival) ask(model string, q *question) (*choice, error) {
	y := make([]*float64, len(q.y))
	for i := range q.y {
		if !math.IsNaN(q.y[i]) {
			y[i] = &q.y[i]
		}
	}
	err := r.lines.Encode(map[string]any{"model": model, "y": y, "period": q.period, "ahead": len(q.test)})
	if err != nil {
		return nil, err
	}
	line, err := r.from.ReadBytes('\n')
	if err != nil {
		return nil, fmt.Errorf("%s stopped at %s: %w", r.name, q.id, err)
	}
	c := &choice{}
	if err := json.Unmarshal(line, c); err != nil {
		return nil, fmt.Errorf("%s answered %q: %w", r.name, line, err)
	}
	return c, nil
}

func (r *rival) stop() error {
	r.to.Close()
	return r.cmd.Wait()
}
