package main

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestReport: trained on what comes before, judged on what came after; the
// figures that it prints stand in the page.
func TestReport(t *testing.T) {
	s := newSession(t)
	old := head + waves("web", 300, 864) + waves("db", 300, 864)
	s.write("old.csv", old)
	s.write("m.csv", head+waves("web", 300, 1440)+waves("db", 300, 1440))
	s.ok("train", "--data", "old.csv", "--metric", "cpu", "--model", "linear", "--store", "ckpt")
	out := s.ok("report", "--data", "m.csv", "--store", "ckpt", "--out", "r.html", "--title", "The <fleet>")
	b, err := os.ReadFile("r.html")
	if err != nil {
		t.Fatal(err)
	}
	page := string(b)
	for _, want := range []string{"The &lt;fleet&gt;", "web", "db", "Without a checkpoint", "foretide train --data m.csv --store ckpt --metric memory", "linear"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in the page", want)
		}
	}
	if strings.Contains(page, `<span class="chip">seen</span>`) {
		t.Error("two days after the checkpoint's data, the page says that it had seen them")
	}
	printed := regexp.MustCompile(`(?m)^cpu +2 +(\d\.\d{3})`).FindStringSubmatch(out)
	if printed == nil || !strings.Contains(page, printed[1]) {
		t.Errorf("the ratio that is printed is not in the page:\n%s", out)
	}
	s.ok("report", "--data", "m.csv", "--store", "ckpt", "--out", "again.html", "--title", "The <fleet>", "--workers", "1")
	if again, err := os.ReadFile("again.html"); err != nil || !bytes.Equal(again, b) {
		t.Errorf("made again, the page is another (%v)", err)
	}
	s.ok("report", "--data", "old.csv", "--store", "ckpt", "--metric", "cpu", "--out", "seen.html")
	if seen, _ := os.ReadFile("seen.html"); !strings.Contains(string(seen), `<span class="chip">seen</span>`) {
		t.Error("judged on its own data, the checkpoint is not said to have seen them")
	}
}

func TestReportMistakes(t *testing.T) {
	s := newSession(t)
	s.twoContainers()
	s.fails(exitUsage, "--data is missing", "report")
	s.fails(exitUsage, "--last is 0s", "report", "--data", "m.csv", "--last", "0s")
	s.fails(exitUsage, "name a file", "report", "--data", "m.csv", "--out", "-")
	s.fails(exitFailure, "none/r.html", "report", "--data", "m.csv", "--out", "none/r.html")
	s.fails(exitData, `did you mean "cpu"`, "report", "--data", "m.csv", "--metric", "cpv")
	s.fails(exitFailure, "nowhere", "report", "--data", "m.csv", "--store", "nowhere")
	if _, err := os.Stat("report.html"); err == nil {
		t.Error("a report that failed has left a page")
	}
	s.write("bad/cpu/web.ckpt", "no checkpoint")
	s.fails(exitCheckpoint, "web.ckpt", "report", "--data", "m.csv", "--store", "bad")
}

func TestPlot(t *testing.T) {
	s := newSession(t)
	s.twoContainers()
	one := []string{"plot", "--data", "m.csv", "--container", "web", "--metric", "cpu"}
	s.ok(append(one, "--out", "p.png")...)
	if b, err := os.ReadFile("p.png"); err != nil || !bytes.HasPrefix(b, []byte("\x89PNG")) {
		t.Errorf("%v, or no PNG", err)
	}
	if out := s.ok(append(one, "--out", "p.svg", "--kind", "fan,residuals", "--horizon", "15")...); !strings.Contains(out, "2 panels of web cpu") {
		t.Errorf("it prints %s", out)
	}
	if b, err := os.ReadFile("p.svg"); err != nil || !bytes.Contains(b, []byte("web cpu, 15 min ahead")) {
		t.Errorf("%v, or no such panel", err)
	}
	s.fails(exitUsage, "ends in .png or .svg", append(one, "--out", "p.gif")...)
	s.fails(exitUsage, `--kind is "fam"`, append(one, "--out", "p.png", "--kind", "fam")...)
	s.fails(exitUsage, "choose one with --container", "plot", "--data", "m.csv", "--out", "p.png")
	s.fails(exitUsage, "choose one with --metric", "plot", "--data", "m.csv", "--container", "db", "--out", "p.png")
	s.fails(exitData, "the model has 5 min, 15 min, 30 min", append(one, "--out", "p.png", "--horizon", "17")...)
	s.fails(exitData, "nothing to draw for components", append(one, "--out", "p.png", "--kind", "components")...)
}

func TestPredictPlot(t *testing.T) {
	s := newSession(t)
	s.twoContainers()
	out := s.ok("predict", "--data", "m.csv", "--container", "web", "--plot")
	for _, want := range []string{"web cpu\n", "web memory\n", "●", "▒", "── past", "23:55", "00:25"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if strings.Contains(out, "×") {
		t.Error("what came is marked, and has not yet")
	}
	if plain := s.ok("predict", "--data", "m.csv", "--container", "web"); !strings.HasPrefix(out, plain) {
		t.Error("the table is another with --plot")
	}
	s.fails(exitUsage, "--plot is for the table", "predict", "--data", "m.csv", "--plot", "--json")
}
