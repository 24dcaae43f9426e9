package link

import (
	"context"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

// sum runs the guest of testdata.
func sum(t *testing.T, module []byte) uint64 {
	t.Helper()
	ctx := context.Background()
	r := wazero.NewRuntime(ctx)
	defer r.Close(ctx)
	wasi_snapshot_preview1.MustInstantiate(ctx, r)
	if _, err := r.NewHostModuleBuilder("env").
		NewFunctionBuilder().WithFunc(func() int32 { return 25 }).Export("seed").Instantiate(ctx); err != nil {
		t.Fatal(err)
	}
	m, err := r.InstantiateWithConfig(ctx, module, wazero.NewModuleConfig().WithStartFunctions("_initialize"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := m.ExportedFunction("sum").Call(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return got[0]
}

// FuzzJoin: whatever the modules, there is no panic; and of a guest that is
// valid comes a module that is.
func FuzzJoin(f *testing.F) {
	f.Add(small("k", 3), kernelModule(0, 0x0b))
	f.Add(small("k", 3), kernelModule(0, 0x03, 0x40, 0x20, 0, 0x0d, 0, 0x0b, 0x0b))
	f.Add(small("k", 3), kernelModule(1, 2, 0x7b, 0x20, 0, 0xfd, 0, 4, 16, 0x21, 3, 0x20, 0, 0x20, 3, 0x20, 4, 0xfd, 0xe4, 1, 0xfd, 11, 2, 0, 0x0b))
	f.Add(small("k", 3), kernelModule(0, 0x20, 0, 0x04, 0x40, 0x0f, 0x05, 0x41, 0x7f, 0x1a, 0x0b, 0x0b))
	config := wazero.NewRuntimeConfigInterpreter().WithMemoryLimitPages(16)
	f.Fuzz(func(t *testing.T, guest, kernels []byte) {
		joined, err := Join(guest, kernels, "kernels")
		if err != nil {
			return
		}
		ctx := context.Background()
		r := wazero.NewRuntimeWithConfig(ctx, config)
		defer r.Close(ctx)
		if _, err := r.CompileModule(ctx, guest); err != nil {
			return
		}
		if _, err := r.CompileModule(ctx, joined); err != nil {
			t.Errorf("the guest is valid, and what is joined is not: %v", err)
		}
	})
}
