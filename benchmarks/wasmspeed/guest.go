//go:build wasip1

// For WebAssembly the program is an LSTM with random weights and nothing else, as a
// WebAssembly reactor: what wasmspeed times.
package main

import (
	"unsafe"

	"github.com/foretide/foretide/core/lstm/network"
)

var (
	net  *network.Network
	work *network.Workspace
)

func main() {}

// setup makes the network and its input, of so many rows.
//
//go:wasmexport setup
func setup(hidden, steps, rows int32) {
	net, work = randomNetwork(int(hidden), int(steps), int(rows))
}

// forward makes a forecast.
//
//go:wasmexport forward
func forward() { net.Forward(work) }

// output returns where the raw forecasts are.
//
//go:wasmexport output
func output() unsafe.Pointer { return unsafe.Pointer(&work.Out[0]) }

// size returns their number.
//
//go:wasmexport size
func size() int32 { return int32(len(work.Out)) }
