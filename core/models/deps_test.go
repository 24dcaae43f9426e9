//go:build !wasip1

package models

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/foretide/foretide/internal/testkit"
)

// TestGuestDependencies: what the WebAssembly guest reaches imports none of
// the packages that would make it bigger and slower to start.
func TestGuestDependencies(t *testing.T) {
	testkit.Sources(t)
	banned := map[string]bool{
		"fmt": true, "time": true, "os": true, "context": true, "reflect": true,
		"encoding/json": true, "encoding/binary": true, "golang.org/x/sys/cpu": true,
	}
	packages := []string{"series", "internal/stat", "internal/quantile", "internal/plain", "zstd", "serve", "abi", "forecast", "codec", "naive", "arima", "arima/internal/sarima", "linear",
		"prophet", "kernel", "feature", "lstm", "lstm/network", "internal/mlp", "network", "general", "auto", "calibrate", "models"}
	const root = "github.com/foretide/foretide/core/"
	for _, p := range packages {
		t.Run(p, func(t *testing.T) {
			cmd := exec.Command("go", "list", "-deps", root+p)
			cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("go list: %v", err)
			}
			deps := strings.Fields(string(out))
			for _, d := range deps {
				if banned[d] {
					t.Errorf("%s depends on %s", p, d)
				}
				if host, _, _ := strings.Cut(d, "/"); strings.Contains(host, ".") && !strings.HasPrefix(d, root) {
					t.Errorf("%s depends on %s, which is not of the core", p, d)
				}
			}
			if len(deps) < 2 {
				t.Errorf("go list names only %v", deps)
			}
		})
	}
}
