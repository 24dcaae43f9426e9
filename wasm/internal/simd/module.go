package simd

// Numbers of a module's sections.
const (
	SectionCustom    = 0
	SectionType      = 1
	SectionImport    = 2
	SectionFunction  = 3
	SectionExport    = 7
	SectionStart     = 8
	SectionElement   = 9
	SectionCode      = 10
	SectionDataCount = 12
)

// Header is how every module of version 1 begins.
const Header = "\x00asm\x01\x00\x00\x00"

// A writer is a module of kernels as it is written: functions over one imported
// memory that call nothing. It has the instructions of the simd128 proposal, by
// now part of WebAssembly 2.0, that the kernels need, and no others. Opcodes and
// layout are those of the WebAssembly core specification, release 2.0, chapter 5
// (Binary Format).
type writer struct {
	memoryModule, memoryName string
	functions                []function
}

type function struct {
	name string
	f    *Func
}

// newWriter returns a writer of a module that imports its memory under two names.
func newWriter(memoryModule, memoryName string) *writer {
	return &writer{memoryModule: memoryModule, memoryName: memoryName}
}

// Func adds an exported function of parameters and without results.
func (m *writer) Func(name string, params ...Type) *Func {
	f := &Func{params: len(params), locals: append([]Type(nil), params...)}
	m.functions = append(m.functions, function{name, f})
	return f
}

// Bytes returns the module.
func (m *writer) Bytes() []byte {
	n := uint64(len(m.functions))
	types, indices := AppendUnsigned(nil, n), AppendUnsigned(nil, n)
	exports, code := AppendUnsigned(nil, n), AppendUnsigned(nil, n)
	for i, fn := range m.functions {
		types = append(types, 0x60)
		types = AppendUnsigned(types, uint64(fn.f.params))
		for _, t := range fn.f.locals[:fn.f.params] {
			types = append(types, byte(t))
		}
		types = append(types, 0)
		indices = AppendUnsigned(indices, uint64(i))
		exports = AppendBytes(exports, []byte(fn.name))
		exports = AppendUnsigned(append(exports, 0), uint64(i))
		code = AppendBytes(code, fn.f.code())
	}
	imports := AppendUnsigned(nil, 1)
	imports = AppendBytes(imports, []byte(m.memoryModule))
	imports = AppendBytes(imports, []byte(m.memoryName))
	imports = append(imports, 2, 0, 1) // a memory of one page or more

	b := []byte(Header)
	for _, s := range []struct {
		id      byte
		content []byte
	}{
		{SectionType, types}, {SectionImport, imports}, {SectionFunction, indices},
		{SectionExport, exports}, {SectionCode, code},
	} {
		b = AppendBytes(append(b, s.id), s.content)
	}
	return b
}

// AppendUnsigned appends x in LEB128.
func AppendUnsigned(b []byte, x uint64) []byte {
	for x >= 0x80 {
		b = append(b, byte(x)|0x80)
		x >>= 7
	}
	return append(b, byte(x))
}

// AppendSigned appends x in signed LEB128.
func AppendSigned(b []byte, x int64) []byte {
	for x < -64 || x > 63 {
		b = append(b, byte(x)|0x80)
		x >>= 7
	}
	return append(b, byte(x)&0x7f)
}

// AppendBytes appends a number of bytes and these.
func AppendBytes(b, x []byte) []byte { return append(AppendUnsigned(b, uint64(len(x))), x...) }

// AppendOp appends the code of an instruction.
func AppendOp(b []byte, op Op) []byte {
	if prefix := op >> 16; prefix != 0 {
		return AppendUnsigned(append(b, byte(prefix)), uint64(op&0xffff))
	}
	return append(b, byte(op))
}
