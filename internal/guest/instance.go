package guest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/foretide/foretide/core/abi"
)

// ErrTrap reports that the guest broke off, or answered what it cannot have
// meant. Its instance is gone; another one works. It comes with what the guest
// said.
var ErrTrap = errors.New("guest: the module broke off")

// An Instance is a module with memory of its own. It takes one call at a time.
// After an error that is ErrTrap it is closed, and so is every call of it.
type Instance struct {
	module    api.Module
	memory    api.Memory
	ctx       context.Context // of the calls; its value is the instance
	own       context.Context // ctx where calls are not to end with the caller's
	functions map[string]api.Function
	stack     [3]uint64
	output    []byte

	interruptible bool

	buffer, size uint32 // the request's, kept from call to call
}

type instanceKey struct{}

// New makes an instance. Its calls end with no context until Use names one.
func (m *Module) New(ctx context.Context) (*Instance, error) {
	i := &Instance{functions: make(map[string]api.Function, len(exports)), interruptible: m.interruptible}
	i.own = context.WithValue(context.WithoutCancel(ctx), instanceKey{}, i)
	i.Use(ctx)
	config := wazero.NewModuleConfig().WithName("").WithStartFunctions()
	var err error
	if i.module, err = m.runtime.InstantiateModule(experimental.WithMemoryAllocator(i.ctx, experimental.MemoryAllocatorFunc(allocate)), m.compiled, config); err != nil {
		if ctx.Err() != nil && m.interruptible {
			return nil, fmt.Errorf("guest: the module's start is interrupted: %w", ctx.Err())
		}
		return nil, fmt.Errorf("%w: %w", ErrModule, err)
	}
	i.memory = i.module.Memory()
	for name := range exports {
		i.functions[name] = i.module.ExportedFunction(name)
	}
	if _, err = i.call("_initialize"); err == nil {
		var version uint32
		if version, err = i.call("foretide_abi_version"); err == nil {
			err = checkVersion(version)
		}
	}
	if err != nil {
		i.Close()
		return nil, err
	}
	i.ctx = i.own
	return i, nil
}

// Use has the calls from now on end when ctx does, where the module is one that
// can be interrupted. The instance is then closed, and the error is the context's.
func (i *Instance) Use(ctx context.Context) {
	i.ctx = i.own
	if i.interruptible {
		i.ctx = context.WithValue(ctx, instanceKey{}, i)
	}
}

// Close frees the instance.
func (i *Instance) Close() { i.module.Close(i.own) }

// Closed reports whether the instance is gone.
func (i *Instance) Closed() bool { return i.module.IsClosed() }

// Memory returns the bytes of the instance's memory.
func (i *Instance) Memory() uint32 { return i.memory.Size() }

// call calls a function of up to three numbers.
func (i *Instance) call(name string, args ...uint32) (result uint32, err error) {
	if i.module.IsClosed() {
		if err := i.ctx.Err(); err != nil {
			return 0, fmt.Errorf("guest: %s is interrupted: %w", name, err)
		}
		return 0, fmt.Errorf("%w: its instance is closed", ErrTrap)
	}
	i.output = i.output[:0]
	for k, a := range args {
		i.stack[k] = uint64(a)
	}
	if err := i.functions[name].CallWithStack(i.ctx, i.stack[:]); err != nil {
		return 0, i.trap(name, err)
	}
	return uint32(i.stack[0]), nil
}

// trap closes the instance and returns the error of a call that it did not
// survive.
func (i *Instance) trap(name string, cause error) error {
	i.Close()
	if err := i.ctx.Err(); err != nil {
		return fmt.Errorf("guest: %s is interrupted: %w", name, err)
	}
	said, _, _ := strings.Cut(strings.TrimSpace(string(i.output)), "\n")
	why, _, _ := strings.Cut(cause.Error(), "\n")
	if memoryEnded(said) && !strings.Contains(said, "out of memory") {
		said += " (out of memory)"
	}
	if said != "" {
		why += ": " + said
	}
	return fmt.Errorf("%w in %s: %s", ErrTrap, name, why)
}

// memoryEnded reports whether what a guest's runtime said is one of the ways in
// which it says that memory ended.
func memoryEnded(said string) bool {
	for _, way := range [...]string{
		"out of memory",
		"runtime: cannot allocate memory",         // of its own structures
		"failed to allocate", "failed to reserve", // likewise
		// The heap cannot grow by just as much as lies below its last piece: the
		// runtime takes the failure for a piece at address 0.
		"fatal error: arena already initialized",
		// It ended within the scheduler, which waits, and cannot.
		"fatal error: wasi_snapshot_preview1.poll_oneoff",
	} {
		if strings.Contains(said, way) {
			return true
		}
	}
	return false
}

// Call calls a function of the interface with a handle, where it takes one, and
// bytes, where it takes some, and returns its status and a copy of its result,
// appended to dst. The error is ErrTrap.
func (i *Instance) Call(dst []byte, name string, handle int32, withHandle bool, in []byte, withBytes bool) (status int32, out []byte, err error) {
	var args []uint32
	if withHandle {
		args = append(args, uint32(handle))
	}
	if withBytes {
		p, err := i.put(in)
		if err != nil {
			return 0, dst, err
		}
		if p == 0 {
			return int32(abi.TooLarge), append(dst, "guest: no buffer of that size"...), nil
		}
		args = append(args, p, uint32(len(in)))
	}
	s, err := i.call(name, args...)
	if err != nil {
		return 0, dst, err
	}
	out, err = i.result(dst)
	return int32(s), out, err
}

// put writes bytes into the instance's buffer, which it makes larger where it
// must; 0 where it cannot.
func (i *Instance) put(in []byte) (uint32, error) {
	if uint64(len(in)) > 1<<31 {
		return 0, nil
	}
	n := uint32(len(in))
	if i.buffer == 0 || n > i.size {
		if i.buffer != 0 {
			if _, err := i.call("foretide_free", i.buffer); err != nil {
				return 0, err
			}
			i.buffer = 0
		}
		size := max(n+n/4, 4096)
		p, err := i.call("foretide_alloc", size)
		if p == 0 && err == nil {
			size = n
			p, err = i.call("foretide_alloc", size)
		}
		if err != nil || p == 0 {
			return 0, err
		}
		i.buffer, i.size = p, size
	}
	// In pieces: what copies memory is not interrupted, the collector waits.
	for at := 0; at < len(in); at += piece {
		if !i.memory.Write(i.buffer+uint32(at), in[at:min(at+piece, len(in))]) {
			return 0, i.trap("foretide_alloc", errors.New("a buffer outside its memory"))
		}
	}
	return i.buffer, nil
}

// piece is how many bytes are copied at a time.
const piece = 1 << 20

// keptBuffer is the largest buffer that is kept for the next request.
const keptBuffer = 4 << 20

// result appends a copy of the last call's result to dst.
func (i *Instance) result(dst []byte) ([]byte, error) {
	p, err := i.call("foretide_result")
	if err != nil {
		return dst, err
	}
	n, err := i.call("foretide_result_size")
	if err != nil {
		return dst, err
	}
	b, ok := i.memory.Read(p, n)
	if !ok {
		return dst, i.trap("foretide_result", errors.New("a result outside its memory"))
	}
	dst = append(dst, b...)
	if i.size > keptBuffer {
		_, err = i.call("foretide_free", i.buffer)
		i.buffer, i.size = 0, 0
	}
	return dst, err
}
