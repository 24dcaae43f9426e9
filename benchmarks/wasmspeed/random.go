package main

import (
	"math/rand/v2"
	"slices"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/kernel"
	"github.com/foretide/foretide/core/lstm/network"
)

// inputs is the number of features of a step.
const inputs = 8

// randomNetwork returns a bidirectional LSTM of two layers and three heads with
// random weights from -1/16 to 1/16, and a workspace with random input from -2 to
// 2: the same natively and in WebAssembly.
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
