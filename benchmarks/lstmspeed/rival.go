package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"github.com/goccy/go-json"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/lstm/network"
)

// A rival is the program rival_torch.py.
type rival struct {
	cmd  *exec.Cmd
	to   io.WriteCloser
	from *bufio.Reader
}

func start(python string, shape network.Shape) (*rival, error) {
	var levels []string
	for _, p := range forecast.DefaultLevels() {
		levels = append(levels, strconv.FormatFloat(p, 'g', -1, 64))
	}
	cmd := exec.Command(python, "benchmarks/lstmspeed/rival_torch.py", strconv.Itoa(shape.Inputs),
		strconv.Itoa(shape.Hidden), strconv.Itoa(shape.Steps), strings.Join(levels, ","))
	cmd.Stderr = os.Stderr
	r := &rival{cmd: cmd}
	var err error
	if r.to, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	r.from = bufio.NewReader(out)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	if line, err := r.from.ReadString('\n'); err != nil || line != "ready\n" {
		return nil, errors.Join(fmt.Errorf("%s has no torch (benchmarks/install installs it)", python), err)
	}
	return r, nil
}

// ask has the rival run a job and returns its runs' seconds.
func (r *rival) ask(variant string, j job) ([]float64, error) {
	fmt.Fprintf(r.to, "%s %s %d %d %d\n", variant, j.name, j.threads, j.batch, j.count)
	line, err := r.from.ReadBytes('\n')
	if err != nil {
		return nil, fmt.Errorf("torch %s stopped: %w", variant, err)
	}
	var times []float64
	if err := json.Unmarshal(line, &times); err != nil {
		return nil, fmt.Errorf("torch %s answered %q: %w", variant, line, err)
	}
	return times, nil
}

func (r *rival) stop() error {
	r.to.Close()
	return r.cmd.Wait()
}
