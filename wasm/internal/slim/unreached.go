package slim

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
// method is runtime.__T_.method.
var never = []string{
	// The execution tracer, which nothing starts; tracebacks, which the host has.
	"runtime.trace", "runtime.__trace", "runtime.schedtrace", "runtime.goroutineheader", "runtime.printArgs",
	"runtime.printAncestor", "runtime.printcreatedby", "runtime.__Frames_.Next", "runtime.gcallers",
	// What a panic that nobody recovers would print; every export recovers.
	"runtime.printpanicval", "runtime.printanycustomtype",
	// Profiles that nothing reads, and what only profilealloc calls (see returning).
	"runtime.__profBuf_", "runtime.tryRecordGoroutineProfile", "runtime.doRecordGoroutineProfile", "runtime.saveg",
	"runtime.mProf_Malloc", "runtime.mProf_Free", "runtime.setprofilebucket", "runtime.stkbucket",
	"runtime.newBucket", "runtime.__bucket_.", "runtime.saveBlockEventStack", "runtime.saveblockevent", "runtime.callers",
	"runtime.fpunwindExpand", "runtime.makeTraceFrames", "runtime.expandCgoFrames",
	// What only tracebacks print, or a setting of the environment asks for.
	"runtime.printOneCgoTraceback", "runtime.showfuncinfo", "runtime.isExportedRuntime", "runtime.fmtNSAsMS",
	"runtime.parseByteCount", "runtime.testAtomic64",
	// What GODEBUG would turn on, or what says more about a fault.
	"runtime.dumpTypesRec", "runtime.dumpStacksRec", "runtime.dumpScanStats", "runtime.gcDumpObject", "runtime.hexdump",
	"runtime.__hexdumper_", "runtime.__mspan_.reportZombies", "runtime.printScavTrace", "runtime.printDebugLog",
	"runtime.checkFinalizersAndCleanups", "runtime.findGoroutineLeaks", "runtime.startCheckmarks", "runtime.endCheckmarks",
	"runtime.setCheckmark", "runtime.runCheckmark",
	// How the runtime prints floats, in the same cases. (The core prints them by
	// core/internal/plain; see used.)
	"internal_strconv.__decimal_", "internal_strconv.rightShift", "internal_strconv.leftShift", "internal_strconv.genericFtoa",
	"internal_strconv.bigFtoa", "internal_strconv.formatDigits", "internal_strconv.roundShortest", "internal_strconv.fmt",
	"internal_strconv.dbox", "internal_strconv.umul", "internal_strconv.fixedFtoa", "internal_strconv.AppendComplex",
	"internal_strconv.trimZeros", "runtime.printfloat", "runtime.printcomplex",
	// Modules of several parts, C, test bubbles, and comparisons of the
	// runtime's own structures as interfaces.
	// Maps: the runtime's own are of modules of several parts, types made by
	// reflection, and settings changed while it runs.
	"internal_runtime_maps.", "runtime.mapassign", "runtime.mapaccess", "runtime.makemap",
	"runtime.typesEqual", "runtime.cgo", "runtime.__synctest", "type_.eq.runtime.", "type_.eq._2_runtime.Frame",
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
