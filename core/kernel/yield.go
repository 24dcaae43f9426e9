//go:build !wasip1

package kernel

// Yield gives a WebAssembly host the processor back for a moment, as a long
// computation does every few milliseconds: the host cannot interrupt it, so its
// garbage collector waits. Elsewhere it does nothing.
func Yield() {}
