package guest

import (
	"context"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/sys"
)

const systemName = "wasi_snapshot_preview1"

// An imported is a function of the system that a module may import.
type imported struct {
	params, results []api.ValueType
	call            api.GoModuleFunc
}

const (
	i32 = api.ValueTypeI32
	i64 = api.ValueTypeI64

	errnoFault  = 21
	errnoInval  = 28
	errnoNotSup = 52 // of poll_oneoff, which a runtime calls that breaks off
)

// imports are all that Go's runtime asks of the system. The answers are always
// the same: forecasts depend on none of them.
var imports = map[string]imported{
	"args_sizes_get":    {[]api.ValueType{i32, i32}, []api.ValueType{i32}, noSizes},
	"environ_sizes_get": {[]api.ValueType{i32, i32}, []api.ValueType{i32}, noSizes},
	"args_get":          {[]api.ValueType{i32, i32}, []api.ValueType{i32}, succeed},
	"environ_get":       {[]api.ValueType{i32, i32}, []api.ValueType{i32}, succeed},
	"clock_time_get":    {[]api.ValueType{i32, i64, i32}, []api.ValueType{i32}, clock},
	"random_get":        {[]api.ValueType{i32, i32}, []api.ValueType{i32}, random},
	"sched_yield":       {nil, []api.ValueType{i32}, succeed},
	"poll_oneoff":       {[]api.ValueType{i32, i32, i32, i32}, []api.ValueType{i32}, unsupported},
	"fd_write":          {[]api.ValueType{i32, i32, i32, i32}, []api.ValueType{i32}, write},
	"proc_exit":         {[]api.ValueType{i32}, nil, exit},
}

// system makes the module that guests import from.
func system(ctx context.Context, r wazero.Runtime, yielded func()) error {
	b := r.NewHostModuleBuilder(systemName)
	for name, f := range imports {
		if name == "sched_yield" && yielded != nil {
			f.call = func(ctx context.Context, m api.Module, stack []uint64) {
				yielded()
				succeed(ctx, m, stack)
			}
		}
		b.NewFunctionBuilder().WithGoModuleFunction(f.call, f.params, f.results).Export(name)
	}
	_, err := b.Instantiate(ctx)
	return err
}

func succeed(_ context.Context, _ api.Module, stack []uint64) { stack[0] = 0 }

func unsupported(_ context.Context, _ api.Module, stack []uint64) { stack[0] = errnoNotSup }

func noSizes(_ context.Context, m api.Module, stack []uint64) {
	a, b := uint32(stack[0]), uint32(stack[1])
	stack[0] = fault(m.Memory().WriteUint32Le(a, 0) && m.Memory().WriteUint32Le(b, 0))
}

func clock(_ context.Context, m api.Module, stack []uint64) {
	stack[0] = fault(m.Memory().WriteUint64Le(uint32(stack[2]), 1))
}

func random(_ context.Context, m api.Module, stack []uint64) {
	b, ok := m.Memory().Read(uint32(stack[0]), uint32(stack[1]))
	for i := range b {
		b[i] = byte(i*151 + 43)
	}
	stack[0] = fault(ok)
}

const (
	maxOutput = 2048 // bytes of what a guest says before it traps that are kept
	maxPieces = 64   // that it says at a time
)

// write keeps what the guest's runtime says, for the error of the trap.
func write(ctx context.Context, m api.Module, stack []uint64) {
	list, n, written := uint32(stack[1]), uint32(stack[2]), uint32(stack[3])
	i, _ := ctx.Value(instanceKey{}).(*Instance)
	total := uint32(0)
	if n > maxPieces {
		stack[0] = errnoInval
		return
	}
	for ; n > 0; n-- {
		p, ok := m.Memory().ReadUint32Le(list)
		size, ok2 := m.Memory().ReadUint32Le(list + 4)
		b, ok3 := m.Memory().Read(p, size)
		if !ok || !ok2 || !ok3 {
			stack[0] = errnoFault
			return
		}
		if i != nil {
			i.output = append(i.output, b[:min(len(b), maxOutput-len(i.output))]...)
		}
		total += size
		list += 8
	}
	stack[0] = fault(m.Memory().WriteUint32Le(written, total))
}

// exit ends the call. The instance is closed when that has come back from the
// module, whose memory this one is within.
func exit(_ context.Context, _ api.Module, stack []uint64) {
	panic(sys.NewExitError(uint32(stack[0])))
}

func fault(ok bool) uint64 {
	if ok {
		return 0
	}
	return errnoFault
}
