// Package safetensors reads and writes files of tensors in the format of
// Hugging Face's safetensors, which PyTorch, NumPy, JAX and others exchange
// weights in: https://github.com/huggingface/safetensors#format.
//
//	8 bytes   N, the size of the header, little-endian
//	N bytes   JSON: {"NAME": {"dtype": "F32", "shape": [2,3], "data_offsets": [0,24]}, …},
//	          "__metadata__" an object of strings; spaces may follow
//	the rest  the tensors' elements, little-endian, the last index fastest;
//	          every byte belongs to exactly one tensor
//
// A file is read tensor by tensor, or part by part, and written so: neither
// needs memory for all of it.
package safetensors

import "errors"

// ErrFormat marks bytes that are not a safetensors file, or a tensor that is
// not there or of another type or shape than it is read as.
var ErrFormat = errors.New("not a valid safetensors file")

// Limits of a header: of what a file may make a reader allocate.
const (
	MaxHeader  = 16 << 20 // bytes
	MaxTensors = 1 << 16
	MaxRank    = 16
)

// A DType is the type of a tensor's elements, as the format writes it.
type DType string

// The types that are read or written here; files may have tensors of others
// beside them.
const (
	F64  DType = "F64"
	F32  DType = "F32"
	F16  DType = "F16"  // IEEE 754 binary16
	BF16 DType = "BF16" // the upper half of an F32
	I64  DType = "I64"
)

// bits of an element by type.
var bits = map[DType]int64{
	F64: 64, F32: 32, F16: 16, BF16: 16, I64: 64,
	"I32": 32, "I16": 16, "I8": 8, "U64": 64, "U32": 32, "U16": 16, "U8": 8, "BOOL": 8,
	"F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "C64": 64,
	"F6_E2M3": 6, "F6_E3M2": 6, "F4": 4,
}

// A Tensor says what a tensor of a file is.
type Tensor struct {
	Name  string
	Type  DType
	Shape []int // none for a single number

	from, to int64 // in the file
}

// Len returns the number of elements.
func (t *Tensor) Len() int {
	n := 1
	for _, d := range t.Shape {
		n *= d
	}
	return n
}
