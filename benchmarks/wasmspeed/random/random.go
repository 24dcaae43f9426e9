// Package random makes the same network and input natively and in WebAssembly.
package random

import (
	"math/rand/v2"
	"slices"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/kernel"
	"github.com/foretide/foretide/core/lstm/network"
)

// Inputs is the number of features of a step.
const Inputs = 8

// Network returns a bidirectional LSTM of two layers and three heads with
// random weights from -1/16 to 1/16, and a workspace with random input from -2 to
// 2.
func Network(hidden, steps, rows int) (*network.Network, *network.Workspace) {
	levels := forecast.DefaultLevels()
	n := network.New(network.Shape{
		Inputs: Inputs, Steps: steps, Hidden: hidden, Layers: 2, Bidirectional: true,
		Horizons: 3, Levels: len(levels), Median: slices.Index(levels, 0.5),
	})
	r := rand.New(rand.NewPCG(1, 2))
	for i := range n.Weights {
		n.Weights[i] = (r.Float32() - 0.5) / 8
	}
	w := network.NewWorkspace(n.Shape(), rows, false)
	for i := range w.Input {
		if i%kernel.Block < Inputs {
			w.Input[i] = 4*r.Float32() - 2
		}
	}
	return n, w
}
