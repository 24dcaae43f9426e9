// Package torch carries the networks of core/lstm to PyTorch and back, as
// safetensors files: trained models, and the windows that a model is trained on.
// train.py beside it is the same model and the same training in PyTorch, for
// machines with a GPU.
//
// # Names
//
// The recurrent layers are an nn.LSTM named lstm, its gates in PyTorch's order
// i, f, g, o; D is 2 where it reads both ways, else 1:
//
//	lstm.weight_ih_l0           [4·hidden, inputs]     …_l0_reverse, …_l1 [4·hidden, D·hidden]
//	lstm.weight_hh_l0           [4·hidden, hidden]
//	lstm.bias_ih_l0, bias_hh_l0 [4·hidden]             read, they are added up; written, the second is zero
//
// The head of each horizon, from 0, is of nn.Linear:
//
//	heads.0.first.weight        [width, D·hidden+features], .bias [width]
//	heads.0.second.weight       [width, width], .bias [width]
//	heads.0.out.weight          [levels, width], .bias [levels]
//	heads.0.skip.weight         [levels, skip]
//
// With width 0 there is no first and no second, and out reads what first would.
//
// # Metadata
//
// A file of either kind says in its metadata what the numbers mean:
//
//	foretide             what the model reads and forecasts: a description, as JSON
//	foretide.config      the configuration, as YAML
//	foretide.data        a digest of the histories
//	foretide.training    of windows: the settings of the training, as JSON
//	foretide.containers  of windows: the containers' names, as JSON
//
// # Windows
//
// Each part, train and held, has a row for each window (N), in the order of
// training, epoch after epoch:
//
//	train.input     [N, steps, inputs]        what the layers read
//	train.features  [N, horizons, features]   what a head reads beside the last step
//	train.skip      [N, horizons, skip]       what reaches a head's outputs by a linear map
//	train.target    [N, horizons]             (value - last) / scale
//	train.weight    [N, horizons]             0 where the target is not known
//	train.last, train.scale  [N], F64         what forecasts are relative to (NaN where a window has no value), and their unit
//	train.origin    [N], I64                  Unix seconds
//	train.container [N], I64                  number among foretide.containers, from 0
//
// SaveLatest writes a part named latest, without targets and weights, of the
// windows that a forecast is to be made from now.
//
// # ONNX
//
// EncodeONNX writes the networks of core/lstm as ONNX models (https://onnx.ai),
// which onnxruntime and others run.
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
// under "foretide", as above. The gate and the calibrated
// intervals of a checkpoint are not part of its network.
//
// The operators are those of opset 17: Add, Concat, Gather, Gemm, LSTM, MatMul,
// Mul, Reshape, Sigmoid, Softplus, Transpose, Unsqueeze.
package torch
