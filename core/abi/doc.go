// Package abi is the binary interface between a WebAssembly guest and its
// host: the bytes of requests and results, as wasm/ABI.md specifies them, and
// the Server that answers them. It is everything of the guest but its memory,
// so it can be tested, and its test vectors made, natively.
//
// Numbers are little-endian and aligned to their size. Strings are a uint32
// length and that many bytes; a group of strings is padded with zeros to a
// multiple of eight bytes.
package abi

// The version of the interface. A host refuses another major version; a minor
// one adds functions, or fields at the end of what there is.
const (
	Major = 1
	minor = 1
)

// Version is what foretide_abi_version returns.
const Version = Major<<16 | minor

// Limits of one request. Whatever is beyond them is refused with TooLarge
// before anything is allocated for it.
const (
	maxWindows  = 1 << 16
	maxHorizons = 1 << 10
	maxMetrics  = 256
	MaxCells    = 1 << 22 // of all columns of a window, recent and long
	maxName     = 1 << 12 // bytes of a metric's or container's name
	maxHandles  = 1 << 16 // checkpoints that are loaded at a time
	maxSamples  = 1 << 25 // of all metrics of a call to clean
	maxPayload  = 256 << 20
	maxNeeds    = 1 << 16 // cells that a model may ask for, of either part; ours ask for some thousand
	maxTime     = 1 << 53 // seconds, either side of 1970
	maxStep     = 1 << 31
)
