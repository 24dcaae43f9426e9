//go:build !wasip1

package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

// A guest is a module and what it is called.
type guest struct {
	name string
	code []byte
}

// build builds the guest without and with the SIMD kernels.
func build(dir string) (scalar, joined []byte, err error) {
	module := func(tags string) ([]byte, error) {
		path := filepath.Join(dir, "guest.wasm")
		cmd := exec.Command("go", "build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w", "-tags="+tags,
			"-o", path, "github.com/foretide/foretide/benchmarks/wasmspeed")
		cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
		if out, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("go build: %w: %s", err, out)
		}
		return os.ReadFile(path)
	}
	if scalar, err = module(""); err != nil {
		return nil, nil, err
	}
	if _, err = module("wasmsimd"); err != nil {
		return nil, nil, err
	}
	out := filepath.Join(dir, "joined.wasm")
	cmd := exec.Command("go", "run", "github.com/foretide/foretide/wasm/build", "-join", filepath.Join(dir, "guest.wasm"), out)
	if b, err := cmd.CombinedOutput(); err != nil {
		return nil, nil, fmt.Errorf("wasm/build -join: %w: %s", err, b)
	}
	joined, err = os.ReadFile(out)
	return scalar, joined, err
}

// underWazero is a guest under wazero's compiler.
func underWazero(ctx context.Context, g guest, j job) (contender, error) {
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigCompiler())
	wasi_snapshot_preview1.MustInstantiate(ctx, r)
	m, err := r.InstantiateWithConfig(ctx, g.code, wazero.NewModuleConfig().WithStartFunctions("_initialize"))
	if err != nil {
		return contender{}, fmt.Errorf("%s: %w", g.name, err)
	}
	if _, err := m.ExportedFunction("setup").Call(ctx, api.EncodeI32(int32(j.hidden)), api.EncodeI32(int32(j.steps)), api.EncodeI32(int32(j.rows))); err != nil {
		return contender{}, fmt.Errorf("%s: %w", g.name, err)
	}
	forward := m.ExportedFunction("forward")
	return contender{
		name: g.name,
		run: func(count int) ([]float64, error) {
			return timed(count, func() error { _, err := forward.Call(ctx); return err })
		},
		output: func() ([]float32, error) { return read(ctx, m) },
	}, nil
}

// read returns a guest's outputs.
func read(ctx context.Context, m api.Module) ([]float32, error) {
	at, err := m.ExportedFunction("output").Call(ctx)
	if err != nil {
		return nil, err
	}
	n, err := m.ExportedFunction("size").Call(ctx)
	if err != nil {
		return nil, err
	}
	b, ok := m.Memory().Read(uint32(at[0]), 4*uint32(n[0]))
	if !ok {
		return nil, errors.New("the outputs do not lie in the memory")
	}
	return floats(b), nil
}

func floats(b []byte) []float32 {
	x := make([]float32, len(b)/4)
	for i := range x {
		x[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return x
}
