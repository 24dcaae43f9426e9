// Package docs tests its pages: what they show is run on the demo's data, and
// what they say exists.
package docs

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/internal/testkit"
	"github.com/foretide/foretide/internal/testkit/servers"
)

// pages, in the order in which a newcomer follows them: their commands are run
// one after the other in one folder.
var pages = []string{"README.md", "first-forecast.md", "prometheus.md", "report.md", "dashboard.md",
	"models.md", "lambda.md", "sagemaker.md", "embedding.md", "production.md", "comparison.md"}

// A block is a fenced block of a page.
type block struct {
	page, language, text string
	checked              bool // what it needs is not here: its commands are only checked
}

// read returns a page's text and blocks. A comment "checked only: WHY" before a
// block says that it cannot be run.
func read(t *testing.T, page string) (text string, blocks []block) {
	t.Helper()
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	text = string(b)
	before := ""
	for rest := text; ; {
		head, after, found := strings.Cut(rest, "\n```")
		if !found {
			return text, blocks
		}
		body, tail, ends := strings.Cut(after, "\n```\n")
		language, body, _ := strings.Cut(body, "\n")
		if !ends || language == "" {
			t.Fatalf("%s: a block without a language or an end: %.60q", page, after)
		}
		lines := strings.Split(head, "\n")
		before = lines[len(lines)-1]
		blocks = append(blocks, block{page, language, body, strings.HasPrefix(before, "<!-- checked only: ")})
		rest = "\n" + tail
	}
}

// program builds the command line.
func program(t *testing.T) (bin string) {
	t.Helper()
	bin = t.TempDir()
	if out, err := exec.Command("go", "build", "-o", bin+"/", "../cmd/foretide", "../cmd/foretide-sagemaker").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return bin
}

// shell runs lines in a folder, with the program on the path.
func shell(t *testing.T, dir, bin, lines string) (out string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", lines)
	cmd.Dir = dir
	var o, e bytes.Buffer
	cmd.Stdout, cmd.Stderr = &o, &e
	cmd.Env = []string{"PATH=" + bin + string(os.PathListSeparator) + os.Getenv("PATH"), "HOME=" + dir, "LANG=C.UTF-8"}
	if err = cmd.Run(); err != nil {
		return e.String(), err
	}
	return o.String(), nil
}

// TestCommands runs every block of shell in the pages' order, and compares with
// the lines that are shown below it. Of what cannot be run here it checks that
// each command has its flags.
func TestCommands(t *testing.T) {
	testkit.Program(t, "bash", "Debian: apt-get install bash")
	bin, dir := program(t), t.TempDir()
	for _, name := range []string{"infra", "configs"} { // a checkout, as the pages say
		target, err := filepath.Abs("../" + name)
		if err == nil {
			err = os.Symlink(target, filepath.Join(dir, name))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	ran, checked, shown := 0, 0, 0
	for _, page := range pages {
		_, blocks := read(t, page)
		last := ""
		for _, b := range blocks {
			switch {
			case b.language == "sh" && b.checked:
				checked += check(t, dir, bin, b)
			case b.language == "sh":
				if raceDetector {
					checked += check(t, dir, bin, b) // the plain test runs them
					continue
				}
				out, err := shell(t, dir, bin, b.text)
				if err != nil {
					t.Fatalf("%s: %v: %s\n%s", page, err, b.text, out)
				}
				last, ran = out, ran+1
			case b.language == "text" && runtime.GOARCH == "amd64" && !raceDetector: // other processors round other last digits
				shown++
				for line := range strings.Lines(b.text + "\n") {
					if !strings.Contains(last, line) {
						t.Errorf("%s shows\n%sand the command before it prints\n%s", page, line, last)
					}
				}
			}
		}
	}
	if !raceDetector && (ran < 10 || shown < 3 && runtime.GOARCH == "amd64") || checked < 10 {
		t.Errorf("%d blocks were run, %d compared, and %d commands checked", ran, shown, checked)
	}
}

var operators = regexp.MustCompile(`\s(\|\||&&|\||&|;|>|<)\s`)

// check checks the commands of a block, and returns how many they are: that each
// is known, that foretide's have their flags, and that what is copied is there.
func check(t *testing.T, dir, bin string, b block) (n int) {
	t.Helper()
	text := strings.ReplaceAll(b.text, "\\\n", " ")
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(" "+strings.TrimSpace(line), " #")
		for _, command := range operators.Split(line, -1) {
			command = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(command), "{ "), "; }") // a group
			words := strings.Fields(command)
			if len(words) < 2 || strings.Contains(words[0], "=") { // nothing, or variables alone
				continue
			}
			n++
			switch words[0] {
			case "foretide", "foretide-sagemaker":
				if out, err := shell(t, dir, bin, command+" --help"); err != nil {
					t.Errorf("%s: %s: %v\n%s", b.page, command, err, out)
				}
			case "go":
				if last := words[len(words)-1]; strings.HasPrefix(last, "./") {
					if _, err := os.Stat("../" + last); err != nil {
						t.Errorf("%s: %s: %v", b.page, command, err)
					}
				}
			case "sam":
				parameters(t, b.page, command)
			case "curl", "mkdir", "cp", "echo", "pip", "aws", "docker", "[":
			case "python3":
				script(t, dir, bin, b.page, words)
			default:
				t.Errorf("%s: no test knows the command %q", b.page, command)
			}
		}
	}
	return n
}

// script checks that a program in Python is there and, of those that deploy, that
// it has the flags of a command.
func script(t *testing.T, dir, bin, page string, words []string) {
	t.Helper()
	if _, err := os.Stat("../" + words[1]); err != nil {
		t.Errorf("%s: %s: %v", page, words[1], err)
	}
	if !strings.Contains(words[1], "/sagemaker/") || len(words) < 3 {
		return
	}
	help, err := shell(t, dir, bin, strings.Join(words[:3], " ")+" --help")
	if err != nil {
		t.Errorf("%s: %v: %v\n%s", page, words[:3], err, help)
	}
	for _, w := range words[3:] {
		if strings.HasPrefix(w, "--") && !strings.Contains(help, " "+w+" ") && !strings.Contains(help, " "+w+"\n") {
			t.Errorf("%s: %v has no %s", page, words[:3], w)
		}
	}
}

// parameters checks that template.yaml has what a command sets.
func parameters(t *testing.T, page, command string) {
	t.Helper()
	template, err := os.ReadFile("../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`\b([A-Z]\w+)=`).FindAllStringSubmatch(command, -1) {
		if !strings.Contains(string(template), "\n  "+m[1]+":") {
			t.Errorf("%s: template.yaml has no parameter %s", page, m[1])
		}
	}
}

// TestPrometheusConfig: the configuration that a page shows is one, to promtool.
func TestPrometheusConfig(t *testing.T) {
	servers.NeedPrometheus(t)
	_, blocks := read(t, "dashboard.md")
	dir, n := t.TempDir(), 0
	infra, err := filepath.Abs("../infra")
	if err == nil {
		err = os.Symlink(infra, filepath.Join(dir, "infra"))
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range blocks {
		if b.language != "yaml" {
			continue
		}
		n++
		path := filepath.Join(dir, "prometheus.yml")
		if err := os.WriteFile(path, []byte(b.text+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("promtool", "check", "config", path).CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	}
	if n != 1 {
		t.Errorf("%d configurations", n)
	}
}

var (
	link   = regexp.MustCompile(`\]\(([^)#]*)(#[^)]*)?\)`)
	metric = regexp.MustCompile(`\bforetide_([a-z_]+)|\bforetide:[a-z_][a-z_:]+`)
)

// TestPages: links lead to files and headings that are there, metrics exist, and
// figures of the README are as they are there.
func TestPages(t *testing.T) {
	listed, err := filepath.Glob("*.md")
	if err != nil || len(listed) != len(pages) {
		t.Fatalf("%v: %d pages, and %d are tested", err, len(listed), len(pages))
	}
	sources := ""
	for _, path := range []string{"../internal/serving/collector.go", "../infra/grafana/rules.yml", "../README.md"} {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		sources += string(b)
	}
	for _, page := range pages {
		text, _ := read(t, page)
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			target := m[1]
			if strings.Contains(target, "://") {
				continue
			}
			if target == "" {
				target = page
			}
			b, err := os.ReadFile(target)
			if info, e := os.Stat(target); e != nil || err != nil && !info.IsDir() {
				t.Errorf("%s links to %s: %v", page, target, e)
			} else if m[2] != "" && !hasHeading(string(b), m[2][1:]) {
				t.Errorf("%s links to %s, which has no heading %s", page, target, m[2])
			}
		}
		for _, m := range metric.FindAllStringSubmatch(text, -1) {
			if strings.HasSuffix(m[0], "::") {
				continue // a path of Rust
			}
			recorded := m[1] == "" && strings.Contains(sources, "record: "+m[0]+"\n")
			exported := m[1] != "" && (strings.Contains(sources, `desc("`+m[1]+`"`) || strings.Contains(sources, `"`+m[0]+`"`))
			if !recorded && !exported {
				t.Errorf("%s: there is no metric %s", page, m[0])
			}
		}
	}
}

// TestModelRows: what the README says of models the page about them says too,
// of more models.
func TestModelRows(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("models.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.Lines(string(readme)) {
		if strings.HasPrefix(line, "| 56 |") {
			rows++
			if !strings.Contains(string(page), line) {
				t.Errorf("models.md has no row %s", line)
			}
		}
	}
	if rows < 5 {
		t.Errorf("got %d rows in the README, want 5 or more", rows)
	}
}

// hasHeading reports whether a page has the heading of an anchor.
func hasHeading(text, anchor string) bool {
	for s := bufio.NewScanner(strings.NewReader(text)); s.Scan(); {
		if h, ok := strings.CutPrefix(strings.TrimLeft(s.Text(), "#"), " "); ok && strings.HasPrefix(s.Text(), "#") &&
			strings.ReplaceAll(strings.ToLower(h), " ", "-") == anchor {
			return true
		}
	}
	return false
}

// TestReasons: a page explains every reason, and every alert.
func TestReasons(t *testing.T) {
	text, _ := read(t, "production.md")
	all := forecast.Reasons(1<<31 - 1).Names()
	if len(all) < 15 {
		t.Fatalf("%d reasons", len(all))
	}
	for _, name := range all {
		if !strings.Contains(text, "\n| `"+name+"` |") {
			t.Errorf("production.md does not explain %s", name)
		}
	}
	rules, err := os.ReadFile("../infra/grafana/rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`- alert: (\w+)`).FindAllStringSubmatch(string(rules), -1) {
		if !strings.Contains(text, "`"+m[1]+"`") {
			t.Errorf("production.md does not explain the alert %s", m[1])
		}
	}
}

// TestCode: Go code is that of the loader's examples, which the compiler sees, and
// the others' that of their hosts' READMEs: Python's and Rust's tests run or compile it.
func TestCode(t *testing.T) {
	_, blocks := read(t, "embedding.md")
	n := 0
	for _, b := range blocks {
		source := map[string]string{"go": "../loader/example_test.go", "python": "../wasm/hosts/python/README.md",
			"rust": "../wasm/hosts/rust/README.md", "js": "../wasm/hosts/js/README.md"}[b.language]
		if source == "" {
			continue
		}
		n++
		s, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		rest := string(s)
		for line := range strings.Lines(b.text) {
			line = strings.TrimSpace(line)
			_, after, found := strings.Cut(rest, line)
			if line != "…" && !found {
				t.Errorf("%s does not go on with %s", source, line)
			} else if line != "…" {
				rest = after
			}
		}
	}
	if n != 5 {
		t.Errorf("%d programs", n)
	}
}
