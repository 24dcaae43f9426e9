package kernel

// Yield gives the host the processor back for a moment, as a long computation
// does every few milliseconds: the host cannot interrupt it, so its garbage
// collector waits.
func Yield() { schedYield() }

//go:wasmimport wasi_snapshot_preview1 sched_yield
//go:noescape
func schedYield() uint32
