package network

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestForwardAlike: the pass that serves, whichever way it takes for the
// batch's size, gives the bits of the pass that trains.
func TestForwardAlike(t *testing.T) {
	for _, layers := range []int{1, 2, 3} {
		for _, both := range []bool{false, true} {
			for _, rows := range []int{1, 3, 7, 8, 32} {
				for _, steps := range []int{1, 5, maxAhead, 2*maxAhead + 3} {
					t.Run(fmt.Sprint(layers, both, rows, steps), func(t *testing.T) {
						shape := testShape(layers, both, 20)
						shape.Steps = steps
						n := New(shape)
						r := rand.New(rand.NewPCG(1, 2))
						for i := range n.Weights {
							n.Weights[i] = float32(0.2 * r.NormFloat64())
						}
						training, serving := NewWorkspace(shape, rows, true), NewWorkspace(shape, rows, false)
						fillBatch(training, r, 0)
						copy(serving.Input, training.Input)
						copy(serving.Features, training.Features)
						copy(serving.Skip, training.Skip)
						n.ForwardTraining(training, 0, nil)
						for range 2 { // what the first pass leaves must not matter
							n.Forward(serving)
							for i, y := range serving.Out {
								if y != training.Out[i] {
									t.Fatalf("output %d: %v serving, %v training", i, y, training.Out[i])
								}
							}
						}
					})
				}
			}
		}
	}
}
