// The files named safetensors read and write tensors in the format of
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

package torch

import "errors"

// ErrFormat marks bytes that are not a safetensors file, or a tensor that is
// not there or of another type or shape than it is read as.
var ErrFormat = errors.New("not a valid safetensors file")

// Limits of a header: of what a file may make a reader allocate.
const (
	maxHeader  = 16 << 20 // bytes
	maxTensors = 1 << 16
	maxRank    = 16
)

// A dtype is the type of a tensor's elements, as the format writes it.
type dtype string

// The types that are read or written here; files may have tensors of others
// beside them.
const (
	typeF64  dtype = "F64"
	typeF32  dtype = "F32"
	typeF16  dtype = "F16"  // IEEE 754 binary16
	typeBF16 dtype = "BF16" // the upper half of a float32
	typeI64  dtype = "I64"
)

// bitsOf has the bits of an element by type.
var bitsOf = map[dtype]int64{
	typeF64: 64, typeF32: 32, typeF16: 16, typeBF16: 16, typeI64: 64,
	"I32": 32, "I16": 16, "I8": 8, "U64": 64, "U32": 32, "U16": 16, "U8": 8, "BOOL": 8,
	"F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "C64": 64,
	"F6_E2M3": 6, "F6_E3M2": 6, "F4": 4,
}

// A fileTensor says what a tensor of a file is.
type fileTensor struct {
	Name  string
	Type  dtype
	Shape []int // none for a single number

	from, to int64 // in the file
}

// Len returns the number of elements.
func (t *fileTensor) Len() int {
	n := 1
	for _, d := range t.Shape {
		n *= d
	}
	return n
}
