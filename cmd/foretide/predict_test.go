package main

import (
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/general"
	"github.com/foretide/foretide/loader"
)

// trained returns a session with two containers' data and a checkpoint of
// webapp's cpu.
func trained(t *testing.T) *session {
	s := newSession(t)
	s.write("m.csv", head+waves("webapp", 60, 4000)+waves("db", 60, 4000))
	s.ok("train", "--data", "m.csv", "--container", "webapp", "--metric", "cpu", "--model", "naive", "-q")
	return s
}

func TestPredict(t *testing.T) {
	s := trained(t)
	out := s.ok("predict", "--data", "m.csv", "--container", "webapp", "--metric", "cpu,memory", "--horizon", "15")
	for _, want := range []string{"webapp", "cpu", "memory", "15 min", "2024-08-03 18:39:00Z", "no_checkpoint", "80 % from"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if strings.Contains(out, "5 min\n") || strings.Count(out, "15 min") != 2 {
		t.Errorf("not one line for each metric:\n%s", out)
	}
	// cpu has a checkpoint, so nothing is to be said of it.
	for line := range strings.Lines(out) {
		if strings.Contains(line, "cpu") && strings.Contains(line, "no_checkpoint") {
			t.Errorf("cpu's checkpoint does not serve: %s", line)
		}
	}
}

func TestPredictJSON(t *testing.T) {
	s := trained(t)
	var rows []forecastJSON
	if err := json.Unmarshal([]byte(s.ok("predict", "--data", "m.csv", "--json")), &rows); err != nil {
		t.Fatal(err)
	}
	if len(rows) != 4 || rows[0].Container != "db" || len(rows[2].Horizons) != 3 {
		t.Fatalf("%+v", rows)
	}
	h := rows[2].Horizons[1]
	if h.Seconds != 900 || h.At.Sub(rows[2].Origin).Minutes() != 15 || len(h.Quantiles) != 9 {
		t.Errorf("%+v", h)
	}
	if !(h.Lo80 <= h.Median && h.Median <= h.Hi80) || h.Median <= 0 || strings.Join(h.Reasons, ",") != "no_long,no_week" {
		t.Errorf("%+v", h)
	}
	if why := rows[0].Horizons[0].Reasons; !slices.Contains(why, "no_checkpoint") {
		t.Errorf("db has no checkpoint, and the reasons are %v", why)
	}
}

func TestPredictHorizons(t *testing.T) {
	s := trained(t)
	rows, err := csv.NewReader(strings.NewReader(
		s.ok("predict", "--data", "m.csv", "--csv", "--container", "webapp", "--metric", "cpu", "--horizon", "1800s,10m,10"))).ReadAll()
	if err != nil || len(rows) != 3 {
		t.Fatal(err, rows)
	}
	if rows[1][3] != "600" || !strings.Contains(rows[1][11], "interpolated_horizon") || rows[2][3] != "1800" || strings.Contains(rows[2][11], "interpolated") {
		t.Error(rows)
	}
	s.fails(exitData, `cpu of webapp: no forecast 2h ahead; the model has 5m, 15m, 30m, and any between them`,
		"predict", "--data", "m.csv", "--container", "webapp", "--metric", "cpu", "--horizon", "120")
	s.fails(exitData, "no forecast 90s ahead: a horizon is a positive multiple of the step, 1m",
		"predict", "--data", "m.csv", "--container", "db", "--metric", "cpu", "--horizon", "90s")
	s.fails(exitUsage, `--horizon is "soon"; it is a time ahead in minutes, such as 15, or with a unit: 90s, 15m, 1h`,
		"predict", "--data", "m.csv", "--horizon", "soon")
}

// TestPredictWithoutCheckpoints: without a checkpoint the network in the box
// stands in and the program says so, unless it is to be strict; a folder that is
// named must be there.
func TestPredictWithoutCheckpoints(t *testing.T) {
	s := newSession(t)
	s.write("m.csv", head+waves("webapp", 15, 300))
	out, errOut, code := s.run("predict", "--data", "m.csv", "--metric", "cpu")
	if code != exitOK || !strings.Contains(out, "general  short_window,no_long,no_checkpoint") || !strings.Contains(errOut, "there is no folder checkpoints: the network in the box stands in") {
		t.Errorf("%d\n%s%s", code, out, errOut)
	}
	s.fails(exitFailure, "cannot open nowhere: no such file or directory", "predict", "--data", "m.csv", "--store", "nowhere")
	if err := os.Mkdir("empty", 0o755); err != nil {
		t.Fatal(err)
	}
	out, errOut, code = s.run("predict", "--data", "m.csv", "--store", "empty")
	if code != exitOK || !strings.Contains(out, "general  short_window,no_long,no_checkpoint") || !strings.Contains(errOut, "there is no checkpoint METRIC/CONTAINER.ckpt in empty: the network in the box stands in (no_checkpoint)") {
		t.Errorf("%d\n%s%s", code, out, errOut)
	}
	s.write("empty/copy.ckpt", "x")
	if _, errOut, _ := s.run("predict", "--data", "m.csv", "--store", "empty"); !strings.Contains(errOut, "(copy.ckpt has another name; open it as a file)") {
		t.Error(errOut)
	}
	s.fails(exitCheckpoint, "cannot open empty: no checkpoint METRIC/CONTAINER.ckpt in it", "predict", "--data", "m.csv", "--store", "empty", "--strict")
	for _, command := range []string{"report", "plot"} {
		if _, errOut, code := s.run(command, "--data", "m.csv", "--store", "empty", "--metric", "cpu", "--out", map[string]string{"report": "r.html", "plot": "p.png"}[command]); code != exitOK {
			t.Errorf("%s: %d\n%s", command, code, errOut)
		}
	}
}

// TestPredictStrict: of several series those without a checkpoint are refused by
// name, and the others are printed.
func TestPredictStrict(t *testing.T) {
	s := trained(t) // cpu of webapp alone
	out, errOut, code := s.run("predict", "--data", "m.csv", "--strict", "--csv")
	if code != exitCheckpoint || !strings.Contains(errOut, "foretide: memory of webapp: loader: no checkpoint\n") ||
		strings.Contains(out, "webapp,memory") || !strings.Contains(out, "webapp,cpu") {
		t.Errorf("%d\n%s%s", code, out, errOut)
	}
	s.ok("predict", "--data", "m.csv", "--strict", "--container", "webapp", "--metric", "cpu")
}

// TestOldCheckpoint: after an update that brings another network in the box, the
// checkpoints that refer to the old one are served by the new one, which is told
// with what to do; drift, whose exit code has a schedule train, asks for it.
func TestOldCheckpoint(t *testing.T) {
	s := newSession(t)
	s.write("m.csv", head+waves("webapp", 60, 4000))
	s.ok("train", "--data", "m.csv", "--metric", "cpu", "--model", "general", "--no-run")
	bucket := loader.Folder("checkpoints")
	key := loader.Key{Metric: "cpu", Container: "webapp"}
	c, err := loader.Read(t.Context(), bucket, key)
	if err != nil {
		t.Fatal(err)
	}
	s.ok("predict", "--data", "m.csv", "--metric", "cpu", "--strict")
	version := networkVersion(t, c)
	other := binary.AppendUvarint(nil, version^1<<20)
	if n := bytes.Count(c.Payload, binary.AppendUvarint(nil, version)); n != 1 {
		t.Fatalf("the payload has the network's version %d times", n)
	}
	c.Payload = bytes.Replace(c.Payload, binary.AppendUvarint(nil, version), other, 1)
	if _, err := loader.Save(t.Context(), bucket, c); err != nil {
		t.Fatal(err)
	}
	out, errOut, code := s.run("predict", "--data", "m.csv", "--metric", "cpu")
	if code != exitOK || strings.Count(out, "old_checkpoint") != 3 ||
		!strings.Contains(errOut, `the checkpoints of 1 series (cpu of webapp) were made with another network in the box`) || !strings.Contains(errOut, "foretide train") {
		t.Errorf("%d\n%s%s", code, out, errOut)
	}
	s.fails(exitCheckpoint, "train it again with this foretide", "predict", "--data", "m.csv", "--metric", "cpu", "--strict")
	s.fails(exitCheckpoint, "train it again with this foretide", "checkpoint", "verify", "checkpoints")
	if out, _, code := s.run("drift", "--data", "m.csv"); code != exitDrift || !strings.Contains(out, "train it again") {
		t.Errorf("drift: %d\n%s", code, out)
	}
	s.ok("report", "--data", "m.csv", "--out", "r.html")
	if page, err := os.ReadFile("r.html"); err != nil || !strings.Contains(string(page), "is to be trained again") {
		t.Error("the report does not say why", err)
	}
}

// networkVersion is that of the network in the box.
func networkVersion(t *testing.T, c *codec.Checkpoint) (version uint64) {
	t.Helper()
	m, err := general.Bind(forecast.Task{Metric: c.Metric, Step: c.Step, Horizons: c.Horizons, Levels: c.Levels}, 0)
	if err != nil {
		t.Fatal(err)
	}
	for r := codec.NewReader(m.AppendPayload(nil)); r.Next(); {
		if r.Field() == 2 {
			version = r.Uint()
		}
	}
	return version
}

// TestPredictDamaged: a damaged checkpoint is an error that names it, nothing
// stands in for it silently, and the other forecasts are still printed.
func TestPredictDamaged(t *testing.T) {
	s := trained(t)
	path := filepath.Join("checkpoints", "cpu", "webapp.ckpt")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	s.write(path, string(b))
	out, errOut, code := s.run("predict", "--data", "m.csv")
	if code != exitCheckpoint || !strings.Contains(errOut, path) || !strings.Contains(errOut, "damaged") {
		t.Errorf("%d\n%s", code, errOut)
	}
	if !strings.Contains(out, "memory") || strings.Count(out, "cpu") != 1 {
		t.Errorf("the other forecasts are not there:\n%s", out)
	}
}

// TestPredictStep: a model of one-minute steps serves data of 15 seconds, and
// refuses data of five minutes.
func TestPredictStep(t *testing.T) {
	s := trained(t)
	s.write("fine.csv", head+waves("webapp", 15, 1000))
	s.ok("predict", "--data", "fine.csv", "--metric", "cpu")
	s.write("coarse.csv", head+waves("webapp", 300, 100))
	s.fails(exitData, "the data have a step of 5m, which does not divide the model's of 1m", "predict", "--data", "coarse.csv", "--metric", "cpu")
}

// TestCounters: a column of running totals is forecast as its rate with
// --counter, by every command that reads data; without, the user is told.
func TestCounters(t *testing.T) {
	s := newSession(t)
	rate, total := []string{}, []string{}
	sum := 5e9
	for i := range 700 {
		if i == 400 {
			sum = 0 // a restart
		}
		r := 1000 + 10*(i%7)
		sum += float64(60 * r)
		rate = append(rate, fmt.Sprintf("%d,web,%d\n", start+60*i, r))
		total = append(total, fmt.Sprintf("%d,web,%.0f\n", start+60*i, sum))
	}
	const head = "timestamp,container,net_rx\n"
	s.write("rate.csv", head+strings.Join(rate[1:], ""))
	s.write("total.csv", head+strings.Join(total, ""))
	forecast := func(args ...string) []forecastJSON {
		t.Helper()
		var rows []forecastJSON
		if err := json.Unmarshal([]byte(s.ok(append([]string{"predict", "--json"}, args...)...)), &rows); err != nil {
			t.Fatal(err)
		}
		return rows
	}
	s.ok("train", "--data", "total.csv", "--counter", "net_rx", "-q")
	s.ok("backtest", "--data", "total.csv", "--counter", "net_rx", "-q")
	want, got := forecast("--data", "rate.csv"), forecast("--data", "total.csv", "--counter", "net_rx")
	for k, h := range got[0].Horizons {
		if w := want[0].Horizons[k]; h.Median != w.Median || h.Lo80 != w.Lo80 || h.Median < 1000 || h.Median > 1070 {
			t.Errorf("horizon %d s: %v from totals, %v from rates", h.Seconds, h.Median, w.Median)
		}
	}
	_, told, _ := s.run("predict", "--data", "total.csv")
	if !strings.Contains(told, `metric "net_rx" only grows in 1 container ("web"): it looks like a running total`) {
		t.Errorf("a total is taken for a rate, and the user is told only\n%s", told)
	}
	s.fails(exitData, `no column of this name; did you mean "net_rx"?`, "train", "--data", "total.csv", "--counter", "netrx")
}

// TestPredictLacks: what is not known of the hour, day and week before is in the
// note and in the JSON, with a checkpoint and without.
func TestPredictLacks(t *testing.T) {
	s := newSession(t)
	s.write("all.csv", head+waves("web", 300, 9*288))
	s.ok("train", "--data", "all.csv", "--model", "linear", "--metric", "cpu", "-q")
	for cells, want := range map[int]string{2: "no_hour,no_day,no_week", 24: "no_day,no_week", 288: "no_week", 3 * 288: "no_week", 9 * 288: ""} {
		s.write("m.csv", head+waves("web", 300, cells))
		for _, metric := range []string{"cpu", "memory"} { // trained, and not
			args := []string{"predict", "--data", "m.csv", "--metric", metric}
			if out := s.ok(args...); strings.Count(out, want) < 3 || want == "" && strings.Contains(out, "no_week") {
				t.Errorf("%d cells of %s: no %q in\n%s", cells, metric, want, out)
			}
			var got []forecastJSON
			if err := json.Unmarshal([]byte(s.ok(append(args, "--json")...)), &got); err != nil || len(got) != 1 {
				t.Fatal(err, got)
			}
			for _, h := range got[0].Horizons {
				lacks := slices.DeleteFunc(slices.Clone(h.Reasons), func(r string) bool { return r != "no_hour" && r != "no_day" && r != "no_week" })
				if strings.Join(lacks, ",") != want {
					t.Errorf("%d cells of %s, %d s ahead: it lacks %q, not %q", cells, metric, h.Seconds, lacks, want)
				}
			}
		}
	}
}

// TestPredictSilent: a metric that has gone silent shows its own last value's time,
// not that of the metric beside it.
func TestPredictSilent(t *testing.T) {
	s := newSession(t)
	var b strings.Builder
	for i := range 600 {
		memory := fmt.Sprint(i % 7)
		if i >= 500 {
			memory = ""
		}
		fmt.Fprintf(&b, "%d,web,%d,%s\n", start+60*i, i%5, memory)
	}
	s.write("m.csv", head+b.String())
	out := s.ok("predict", "--data", "m.csv")
	if !strings.Contains(out, "cpu     2024-08-01 09:59:00Z") || !strings.Contains(out, "memory  2024-08-01 08:19:00Z") {
		t.Error(out)
	}
	var rows []forecastJSON
	if err := json.Unmarshal([]byte(s.ok("predict", "--data", "m.csv", "--json")), &rows); err != nil {
		t.Fatal(err)
	}
	if cpu, memory := rows[0], rows[1]; cpu.LastData != cpu.Origin || memory.Origin != cpu.Origin ||
		memory.LastData.Unix() != start+60*499 || memory.Horizons[0].At.Unix() != memory.Origin.Unix()+300 {
		t.Errorf("cpu %v of %v, memory %v of %v", cpu.LastData, cpu.Origin, memory.LastData, memory.Origin)
	}
}
