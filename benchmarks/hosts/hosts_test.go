//go:build !wasip1

package main

import (
	"os"
	"path/filepath"
	"testing"
)

func of(host string, values ...float64) result {
	return result{Host: host, Model: "arima", report: report{first: first{Values: values}}}
}

// TestCompare: what differs from the native forecast, or in a bit from wazero's,
// fails.
func TestCompare(t *testing.T) {
	native, wazero := of("native", 1, 2), of("wazero", 1+1e-10, 2)
	for _, c := range []struct {
		other result
		ok    bool
	}{
		{of("Node.js", 1+1e-10, 2), true}, {of("Node.js", 1, 2), false}, {of("Node.js", 1+1e-8, 2), false},
		{of("Node.js", 1+1e-10), false}, {of("Rust (wasmtime)"), true},
	} {
		if err := compare([]result{native, wazero, c.other}); (err == nil) != c.ok {
			t.Errorf("%+v: %v", c.other, err)
		}
	}
	if err := compare([]result{native, of("wazero", 1+1e-8, 2)}); err == nil {
		t.Error("wazero may differ")
	}
}

// TestRead: the reports of our scripts and that of the Rust host.
func TestRead(t *testing.T) {
	var r report
	for _, line := range []string{`{"compile_ms":3,"first_ms":2,"values":[1]}`, `{"steady_us":5,"median_us":6,"instance_bytes":7}`} {
		if err := r.read([]byte(line)); err != nil {
			t.Fatal(err)
		}
	}
	if r.CompileMS != 3 || r.FirstMS != 2 || r.SteadyUS != 5 || r.MedianUS != 6 || r.Instance != 7 {
		t.Errorf("%+v", r)
	}
	var rust report
	if err := rust.read([]byte(`{"host":"rust/wasmtime","compile_ms":3,"first_ms":5,"steady_us":5,"steady_median_us":6,"memory_bytes":7}`)); err != nil {
		t.Fatal(err)
	}
	if rust.FirstMS != 2 || rust.MedianUS != 6 || rust.Instance != 7 {
		t.Errorf("%+v", rust)
	}
}

// TestInsert: tables take the place of those that are there.
func TestInsert(t *testing.T) {
	path := filepath.Join(t.TempDir(), "README.md")
	if err := os.WriteFile(path, []byte("a\n"+begin+"old\n"+end+"b\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := insert(path, "new\n"); err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(path); string(b) != "a\n"+begin+"new\n"+end+"b\n" {
		t.Errorf("%s", b)
	}
	if err := insert(filepath.Join("..", "README.md"), "new"); err == nil {
		t.Error("a file without marks is changed")
	}
}
