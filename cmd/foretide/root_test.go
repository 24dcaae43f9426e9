package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
)

// TestUsage: what a user reads about a command line that cannot be carried out.
func TestUsage(t *testing.T) {
	s := newSession(t)
	s.twoContainers()
	for line, text := range map[string]string{
		"tarin":                                 `there is no command "tarin"; did you mean "train"?`,
		"config shwo":                           `there is no command "shwo"; did you mean "show"?`,
		"checkpoint verfy x":                    `there is no command "verfy"; did you mean "verify"?`,
		"completion powershel":                  `there is no command "powershel"; did you mean "powershell"?`,
		"help tarin":                            `there is no command "tarin"; did you mean "train"?`,
		"help config shwo":                      `there is no command "shwo"; did you mean "show"?`,
		"config show a b":                       `unexpected argument "b": it shows one file`,
		"version now":                           `unexpected argument "now"`,
		"checkpoint inspect":                    "name checkpoints, or folders of them",
		"train --dtaa m.csv":                    `unknown flag: --dtaa; did you mean "--data"?`,
		"backtest --data m.csv --workers x":     `--workers is "x"; it is a whole number`,
		"backtest --data m.csv --every 5":       `--every is "5"; it is a time with a unit, such as 90s, 35m or 24h`,
		"backtest --data m.csv --test-share no": `--test-share is "no"; it is a number`,
		"backtest --data m.csv --out -":         "--out is -, but the standard output is for the table; name a file",
		"predict --data -":                      "--data is -, but metrics may have to be read twice: write them to a file first",
		"train --json=perhaps":                  `--json is "perhaps"; it is true or false`,
		"predict --data m.csv --json --csv":     "--json and --csv exclude each other",
		"version --progress loud":               `--progress is "loud"; it can be auto, plain, json or none`,
	} {
		s.fails(exitUsage, text, strings.Fields(line)...)
	}
}

// TestEmptyFlags: an empty value is no value, as scripts have them.
func TestEmptyFlags(t *testing.T) {
	s := newSession(t)
	s.twoContainers()
	for _, command := range []string{"train", "predict", "backtest"} {
		out := s.ok(command, "--data", "m.csv", "--metric", "", "--container", "")
		for _, want := range []string{"cpu", "memory"} {
			if !strings.Contains(out, want) {
				t.Errorf("%s: no %s in\n%s", command, want, out)
			}
		}
	}
}

// TestOldNames: flags that were renamed have their old names, too, which no
// help and no suggestion shows.
func TestOldNames(t *testing.T) {
	s := newSession(t)
	s.twoContainers()
	s.ok("train", "--data", "m.csv", "--metrics", "cpu", "--model-type", "naive", "--counters", "memory")
	s.ok("predict", "--data", "m.csv", "--metrics", "cpu", "--metric", "memory")
	s.ok("backtest", "--data", "m.csv", "--by", "source", "--model-type", "naive", "--model", "linear")
	s.ok("runs", "list", "--metric", "ratio")
	s.ok("checkpoint", "inspect", "checkpoints/cpu/web.ckpt", "--config")
	for _, command := range []string{"train", "predict", "backtest", "runs list", "checkpoint inspect"} {
		help := s.ok(append(strings.Fields(command), "--help")...)
		for _, old := range []string{"--metrics", "--model-type", "--counters", "--by ", "--config   "} {
			if strings.Contains(help, old) && !(command != "checkpoint inspect" && old == "--config   ") {
				t.Errorf("help of %s has %s:\n%s", command, old, help)
			}
		}
	}
}

// TestHelp: every command has its help, with the exit codes, in both ways.
func TestHelp(t *testing.T) {
	s := newSession(t)
	for _, command := range []string{"", "demo", "export", "train", "predict", "backtest", "checkpoint", "checkpoint inspect",
		"checkpoint verify", "checkpoint import", "checkpoint export", "windows", "config", "config show", "version", "completion", "completion bash"} {
		words := strings.Fields(command)
		a, b := s.ok(append(words, "--help")...), s.ok(append([]string{"help"}, words...)...)
		if a != b || !strings.Contains(a, "Usage:\n  foretide "+command) || !strings.Contains(a, "  130  interrupted") {
			t.Errorf("--help of %q:\n%s\nand help:\n%s", command, a, b)
		}
	}
}

// TestCompletion: the scripts of all shells, and what they ask for.
func TestCompletion(t *testing.T) {
	s := newSession(t)
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if out := s.ok("completion", shell); !strings.Contains(out, "__complete") {
			t.Errorf("%s: no completion script:\n%s", shell, out)
		}
	}
	for line, want := range map[string]string{
		"__complete tra":                      "train",
		"__complete checkpoint ver":           "verify",
		"__complete train --model":            "--model",
		"__complete train --model a":          "arima",
		"__complete backtest --model n":       "naive",
		"__complete backtest --group-by s":    "source",
		"__complete predict --metric cpu,mem": "cpu,memory",
		"__complete export --preset nod":      "node-exporter",
		"__complete version --progress pl":    "plain",
	} {
		if out := s.ok(strings.Fields(line)...); !strings.HasPrefix(out, want+"\n") && !strings.Contains(out, "\n"+want+"\n") && !strings.Contains(out, want+"\t") {
			t.Errorf("%s: no %q in\n%s", line, want, out)
		}
	}
}

// full fails as a disk without space does.
type full struct{}

var errFull = errors.New("no space left on device")

func (full) Write([]byte) (int, error) { return 0, errFull }

// TestResultsNotWritten: a result that nobody got is a failure, whoever prints
// it.
func TestResultsNotWritten(t *testing.T) {
	s := newSession(t)
	s.twoContainers()
	s.ok("train", "--data", "m.csv")
	for _, line := range []string{
		"train --data m.csv", "train --data m.csv --json", "predict --data m.csv", "predict --data m.csv --csv",
		"predict --data m.csv --json", "backtest --data m.csv", "backtest --data m.csv --markdown", "backtest --data m.csv --json",
		"checkpoint inspect checkpoints", "checkpoint verify checkpoints", "config show", "config show --template",
		"version", "completion bash", "train --help",
	} {
		var told bytes.Buffer
		code := run(context.Background(), strings.Fields(line+" -q"), strings.NewReader(""), full{}, &told)
		if code != exitFailure || !strings.Contains(told.String(), errFull.Error()) {
			t.Errorf("%s: exit code %d, it prints %q", line, code, told.String())
		}
	}
}
