package main

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/foretide/foretide/infra/csvfile"
	"github.com/foretide/foretide/internal/testkit"
	"github.com/foretide/foretide/internal/testkit/servers"
)

// Programs in Python and JavaScript that get the object at URL, open its bytes as a
// checkpoint, and print the medians of its forecast from the window in window.json.
const (
	pythonHost = `
import json, os, urllib.request
from foretide import Foretide, Window
w = json.load(open("window.json"))
with urllib.request.urlopen(os.environ["URL"]) as object:
    model = Foretide(os.environ["MODULE"]).load(object.read())
f = model.forecast(Window(w["start"], w["step"], {"cpu": w["cpu"]}, "web"))
print(json.dumps([h.quantiles[f.levels.index(0.5)] for h in f.horizons]))
`
	javaScriptHost = `
import { readFile } from "node:fs/promises";
const { Foretide } = await import(process.env.HOST);
const foretide = await Foretide.open(await readFile(process.env.MODULE));
const { start, step, cpu } = JSON.parse(await readFile("window.json", "utf8"));
const object = await fetch(process.env.URL);
const f = foretide.load(await object.arrayBuffer()).forecast({ start, step, metrics: { cpu }, container: "web" });
console.log(JSON.stringify(f.horizons.map((h) => h.quantiles[f.levels.indexOf(0.5)])));
`
)

// TestBucketHosts: an object that "foretide train" wrote to an S3 server is a
// checkpoint that each host opens as it is, with the forecasts of "foretide predict".
func TestBucketHosts(t *testing.T) {
	server := servers.NewS3(t, "fleet")
	top, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	s := newSession(t)
	s.twoContainers()
	s.ok("train", "--data", "m.csv", "--metric", "cpu", "--store", "s3://fleet/a")
	want := medians(t, s.ok("predict", "--data", "m.csv", "--metric", "cpu", "--container", "web", "--store", "s3://fleet/a", "--json"))
	if len(want) != 3 {
		t.Fatalf("foretide predict forecasts %v", want)
	}
	data, err := csvfile.Read(t.Context(), "m.csv", csvfile.Options{Container: "web"})
	if err != nil {
		t.Fatal(err)
	}
	f := &data.Frames[0]
	cpu := make([]*float64, f.Len()) // null where a value is missing
	for i, v := range f.Columns[f.Column("cpu")] {
		if !math.IsNaN(v) {
			cpu[i] = &v
		}
	}
	window, err := json.Marshal(map[string]any{"start": f.Start, "step": f.Step, "cpu": cpu})
	if err != nil {
		t.Fatal(err)
	}
	s.write("window.json", string(window))
	url, err := server.Address("fleet", "a/cpu/web.ckpt")
	if err != nil {
		t.Fatal(err)
	}
	env := append(os.Environ(), "URL="+url, "MODULE="+filepath.Join(top, "wasm", "foretide.wasm"),
		"PYTHONPATH="+filepath.Join(top, "wasm", "hosts", "python", "src"),
		"HOST="+filepath.Join(top, "wasm", "hosts", "js", "src", "index.js"))
	run := func(t *testing.T, program string, args ...string) string {
		t.Helper()
		cmd := exec.Command(program, args...)
		cmd.Env = env
		var errOut strings.Builder
		cmd.Stderr = &errOut
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v\n%s", program, err, errOut.String())
		}
		return string(out)
	}
	same := func(t *testing.T, got []float64) {
		t.Helper()
		for i, w := range want {
			if len(got) != len(want) || !(math.Abs(got[i]-w) <= 1e-6*math.Abs(w)) { // networks differ in the last digits of a float32
				t.Fatalf("the medians are %v, want %v", got, want)
			}
		}
	}
	list := func(t *testing.T, text string) (out []float64) {
		t.Helper()
		if err := json.Unmarshal([]byte(text), &out); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		return out
	}
	t.Run("Python", func(t *testing.T) {
		same(t, list(t, run(t, testkit.Python(t, "numpy", "wasmtime"), "-c", pythonHost)))
	})
	t.Run("JavaScript", func(t *testing.T) {
		testkit.Program(t, "node", "Node.js 18 or newer")
		same(t, list(t, run(t, "node", "--input-type=module", "-e", javaScriptHost)))
	})
	t.Run("Rust", func(t *testing.T) {
		program := os.Getenv("FORETIDE_RUST")
		if program == "" {
			t.Skip("FORETIDE_RUST is not set: it names the example forecast of wasm/hosts/rust, which cargo test builds")
		}
		s.write("checkpoints/cpu/web.ckpt", fetch(t, url))
		rows, err := csv.NewReader(strings.NewReader(run(t, program, "m.csv", "web", "checkpoints"))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		var got []float64
		for _, row := range rows { // metric, horizon, median
			if row[0] == "cpu" {
				v, err := strconv.ParseFloat(row[2], 64)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, v)
			}
		}
		same(t, got)
	})
}

// medians returns those of what "foretide predict --json" printed.
func medians(t *testing.T, text string) (out []float64) {
	t.Helper()
	var forecasts []struct {
		Horizons []struct{ Median float64 }
	}
	if err := json.Unmarshal([]byte(text), &forecasts); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	for _, f := range forecasts {
		for _, h := range f.Horizons {
			out = append(out, h.Median)
		}
	}
	return out
}

// fetch returns what a server has at an address.
func fetch(t *testing.T, url string) string {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", url, r.Status, err)
	}
	return string(b)
}
