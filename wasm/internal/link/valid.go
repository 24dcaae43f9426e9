package link

import (
	"context"
	"errors"
	"fmt"

	"github.com/tetratelabs/wazero"

	"github.com/foretide/foretide/wasm/internal/simd"
)

// Valid returns an error where the module is not valid WebAssembly 2.0, as
// wazero finds.
func Valid(module []byte) error {
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	defer r.Close(ctx)
	_, err := r.CompileModule(ctx, module)
	return err
}

// check returns an error where a function refers to something of its module,
// which it would not find in another: functions, or types of blocks. (Kernels
// have no globals and no tables.) It bounds the locals, which wazero does not.
func (k *kernel) check() error {
	r := &reader{data: k.code}
	locals := int64(0)
	for range r.count() {
		if locals += int64(r.u32()); locals > maxLocals {
			return fmt.Errorf("more than %d locals", maxLocals)
		}
		r.byte()
	}
	for r.left() > 0 {
		switch op := r.byte(); op {
		case opCall, opCallTable, opRefFunc:
			return errors.New("a kernel calls a function")
		case byte(simd.OpBlock), byte(simd.OpLoop), byte(simd.OpIf):
			if t := r.signed(33); t >= 0 {
				return fmt.Errorf("a kernel has a block of type %d", t)
			}
		default:
			if err := r.skip(op); err != nil {
				return err
			}
		}
	}
	return r.err
}
