package functions_test

import (
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/foretide/foretide/internal/testkit"
)

// deployFolder has what the template names and what reckons its costs.
const deployFolder = "../infra/deploy/"

// costs runs costs.py.
func costs(t *testing.T, args ...string) string {
	t.Helper()
	testkit.Program(t, "python3", "Debian: apt-get install python3")
	out, err := exec.Command("python3", append([]string{deployFolder + "costs.py"}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("costs.py: %v\n%s", err, out)
	}
	return string(out)
}

// TestCostsReadme: the tables of README.md are what costs.py prints.
func TestCostsReadme(t *testing.T) {
	text, err := os.ReadFile(deployFolder + "README.md")
	if err != nil {
		t.Fatal(err)
	}
	if want := costs(t, "--readme"); !strings.Contains(string(text), want) {
		t.Errorf("README.md does not have, as it is,\n%s", want)
	}
}

// costSums returns the sums of the table of parts, by size of the fleet.
func costSums(t *testing.T, args ...string) []float64 {
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

// TestCostsPage: docs/lambda.md has the sums that costs.py prints.
func TestCostsPage(t *testing.T) {
	text, err := os.ReadFile("../docs/lambda.md")
	if err != nil {
		t.Fatal(err)
	}
	said := regexp.MustCompile(`([0-9.,]+) for 100 series, ([0-9.,]+) for 10,000 and ([0-9.,]+) for a million`).FindSubmatch(text)
	if said == nil {
		t.Fatal("docs/lambda.md does not say what it costs")
	}
	for i, want := range costSums(t) {
		if v, err := strconv.ParseFloat(strings.ReplaceAll(string(said[1+i]), ",", ""), 64); err != nil || v != want {
			t.Errorf("docs/lambda.md says %s, %v: costs.py %v", said[1+i], err, want)
		}
	}
}

// TestCostsDefaults: costs.py reckons with what the template sets.
func TestCostsDefaults(t *testing.T) {
	template, err := os.ReadFile("../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile(deployFolder + "costs.py")
	if err != nil {
		t.Fatal(err)
	}
	for parameter, argument := range map[string]string{
		"TrainMemory": "train-mb", "PredictMemory": "predict-mb", "KeepDays": "keep-days", "KeepForecastDays": "keep-forecast-days",
		"KeepReplacedDays": "keep-replaced-days", "LogDays": "log-days",
	} {
		set := regexp.MustCompile(`(?m)^  ` + parameter + `: \{Type: Number, Default: (\d+),`).FindSubmatch(template)
		used := regexp.MustCompile(`"` + argument + `": (\d+)`).FindSubmatch(script)
		if set == nil || used == nil || string(set[1]) != string(used[1]) {
			t.Errorf("%s is %s, %s %s", parameter, set, argument, used)
		}
	}
	if !strings.Contains(string(template), "Prefix: forecasts/, ExpirationInDays: !Ref KeepForecastDays") || !strings.Contains(string(template), "Prefix: samples/, ExpirationInDays: !Ref KeepDays") {
		t.Error("forecasts and samples are not kept for days of their own")
	}
}

// TestCostsFormulae: what costs more does so, in proportion.
func TestCostsFormulae(t *testing.T) {
	base := costSums(t)
	if r := base[2] / base[1]; r < 90 || r > 140 { // more than in proportion: checkpoints of a large fleet are asked for one by one
		t.Errorf("a hundred times the series cost %.1f times as much", r)
	}
	if seldom := costSums(t, "--predict-every", "900"); seldom[2] > 0.6*base[2] || seldom[2] < 0.3*base[2] {
		t.Errorf("a third of the forecasts: %v of %v", seldom, base)
	}
	if daily, weekly := costSums(t, "--train-every", "86400"), costSums(t, "--train-every", "604800"); weekly[2] >= daily[2] {
		t.Errorf("training weekly costs %v, daily %v", weekly, daily)
	}
	// By the hand: 1 M series, 288 times a day, 2,256 bytes, and 76 days more of them.
	if d := costSums(t, "--keep-forecast-days", "90")[2] - base[2]; d < 1.13e3 || d > 1.14e3 {
		t.Errorf("forecasts of 76 days cost %v", d)
	}
	if d := costSums(t, "--nat", "2")[0] - base[0]; d < 64 || d > 66 {
		t.Errorf("two NAT gateways cost %v", d)
	}
	// By the hand: a function that waits for nothing costs the same whatever its
	// size, as it has a core for each 1,769 MB.
	small, large := costSums(t, "--s3-ms", "0", "--train-mb", "512"), costSums(t, "--s3-ms", "0", "--train-mb", "3538")
	if d := small[2] - large[2]; d > 0.01*small[2] || d < -0.01*small[2] {
		t.Errorf("without S3's delay, 512 MB cost %v and 3,538 MB %v", small, large)
	}
}
