package simd

// An Op is the code of an instruction. Of one with a prefix the prefix stands
// above the lower 16 bits.
type Op uint32

// Prefixes.
const (
	Misc Op = 0xfc << 16
	SIMD Op = 0xfd << 16
)

// The instructions of a kernel.
const (
	OpBlock Op = 0x02
	OpLoop  Op = 0x03
	OpIf    Op = 0x04
	OpElse  Op = 0x05
	OpEnd   Op = 0x0b
	OpBr    Op = 0x0c
	OpBrIf  Op = 0x0d
	OpDrop  Op = 0x1a

	OpLocalGet Op = 0x20
	OpLocalSet Op = 0x21

	OpI32Load  Op = 0x28
	OpI32Const Op = 0x41
	OpI32Eq    Op = 0x46
	OpI32LtS   Op = 0x48
	OpI32GeS   Op = 0x4e
	OpI32Add   Op = 0x6a
	OpI32Sub   Op = 0x6b
	OpI32And   Op = 0x71
	OpI32Shl   Op = 0x74
	OpI32ShrU  Op = 0x76

	OpV128Load        = SIMD
	OpV128Load32Splat = SIMD | 0x09
	OpV128Store       = SIMD | 0x0b
	OpV128Const       = SIMD | 0x0c
	OpI32x4Shl        = SIMD | 0xab
	OpI32x4Add        = SIMD | 0xae
	OpF32x4Neg        = SIMD | 0xe1
	OpF32x4Add        = SIMD | 0xe4
	OpF32x4Sub        = SIMD | 0xe5
	OpF32x4Mul        = SIMD | 0xe6
	OpF32x4Div        = SIMD | 0xe7
	OpF32x4PMin       = SIMD | 0xea
	OpF32x4PMax       = SIMD | 0xeb
)

// A Type is the type of a value.
type Type byte

// Types of values, and the type of a block without a result.
const (
	I32  Type = 0x7f
	F32  Type = 0x7d
	V128 Type = 0x7b
	None Type = 0x40
)

// An Immediate says what follows an opcode.
type Immediate byte

// Kinds of immediates.
const (
	Nothing Immediate = iota
	Vector            // 16 bytes
	Address           // alignment and offset
)

// A Signature is what an instruction takes from the stack, the deepest first,
// and what it puts there.
type Signature struct {
	Immediate Immediate
	In        []Type
	Out       Type // None where there is none
}

var (
	unary  = []Type{V128}
	binary = []Type{V128, V128}
	number = []Type{I32}
	pair   = []Type{I32, I32}
)

// signatures are those of the instructions of a kernel, but for constants, locals
// and control.
var signatures = map[Op]Signature{
	OpI32Load: {Immediate: Address, In: number, Out: I32},
	OpI32Eq:   {In: pair, Out: I32},
	OpI32LtS:  {In: pair, Out: I32},
	OpI32GeS:  {In: pair, Out: I32},
	OpI32Add:  {In: pair, Out: I32},
	OpI32Sub:  {In: pair, Out: I32},
	OpI32And:  {In: pair, Out: I32},
	OpI32Shl:  {In: pair, Out: I32},
	OpI32ShrU: {In: pair, Out: I32},

	OpV128Load:        {Immediate: Address, In: number, Out: V128},
	OpV128Load32Splat: {Immediate: Address, In: number, Out: V128},
	OpV128Store:       {Immediate: Address, In: []Type{I32, V128}, Out: None},
	OpV128Const:       {Immediate: Vector, Out: V128},
	OpI32x4Shl:        {In: []Type{V128, I32}, Out: V128},
	OpI32x4Add:        {In: binary, Out: V128},
	OpF32x4Neg:        {In: unary, Out: V128},
	OpF32x4Add:        {In: binary, Out: V128},
	OpF32x4Sub:        {In: binary, Out: V128},
	OpF32x4Mul:        {In: binary, Out: V128},
	OpF32x4Div:        {In: binary, Out: V128},
	OpF32x4PMin:       {In: binary, Out: V128},
	OpF32x4PMax:       {In: binary, Out: V128},
}

// Of returns the signature of an instruction, and whether it is known.
func Of(op Op) (Signature, bool) {
	s, ok := signatures[op]
	return s, ok
}
