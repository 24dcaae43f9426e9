//go:build !wasip1

package main

import (
	"bufio"
	_ "embed"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/goccy/go-json"
)

//go:embed node.mjs
var script []byte

// underNode is a guest under Node.js, which is asked line by line.
func underNode(node, dir string, g guest, j job) (contender, func(), error) {
	fail := func(err error) (contender, func(), error) {
		return contender{}, nil, fmt.Errorf("%s: %w", g.name, err)
	}
	base := filepath.Join(dir, strings.ReplaceAll(g.name, " ", ""))
	for name, data := range map[string][]byte{base + ".mjs": script, base + ".wasm": g.code} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			return fail(err)
		}
	}
	cmd := exec.Command(node, base+".mjs", base+".wasm", fmt.Sprint(j.hidden), fmt.Sprint(j.steps), fmt.Sprint(j.rows))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return fail(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fail(err)
	}
	if err := cmd.Start(); err != nil {
		return fail(err)
	}
	stop := func() { in.Close(); cmd.Wait() }
	lines := bufio.NewReader(out)
	ask := func(count int, answer any) error {
		if _, err := fmt.Fprintln(in, count); err != nil {
			return err
		}
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return io.ErrUnexpectedEOF
		}
		return json.Unmarshal(line, answer)
	}
	return contender{
		name:   g.name,
		run:    func(count int) (times []float64, err error) { return times, ask(count, &times) },
		output: func() (x []float32, err error) { return x, ask(0, &x) },
	}, stop, nil
}
