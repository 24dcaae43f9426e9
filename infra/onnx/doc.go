// Package onnx writes the networks of core/lstm as ONNX models
// (https://onnx.ai), which onnxruntime and others run.
//
// # Inputs and outputs
//
// The model reads windows as core/lstm encodes them, N at a time, float32:
//
//	input      [N, steps, inputs]       the recent window, step by step
//	features   [N, horizons, features]  of each horizon
//	skip       [N, horizons, skip]      of each horizon
//
// and returns
//
//	quantiles  [N, horizons, levels]    ascending, of (value - last) / scale
//
// A forecast in the metric's unit is last + scale·quantile, moved into the
// metric's bounds. "foretide windows" writes all of these, last and scale too,
// under the same names: of a training, or with --latest of the window at the end
// of each container's data. What the numbers mean is in the model's metadata
// under "foretide", as infra/pytorch has it. The gate and the calibrated
// intervals of a checkpoint are not part of its network.
//
// The operators are those of opset 17: Add, Concat, Gather, Gemm, LSTM, MatMul,
// Mul, Reshape, Sigmoid, Softplus, Transpose, Unsqueeze.
package onnx
