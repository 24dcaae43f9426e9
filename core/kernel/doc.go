// Package kernel is the arithmetic of the networks: float32 products of
// matrices, the recurrence of an LSTM and the step of Adam, in one blocked
// layout.
//
// # Layout
//
// Sixteen features lie side by side (Block). Activations of a batch are
//
//	x[feature/16][row][feature%16]
//
// weights from in inputs to out outputs are
//
//	w[output/16][input][output%16]
//
// and the same block thus serves as either side of a product and as its
// result. Numbers of features are padded to whole blocks with zero weights,
// which makes zero activations and zero gradients: padding never has to be
// masked. Only the transpose of the weights, which the gradient of the data
// needs, is packed anew (Transpose). Time is an outer dimension: one step of a
// sequence is one x.
//
// The gates of an LSTM stand in the order of PyTorch, i, f, g, o, block by
// block of the hidden units: gate q of units 16u to 16u+15 is block 4u+q.
//
// # Order of summation
//
// Each element of a result is the sum over its terms in ascending order of
// the inner index, one by one, whatever the implementation and however the
// work is shared out by rows or by blocks. Implementations with fused
// multiply-add agree in all bits with one another, and so do those without.
//
// All functions panic where a slice is shorter than its dimensions say; NaN
// and infinities go through as IEEE 754 has them. Results must not overlap
// arguments unless a function says so. Nothing allocates.
package kernel

// Block is the number of features that lie side by side.
const Block = 16

// Blocks returns the number of blocks that n features fill.
func Blocks(n int) int { return (n + Block - 1) / Block }

// Padded returns n, rounded up to whole blocks.
func Padded(n int) int { return Blocks(n) * Block }
