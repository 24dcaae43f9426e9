package wasm_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/foretide/foretide/internal/testkit"
	"github.com/foretide/foretide/wasm"
	"github.com/foretide/foretide/wasm/internal/simd"
)

// TestScalar: a module built without SIMD gives the same bits as the one that
// is embedded.
func TestScalar(t *testing.T) {
	path := filepath.Join(t.TempDir(), "scalar.wasm")
	if out, err := exec.Command("go", "run", "./build", "-scalar", path).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	scalar, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(scalar, wasm.Module) || bytes.Contains(scalar, []byte(simd.Name)) {
		t.Fatal("the scalar module is the other one, or imports kernels")
	}
	checkVectors(t, scalar)
}

// TestValid: wabt finds nothing wrong with the module.
func TestValid(t *testing.T) {
	testkit.Program(t, "wasm-validate", "apt-get install wabt")
	if out, err := exec.Command("wasm-validate", "foretide.wasm").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}
