// Package guest runs the WebAssembly module in wazero: it compiles it, checks
// what it imports and exports, makes instances and calls them with bytes, as
// wasm/ABI.md says. Package loader puts models on top of it.
package guest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/foretide/foretide/core/abi"
)

// ErrModule reports that the bytes are not a module that this program can host.
// It comes with what is wrong.
var ErrModule = errors.New("guest: not a module of foretide")

// Config says how a module is run. All of it is taken literally.
type Config struct {
	CacheDir    string // compiled code is kept in it; "" compiles anew
	Interpreter bool   // do not compile; some 30 times slower, and on every processor
	MemoryPages uint32 // of 64 KiB, that an instance may have
	// Interruptible has a call end when its context does, which makes every call
	// some three times slower: for a module that nobody vouches for.
	Interruptible bool
	Yielded       func() // is called within calls, when others may have their turn; nil is none
}

// A Module is a compiled module. It is safe for concurrent use.
type Module struct {
	runtime  wazero.Runtime
	cache    wazero.CompilationCache
	compiled wazero.CompiledModule

	interruptible bool
}

// exports are the functions that a module must have: how many i32 they take,
// and whether they return one.
var exports = map[string]signature{
	"_initialize":              {0, false},
	"foretide_abi_version":     {0, true},
	"foretide_alloc":           {1, true},
	"foretide_free":            {1, true},
	"foretide_load":            {2, true},
	"foretide_unload":          {1, true},
	"foretide_describe":        {1, true},
	"foretide_forecast":        {3, true},
	"foretide_update":          {3, true},
	"foretide_restore":         {3, true},
	"foretide_clean":           {2, true},
	"foretide_checkpoint_name": {2, true},
	"foretide_result":          {0, true},
	"foretide_result_size":     {0, true},
}

type signature struct {
	params int
	result bool
}

// Compile compiles a module and checks it, which makes one instance. The error
// is ErrModule where the module is not one of ours.
func Compile(ctx context.Context, code []byte, c Config) (m *Module, err error) {
	config := wazero.NewRuntimeConfig()
	if c.Interpreter {
		config = wazero.NewRuntimeConfigInterpreter()
	}
	config = config.WithMemoryLimitPages(c.MemoryPages).WithDebugInfoEnabled(false).WithCoreFeatures(api.CoreFeaturesV2).WithCloseOnContextDone(c.Interruptible)
	m = &Module{interruptible: c.Interruptible}
	defer func() {
		if err != nil {
			m.Close(ctx)
			m = nil
		}
	}()
	if c.CacheDir != "" && !c.Interpreter {
		if err := os.MkdirAll(c.CacheDir, 0o700); err != nil {
			return m, fmt.Errorf("guest: cannot make the folder of compiled code: %w", err)
		}
		if m.cache, err = wazero.NewCompilationCacheWithDir(c.CacheDir); err != nil {
			return m, fmt.Errorf("guest: cannot keep compiled code: %w", err)
		}
		config = config.WithCompilationCache(m.cache)
	}
	m.runtime = wazero.NewRuntimeWithConfig(ctx, config)
	if err := system(ctx, m.runtime, c.Yielded); err != nil {
		return m, fmt.Errorf("guest: %w", err)
	}
	if m.compiled, err = m.runtime.CompileModule(experimental.WithCompilationWorkers(ctx, 2), code); err != nil {
		return m, fmt.Errorf("%w: %w", ErrModule, err)
	}
	return m, check(m.compiled)
}

// check compares what a module imports and exports with what it should.
func check(m wazero.CompiledModule) error {
	for _, f := range m.ImportedFunctions() {
		module, name, _ := f.Import()
		s, known := imports[name]
		if module != systemName || !known || !slices.Equal(f.ParamTypes(), s.params) || !slices.Equal(f.ResultTypes(), s.results) {
			return fmt.Errorf("%w: it imports %s.%s, which no guest needs, or as something else", ErrModule, module, name)
		}
	}
	if len(m.ImportedMemories()) > 0 || m.ExportedMemories()["memory"] == nil {
		return fmt.Errorf("%w: it has no memory of its own", ErrModule)
	}
	have := m.ExportedFunctions()
	for name, s := range exports {
		f := have[name]
		if f == nil {
			return fmt.Errorf("%w: it has no function %s", ErrModule, name)
		}
		var results []api.ValueType
		if s.result {
			results = []api.ValueType{api.ValueTypeI32}
		}
		if !slices.Equal(f.ParamTypes(), slices.Repeat([]api.ValueType{api.ValueTypeI32}, s.params)) || !slices.Equal(f.ResultTypes(), results) {
			return fmt.Errorf("%w: its function %s takes or returns something else", ErrModule, name)
		}
	}
	return nil
}

// Close frees the compiled code and all instances.
func (m *Module) Close(ctx context.Context) error {
	var err error
	if m.runtime != nil {
		err = m.runtime.Close(ctx)
	}
	if m.cache != nil {
		err = errors.Join(err, m.cache.Close(ctx))
	}
	return err
}

// checkVersion compares the interface's version with the one that we speak.
func checkVersion(v uint32) error {
	if v>>16 != abi.Major {
		return fmt.Errorf("%w: it speaks version %d.%d of the interface, this program %d.x", ErrModule, v>>16, v&0xffff, abi.Major)
	}
	return nil
}
