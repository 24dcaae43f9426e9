package deploy_test

import (
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/foretide/foretide/internal/need"
)

// costs runs costs.py.
func costs(t *testing.T, args ...string) string {
	t.Helper()
	need.Program(t, "python3", "Debian: apt-get install python3")
	out, err := exec.Command("python3", append([]string{"costs.py"}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("costs.py: %v\n%s", err, out)
	}
	return string(out)
}

// TestReadme: the tables of README.md are what costs.py prints.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	if want := costs(t, "--readme"); !strings.Contains(string(text), want) {
		t.Errorf("README.md does not have, as it is,\n%s", want)
	}
}

// all returns the sums of the table of parts, by size of the fleet.
func all(t *testing.T, args ...string) []float64 {
	t.Helper()
	line := regexp.MustCompile(`(?m)^\| \*\*all\*\*.*$`).FindString(costs(t, args...))
	var out []float64
	for _, m := range regexp.MustCompile(`\*\*([0-9.,]+)\*\*`).FindAllStringSubmatch(line, -1) {
		v, err := strconv.ParseFloat(strings.ReplaceAll(m[1], ",", ""), 64)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
	if len(out) != 3 {
		t.Fatalf("no sums in %q", line)
	}
	return out
}

// TestFormulae: what costs more does so, in proportion.
func TestFormulae(t *testing.T) {
	base := all(t)
	if r := base[2] / base[1]; r < 90 || r > 140 { // more than in proportion: checkpoints of a large fleet are asked for one by one
		t.Errorf("a hundred times the series cost %.1f times as much", r)
	}
	if seldom := all(t, "--predict-every", "900"); seldom[2] > 0.6*base[2] || seldom[2] < 0.3*base[2] {
		t.Errorf("a third of the forecasts: %v of %v", seldom, base)
	}
	if daily, weekly := all(t, "--train-every", "86400"), all(t, "--train-every", "604800"); weekly[2] >= daily[2] {
		t.Errorf("training weekly costs %v, daily %v", weekly, daily)
	}
	// By the hand: a function that waits for nothing costs the same whatever its
	// size, as it has a core for each 1,769 MB.
	small, large := all(t, "--s3-ms", "0", "--train-mb", "512"), all(t, "--s3-ms", "0", "--train-mb", "3538")
	if d := small[2] - large[2]; d > 0.01*small[2] || d < -0.01*small[2] {
		t.Errorf("without S3's delay, 512 MB cost %v and 3,538 MB %v", small, large)
	}
}
