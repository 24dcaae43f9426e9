//go:build !wasip1

// Hosts measures forecasts of one window by one set of checkpoints in all the
// places where Foretide runs, and other forecasters beside them: how fast a
// process comes to its first forecast, what a forecast takes from then on, and
// how much memory there is to it. Each host and model has processes of its own.
//
//	go run ./benchmarks/hosts -soak 10000000   # so many ARIMA forecasts in the module, memory watched
//	go run ./benchmarks/hosts [-npm FOLDER] [-python PYTHON] [-readme benchmarks/hosts/README.md]
//
// README.md says what it needs; what is not there is named and left out.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-json"
)

func main() {
	log.SetFlags(0)
	var s settings
	flag.Float64Var(&s.Seconds, "seconds", 1, "how long a model forecasts, once it has begun")
	flag.IntVar(&s.starts, "starts", 3, "processes that are started of each host and model; the fastest counts")
	flag.StringVar(&s.npm, "npm", os.Getenv("FORETIDE_NPM"), "a folder in which npm has installed onnxruntime-web, @bsull/augurs and playwright-core")
	flag.StringVar(&s.python, "python", "python3", "a Python with wasmtime and numpy, and onnxruntime")
	flag.StringVar(&s.raw, "raw", "", "a file for all that was measured, as lines of JSON")
	only := flag.String("only", "", "hosts to measure, by their names in the tables, separated by commas; one that cannot be is an error then")
	readme := flag.String("readme", "", "a file in which the tables are put between their marks, beside being printed")
	child := flag.String("child", "", "how a started process is to forecast")
	soaked := flag.Int("soak", 0, "instead: make so many ARIMA forecasts in the module and fail where memory grows")
	flag.Parse()
	if *soaked > 0 {
		if err := soak(*soaked); err != nil {
			log.Fatal("hosts: ", err)
		}
		return
	}
	if *child != "" {
		if err := runChild(*child, flag.Args(), s.Seconds); err != nil {
			log.Fatal("hosts: ", err)
		}
		return
	}
	if *only != "" {
		s.only = strings.Split(*only, ",")
	}
	if err := measure(&s, *readme); err != nil {
		log.Fatal("hosts: ", err)
	}
}

// settings are what the flags say.
type settings struct {
	Seconds     float64
	starts      int
	npm, python string
	raw         string
	only        []string
}

func measure(s *settings, readme string) error {
	dir, err := os.MkdirTemp("", "foretide-hosts")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := prepare(dir); err != nil {
		return err
	}
	var results []result
	for _, h := range hosts(s, dir) {
		if len(s.only) > 0 && !slices.Contains(s.only, h.name) {
			continue
		}
		got, err := h.run(s)
		if err != nil {
			if len(s.only) > 0 {
				return fmt.Errorf("%s: %w", h.name, err)
			}
			fmt.Fprintf(os.Stderr, "%s is left out: %v\n", h.name, err)
			continue
		}
		results = append(results, got...)
	}
	if err := compare(results); err != nil {
		return err
	}
	if err := keep(s.raw, results); err != nil {
		return err
	}
	text := tables(s, dir, results)
	fmt.Print(text)
	if readme == "" {
		return nil
	}
	return insert(readme, text)
}

// keep writes the results as lines of JSON.
func keep(path string, results []result) error {
	if path == "" {
		return nil
	}
	var b strings.Builder
	for i := range results {
		line, err := json.Marshal(&results[i])
		if err != nil {
			return err
		}
		b.Write(line)
		b.WriteByte('\n')
	}
	return os.WriteFile(path, []byte(b.String()), 0o644)
}

// Marks in README.md.
const begin, end = "<!-- measured -->\n", "<!-- /measured -->\n"

// insert puts text between the marks of a file.
func insert(path, text string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(b), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return fmt.Errorf("%s has no line %q and %q after it", path, strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	return os.WriteFile(filepath.Clean(path), []byte(before+begin+text+end+after), 0o644)
}
