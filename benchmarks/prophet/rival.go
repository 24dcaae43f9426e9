package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"

	"github.com/goccy/go-json"
)

// A rival is a program that answers a line of JSON with another.
type rival struct {
	name string
	cmd  *exec.Cmd
	to   io.WriteCloser
	from *bufio.Reader
}

// start runs the rival's program in a folder; it is warm when this returns.
func start(name, program, folder string, args ...string) (*rival, error) {
	cmd := exec.Command(program, args...)
	cmd.Dir = folder
	// One thread, like ours.
	cmd.Env = append(os.Environ(), "OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1", "STAN_NUM_THREADS=1")
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
	r.from = bufio.NewReaderSize(out, 1<<16)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	for {
		// Libraries print lines of their own.
		line, err := r.from.ReadString('\n')
		if line == "ready\n" {
			return r, nil
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("%s did not start (benchmarks/install installs it)", name), err)
		}
	}
}

// ask has the rival fit a series.
func (r *rival) ask(q *question) (answer, error) {
	var a answer
	if err := json.NewEncoder(r.to).Encode(q); err != nil {
		return a, err
	}
	line, err := r.from.ReadBytes('\n')
	if err != nil {
		return a, fmt.Errorf("%s stopped: %w", r.name, err)
	}
	if err := json.Unmarshal(line, &a); err != nil {
		return a, fmt.Errorf("%s answered %q: %w", r.name, line, err)
	}
	return a, nil
}

func (r *rival) stop() error {
	r.to.Close()
	return r.cmd.Wait()
}
