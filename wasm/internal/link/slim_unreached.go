package link

import "strings"

// unreached reports whether a guest never reaches a function of the runtime.
//
// The tracer runs when runtime/trace starts it, profiles when they are read:
// nothing in a guest does. Tracebacks and dumps are printed when the runtime
// has found a fault, of which the host hears by the trap.
func unreached(name string) bool {
	for _, n := range never {
		if strings.HasPrefix(name, n) {
			return !allowed[name]
		}
	}
	return false
}

// never are beginnings of names, as the Go linker writes them: a pointer's
// method is runtime.__T_.method. What only these functions reach is found by
// reachable and need not be here. Each must be the beginning of some name: one
// that is not is a change in Go's runtime (see missing).
var never = []string{
	// The execution tracer, which nothing starts; tracebacks, which the host has.
	"runtime.trace", "runtime.__trace", "runtime.schedtrace", "runtime.goroutineheader", "runtime.__Frames_.Next", "runtime.gcallers",
	// What a panic that nobody recovers would print; every export recovers.
	"runtime.printpanicval", "runtime.printfloat",
	// Profiles that nothing reads, and what only profilealloc calls (see returning).
	"runtime.tryRecordGoroutineProfile", "runtime.mProf_Free", "runtime.stkbucket", "runtime.saveblockevent", "runtime.callers",
	// What a setting of the environment asks for.
	"runtime.parseByteCount", "runtime.fmtNSAsMS", "runtime.printScavTrace", "runtime.findGoroutineLeaks", "runtime.checkFinalizersAndCleanups",
	"runtime.startCheckmarks", "runtime.setCheckmark", "runtime.runCheckmark",
	// What says more about a fault that traps.
	"runtime.dumpScanStats", "runtime.gcDumpObject", "runtime.__mspan_.reportZombies",
	// Floats as text, which the core writes by core/internal/plain (see used).
	"internal_strconv.fmt",
	// Maps: the runtime's own are of modules of several parts, types made by
	// reflection, and settings changed while it runs.
	"internal_runtime_maps.", "runtime.mapaccess",
	// C, test bubbles, and comparisons of the runtime's own structures as
	// interfaces.
	"runtime.cgo", "runtime.__synctest", "type_.eq.runtime.", "type_.eq._2_runtime.Frame",
}

// missing returns a name that a list above has and no function begins with, or
// is; "" where there is none.
func missing(names map[int]string) string {
	has := func(fits func(name string) bool) bool {
		for _, name := range names {
			if fits(name) {
				return true
			}
		}
		return false
	}
	for _, n := range never {
		if !has(func(name string) bool { return strings.HasPrefix(name, n) }) {
			return n
		}
	}
	for n := range returning {
		if !has(func(name string) bool { return name == n }) {
			return n
		}
	}
	return ""
}

// returning are functions that do nothing in a guest and are called all the same.
// They have no results.
var returning = map[string]bool{
	// Samples allocations, from the first to when the runtime has heard that
	// nothing reads samples.
	"runtime.profilealloc": true,
	// Checks tables that the linker has written.
	"runtime.moduledataverify1": true,
	// Read GODEBUG and GOTRACEBACK, which are not set.
	"internal_cpu.processOptions": true,
	"runtime.parsegodebug":        true,
	"runtime_debug.SetTraceback":  true,
	// Finds the same types in several modules: there is one.
	"runtime.typelinksinit": true,
	// Checks the compiler.
	"runtime.check": true,
}

// used are functions of which one in the module means that something that is
// emptied is reached after all.
var used = []string{
	"strconv.FormatFloat", "strconv.AppendFloat", "internal_strconv.FormatFloat", "strconv.ParseFloat", "internal_strconv.ParseFloat",
	"internal_strconv.parseFloatPrefix", "runtime.CallersFrames",
	"runtime.Callers", "runtime.MemProfile", "runtime.SetBlockProfileRate", "runtime.SetMutexProfileFraction",
	"runtime.makemap_small", "runtime.mapdelete", "runtime.mapassign_fast64", "internal_runtime_maps.__Iter_.Next",
}

// allowed are those of them that the runtime calls all the same, or might.
var allowed = map[string]bool{
	"runtime.traceLockInit":               true,
	"runtime.traceInitReadCPU":            true,
	"runtime.traceAllocFreeEnabled":       true,
	"runtime.traceEnabled":                true,
	"runtime.traceShuttingDown":           true,
	"runtime.traceAcquire":                true,
	"runtime.traceRelease":                true,
	"runtime.traceThreadDestroy":          true,
	"runtime.mapaccess1_fast32":           true, // of a map that is nil
	"type_.eq.runtime.boundsError":        true,
	"type_.eq.runtime.TypeAssertionError": true,
	"type_.eq.runtime.errorString":        true,
	"type_.eq.runtime.errorAddressString": true,
	"type_.eq.runtime.plainErrorString":   true,
}
