// Command build compiles wasm/guest to wasm/foretide.wasm, and joins the SIMD
// kernels to it. The same source gives the same bytes, on any machine, with the
// one version of Go that it names.
//
//	go run ./wasm/build               # build the module
//	go run ./wasm/build -check        # fail where the module that is there is another
//	go run ./wasm/build -scalar FILE  # build one without SIMD, for hosts that have none
//	go run ./wasm/build -join IN OUT  # join the kernels to another module that Go built with the tag wasmsimd
package main

import (
	"bytes"
	"compress/gzip"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/foretide/foretide/internal/newfile"
	"github.com/foretide/foretide/wasm/internal/link"
	"github.com/foretide/foretide/wasm/internal/simd"
)

func main() {
	check := flag.Bool("check", false, "compare with the module that is there instead of writing it")
	scalar := flag.String("scalar", "", "build a module without SIMD to this file instead")
	join := flag.Bool("join", false, "join the kernels to the first argument, a module that Go built with the tag wasmsimd, and write the second")
	flag.Parse()
	var err error
	if *join {
		err = joinFile(flag.Arg(0), flag.Arg(1))
	} else {
		err = run(*check, *scalar)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		os.Exit(1)
	}
}

func run(check bool, scalar string) error {
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	path := filepath.Join(root, "wasm", "foretide.wasm")
	tag := "wasmsimd"
	if scalar != "" {
		path, tag = scalar, ""
	}
	if err := clean(root); err != nil {
		return err
	}
	module, err := compile(root, tag)
	if err != nil {
		return err
	}
	if scalar == "" {
		if module, err = link.Join(module, simd.Module(), simd.Name); err != nil {
			return err
		}
	}
	if err := link.Valid(module); err != nil {
		return fmt.Errorf("the module is not valid: %w", err)
	}
	if check {
		return compare(path, module)
	}
	fmt.Printf("%s: %d bytes, %d gzipped\n", path, len(module), gzipped(module))
	return newfile.Write(path, module)
}

// moduleRoot returns the folder of go.mod.
func moduleRoot() (string, error) {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOMOD: %w", err)
	}
	return filepath.Dir(strings.TrimSpace(string(out))), nil
}

// clean fails where the guest's packages have files that no commit has: they
// would be in the module, and nobody else could build it. Outside of a
// repository there is nothing to know.
func clean(root string) error {
	cmd := exec.Command("git", "ls-files", "--others", "--", "core/*.go", "wasm/guest/*.go")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		return nil
	}
	for _, name := range strings.Fields(string(out)) {
		if !strings.HasSuffix(name, "_test.go") {
			return fmt.Errorf("%s is not in the repository and would be in the module; git add it, or move it away", name)
		}
	}
	return nil
}

// compile returns the guest as Go compiles it, slimmed.
func compile(root, tag string) ([]byte, error) {
	module, err := link.Compile(root, tag)
	if err != nil {
		return nil, err
	}
	return link.Slim(module)
}

// joinFile joins the kernels to a module.
func joinFile(in, out string) error {
	guest, err := os.ReadFile(in)
	if err != nil {
		return err
	}
	joined, err := link.Join(guest, simd.Module(), simd.Name)
	if err != nil {
		return fmt.Errorf("%s: %w", in, err)
	}
	return newfile.Write(out, joined)
}

// compare fails where the file is not the module.
func compare(path string, module []byte) error {
	have, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if !bytes.Equal(have, module) {
		return fmt.Errorf("%s has %d bytes and is not what its source gives, which has %d; run go generate ./wasm", path, len(have), len(module))
	}
	return nil
}

func gzipped(b []byte) int {
	var buf bytes.Buffer
	z, _ := gzip.NewWriterLevel(&buf, gzip.BestCompression)
	z.Write(b) // into memory: it cannot fail
	z.Close()
	return buf.Len()
}
