package link

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// goVersion is the compiler of the module: another one gives other bytes, and
// Slim knows the tables and functions of this one. It is the toolchain of go.mod
// too.
const goVersion = "go1.26.8"

// Compile returns wasm/guest as Go compiles it, with its names. Root is the folder
// of go.mod, tag a build tag, or "".
func Compile(root, tag string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "foretide-wasm")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, "guest.wasm")
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-buildmode=c-shared", "-tags="+tag,
		"-ldflags=-w -buildid=", "-o", out, "./wasm/guest")
	cmd.Dir = root
	// Whatever of the environment could change the bytes is set.
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOTOOLCHAIN="+goVersion,
		"GOFLAGS=-mod=readonly", "GOEXPERIMENT=", "GOWASM=", "GODEBUG=", "GOFIPS140=off", "CGO_ENABLED=0", "GOWORK=off")
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("go build with %s: %w", goVersion, err)
	}
	return os.ReadFile(out)
}
