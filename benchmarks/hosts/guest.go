//go:build wasip1

// For WebAssembly the program is an LSTM with random weights and nothing else, as a
// reactor: "the network alone" of the tables.
package main

import (
	"math/rand/v2"
	"slices"
	"unsafe"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/kernel"
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

// inputs is the number of features of a step.
const inputs = 8

// randomNetwork returns a bidirectional LSTM of two layers and three heads with
// random weights from -1/16 to 1/16, and a workspace with random input from -2 to 2.
func randomNetwork(hidden, steps, rows int) (*network.Network, *network.Workspace) {
	levels := forecast.DefaultLevels()
	n := network.New(network.Shape{
		Inputs: inputs, Steps: steps, Hidden: hidden, Layers: 2, Bidirectional: true,
		Horizons: 3, Levels: len(levels), Median: slices.Index(levels, 0.5),
	})
	r := rand.New(rand.NewPCG(1, 2))
	for i := range n.Weights {
		n.Weights[i] = (r.Float32() - 0.5) / 8
	}
	w := network.NewWorkspace(n.Shape(), rows, false)
	for i := range w.Input {
		if i%kernel.Block < inputs {
			w.Input[i] = 4*r.Float32() - 2
		}
	}
	return n, w
}
