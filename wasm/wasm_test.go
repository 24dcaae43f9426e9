package wasm_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/hex"
	"encoding/json"
	"github.com/foretide/foretide/core/models"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/foretide/foretide/core/abi"
	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/internal/guest"
	"github.com/foretide/foretide/wasm"
)

// A vector is a call and its outcome, as ABI.md describes testdata.
type vector struct {
	Says, Call, In, Out, Message string
	Handle, Returns              int32
}

func vectors(t testing.TB) []vector {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "vectors.json"))
	if err != nil {
		t.Fatal(err)
	}
	var v []vector
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	if len(v) < 30 {
		t.Fatalf("%d vectors", len(v))
	}
	return v
}

func (v *vector) file(t testing.TB, name string) []byte {
	t.Helper()
	if name == "" {
		return nil
	}
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestVectors calls the module as testdata says and compares every bit.
func TestVectors(t *testing.T) { checkVectors(t, wasm.Module) }

func checkVectors(t *testing.T, module []byte) {
	t.Helper()
	ctx := context.Background()
	c := guest.Config{MemoryPages: 1024}
	if dir, err := os.UserCacheDir(); err == nil {
		c.CacheDir = filepath.Join(dir, "foretide", "wasm") // as package loader's
	}
	m, err := guest.Compile(ctx, module, c)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close(ctx)
	i, err := m.New(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range vectors(t) {
		status, out, err := i.Call(nil, "foretide_"+v.Call, v.Handle, !slices.Contains([]string{"load", "clean", "checkpoint_name"}, v.Call), v.file(t, v.In), v.In != "")
		if err != nil {
			t.Fatalf("%s: %v", v.Says, err)
		}
		want := []byte(v.Message)
		if v.Out != "" {
			want = v.file(t, v.Out)
		}
		if status != v.Returns || !bytes.Equal(out, want) {
			t.Errorf("%s: returns %d and %d bytes, not %d and %d: %.100q", v.Says, status, len(out), v.Returns, len(want), out)
		}
	}
}

// TestVectorsNatively has the core answer the same calls without a module.
func TestVectorsNatively(t *testing.T) {
	var s abi.Server
	for _, v := range vectors(t) {
		in := v.file(t, v.In)
		var status int32
		switch v.Call {
		case "load":
			status = s.Load(in)
		case "unload":
			status = s.Unload(v.Handle)
		case "describe":
			status = s.Describe(v.Handle)
		case "update":
			status = s.Update(v.Handle, in)
		case "restore":
			status = s.Restore(v.Handle, in)
		case "forecast":
			status = s.Forecast(v.Handle, in)
		case "clean":
			status = s.Clean(in)
		case "checkpoint_name":
			status = s.Name(in)
		default:
			t.Fatalf("unknown call %s", v.Call)
		}
		out := s.Result()
		if status != v.Returns {
			t.Fatalf("%s: returns %d, not %d: %s", v.Says, status, v.Returns, out)
		}
		switch {
		case v.Out == "":
			if string(out) != v.Message {
				t.Errorf("%s: says %q, not %q", v.Says, out, v.Message)
			}
		case v.Call == "forecast":
			sameForecasts(t, &v, out, v.file(t, v.Out))
		case v.Call == "update":
			sameStates(t, &v, out, v.file(t, v.Out))
		default:
			// What auto has learnt are errors of medians, whose last digits differ.
			want := v.file(t, v.Out)
			if !bytes.Equal(out, want) && !(v.Call == "update" && strings.HasSuffix(v.Says, "by auto") && len(out) == len(want)) {
				t.Errorf("%s: other bytes", v.Says)
			}
		}
	}
}

// sameStates compares what two updates have changed with the tolerance that ABI.md
// gives: the sides of the intervals, and the errors of a combination's members.
func sameStates(t *testing.T, v *vector, got, want []byte) {
	t.Helper()
	if bytes.Equal(got, want) {
		return
	}
	a, b := numbers(t, got), numbers(t, want)
	if len(got) != len(want) || len(a) == 0 || len(a) != len(b) {
		t.Fatalf("%s: %d numbers, not %d", v.Says, len(a), len(b))
	}
	for i := range b {
		if math.Abs(a[i]-b[i]) > 1e-5*math.Abs(b[i]) {
			t.Errorf("%s: %v, not %v", v.Says, a[i], b[i])
		}
	}
}

// numbers returns the numbers of fields 1 and 2 of a state.
func numbers(t *testing.T, state []byte) []float64 {
	t.Helper()
	var out []float64
	r := codec.NewReader(state)
	for r.Next() {
		if r.Field() <= 2 {
			out = append(out, r.Floats()...)
		}
	}
	if r.Err() != nil {
		t.Fatal(r.Err())
	}
	return out
}

// sameForecasts compares forecasts with the tolerance that ABI.md gives.
func sameForecasts(t *testing.T, v *vector, got, want []byte) {
	t.Helper()
	a, err := abi.ParseResult(got)
	if err != nil {
		t.Fatal(err)
	}
	b, err := abi.ParseResult(want)
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Windows) != len(b.Windows) {
		t.Fatalf("%s: %d windows, not %d", v.Says, len(a.Windows), len(b.Windows))
	}
	for i := range b.Windows {
		x, y := &a.Windows[i], &b.Windows[i]
		if (x.Err == nil) != (y.Err == nil) || x.Err != nil && x.Err.Error() != y.Err.Error() || x.Origin != y.Origin || len(x.At) != len(y.At) {
			t.Fatalf("%s, window %d: %+v, not %+v", v.Says, i, x, y)
		}
		for k := range y.At {
			g, w := x.At[k], y.At[k]
			tolerance := 1e-9
			if models.Of(w.Model).Rounded {
				tolerance = 1e-5
			}
			size := max(w.Quantiles[len(w.Quantiles)-1], -w.Quantiles[0])
			for q, n := range append([]float64{w.Mean}, w.Quantiles...) {
				m := append([]float64{g.Mean}, g.Quantiles...)[q]
				if d := m - n; !(d <= tolerance*size && d >= -tolerance*size) {
					t.Errorf("%s, window %d, horizon %d: %v, not %v", v.Says, i, k, m, n)
				}
			}
			if g.Ahead != w.Ahead || g.Model != w.Model || g.Detail != w.Detail || g.Reasons != w.Reasons {
				t.Errorf("%s, window %d: %+v, not %+v", v.Says, i, g, w)
			}
		}
	}
}

// TestSize: without the general model's weights the module stays within 2.0 MB,
// and 600 KB gzipped; they add at most 400 KB.
func TestSize(t *testing.T) {
	source, err := os.ReadFile(filepath.Join("..", "core", "general", "net.go"))
	if err != nil {
		t.Fatal(err)
	}
	var weights []byte
	for _, digits := range strings.Split(string(source), `\x`)[1:] {
		b, err := hex.DecodeString(digits[:2])
		if err != nil {
			t.Fatal(err)
		}
		weights = append(weights, b...)
	}
	if n := len(wasm.Module) - len(weights); n > 2_000_000 || len(weights) > 400_000 {
		t.Errorf("%d bytes, more than 2.0 MB, and %d of weights", n, len(weights))
	}
	if n := gzipped(t, wasm.Module) - gzipped(t, weights); n > 600_000 {
		t.Errorf("%d bytes gzipped, more than 600 KB", n)
	}
}

func gzipped(t *testing.T, b []byte) int {
	t.Helper()
	var buf bytes.Buffer
	z, err := gzip.NewWriterLevel(&buf, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	z.Write(b)
	z.Close()
	t.Logf("%d bytes, %d gzipped", len(b), buf.Len())
	return buf.Len()
}

// TestDependencies: the guest imports the core alone, and nothing that would
// make it bigger and slower to start.
func TestDependencies(t *testing.T) {
	cmd := exec.Command("go", "list", "-deps", "./guest")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	deps := strings.Fields(string(out))
	const root = "github.com/foretide/foretide/"
	for _, d := range deps {
		switch d {
		case "fmt", "time", "os", "context", "reflect", "encoding/json", "encoding/binary":
			t.Errorf("the guest depends on %s", d)
		}
		host, _, _ := strings.Cut(d, "/")
		if strings.Contains(host, ".") && !strings.HasPrefix(d, root+"core/") && d != root+"wasm/guest" {
			t.Errorf("the guest depends on %s, which is not of the core", d)
		}
	}
	if len(deps) < 20 {
		t.Errorf("go list names only %v", deps)
	}
}
