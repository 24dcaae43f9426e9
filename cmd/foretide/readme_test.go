package main

import (
	"flag"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/foretide/foretide/loader/config"
)

var update = flag.Bool("update", false, "write into the README what the commands in it print")

// blocks returns the fenced blocks of the README in a language.
func blocks(text, language string) (out []string) {
	for _, part := range strings.Split(text, "\n```"+language+"\n")[1:] {
		block, _, _ := strings.Cut(part, "\n```")
		out = append(out, block+"\n")
	}
	return out
}

func readReadme(t *testing.T) (path, text string) {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, string(b)
}

// readmeShows checks that the README shows what its commands print on the data
// of the demo, which has been run.
func readmeShows(t *testing.T, s *session, path, text string) {
	if runtime.GOARCH != "amd64" {
		return // other processors round other last digits
	}
	old := text
	for _, c := range []struct{ begin, end string }{
		{"$ foretide predict --data foretide-demo/data/metrics.csv --store foretide-demo/checkpoints --metric cpu\n", "```"},
		{"$ foretide backtest --data foretide-demo/data/metrics.csv --model naive,arima,linear,prophet,auto --markdown\n", "\n\nA ratio"},
	} {
		before, after, found := strings.Cut(text, c.begin)
		shown, rest, ends := strings.Cut(after, c.end)
		if !found || !ends {
			t.Fatalf("the README lacks %q", c.begin)
		}
		if raceDetector && c.end != "```" {
			continue // ten minutes of training, for figures that the plain run checks
		}
		want := s.ok(strings.Fields(c.begin)[2:]...)
		if c.end != "```" { // the table stands after the block
			want = "```\n\n" + strings.TrimSuffix(want, "\n")
		}
		if shown != want && !*update {
			t.Errorf("%sprints\n%s\nand the README shows\n%s\ngo test ./cmd/foretide -run Readme -update corrects it", c.begin, want, shown)
		}
		text = before + c.begin + want + c.end + rest
	}
	if *update && text != old {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestReadmeCommands: every command that the README shows has these flags.
func TestReadmeCommands(t *testing.T) {
	_, text := readReadme(t)
	s := newSession(t)
	n := 0
	for _, block := range blocks(text, "sh") {
		for line := range strings.Lines(block) {
			line, _, _ = strings.Cut(line, "#")
			words := strings.Fields(strings.Replace(line, "go run ./cmd/foretide", "foretide", 1))
			if len(words) < 2 || words[0] != "foretide" {
				continue
			}
			n++
			s.ok(append(words[1:], "--help")...)
		}
	}
	if n < 5 {
		t.Errorf("%d commands in the README", n)
	}
}

// TestReadmeCode: the Go programs of the README are those of the loader's
// examples, which the compiler sees, and its configuration loads.
func TestReadmeCode(t *testing.T) {
	_, text := readReadme(t)
	b, err := os.ReadFile(filepath.Join("..", "..", "loader", "example_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	code, configs := blocks(text, "go"), blocks(text, "yaml")
	if len(code) != 2 || len(configs) != 1 {
		t.Fatalf("%d programs and %d configurations", len(code), len(configs))
	}
	example := string(b)
	for line := range strings.Lines(strings.Join(code, "")) {
		line, _, _ = strings.Cut(line, "  //")
		line = strings.TrimSpace(line)
		_, after, found := strings.Cut(example, line)
		if line != "…" && !found {
			t.Errorf("the example does not go on with %s", line)
		} else if line != "…" {
			example = after
		}
	}
	if _, err := config.Parse("README.md", []byte(configs[0])); err != nil {
		t.Error(err)
	}
}
