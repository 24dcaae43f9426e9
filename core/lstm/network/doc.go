// Package network is the network of core/lstm: a stack of LSTM layers, one- or
// two-directional, that reads a window, and a head for each horizon that turns
// what the last step knows into quantiles. It is arithmetic on float32 slices
// alone: how a window becomes numbers is core/lstm's part, and how weights are
// found core/lstm/fit's.
//
// # Layers
//
// A layer is that of Hochreiter and Schmidhuber (1997) with forget gates (Gers
// et al. 2000), as PyTorch's nn.LSTM computes it:
//
//	i, f, g, o = σ, σ, tanh, σ (Wx·x_t + Wh·h_{t-1} + b)
//	c_t = f·c_{t-1} + i·g,  h_t = o·tanh c_t
//
// A two-directional layer has a second LSTM that reads the steps from last to
// first; the layer above reads both. Only the last step of the top layer is
// used (PyTorch's output[:, -1]), where its reverse direction has read a
// single step: that is all that is computed of it.
//
// # Heads
//
// The head of a horizon sees the last step h, and features z of that horizon:
//
//	a = silu(W1·[h z] + b1),  a' = a + silu(W2·a + b2),  y = W3·a' + Ws·s + b3
//
// where s, the "skip" features, reach the outputs by a linear map alone. With
// Width 0 it is y = W3·[h z] + Ws·s + b3. Of the outputs y the one of the median is
// the median itself; the others are distances from their neighbours, made
// positive by softplus, so quantiles never cross.
//
// W3 and Ws begin at zero, so that an untrained network forecasts no change.
package network
