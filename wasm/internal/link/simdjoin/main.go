// Command simdjoin joins the SIMD kernels to a WebAssembly module that Go built
// with the tag wasmsimd:
//
//	simdjoin IN.wasm OUT.wasm
package main

import (
	"fmt"
	"os"

	"github.com/foretide/foretide/internal/newfile"
	"github.com/foretide/foretide/wasm/internal/link"
	"github.com/foretide/foretide/wasm/internal/simd"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: simdjoin IN.wasm OUT.wasm")
		os.Exit(2)
	}
	if err := join(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "simdjoin:", err)
		os.Exit(1)
	}
}

func join(in, out string) error {
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
