package link

import (
	"slices"

	"github.com/foretide/foretide/internal/asm"
)

// The functions of this file put modules together byte by byte.

func cat(parts ...[]byte) []byte { return slices.Concat(parts...) }

func sect(id byte, content []byte) []byte { return asm.AppendBytes([]byte{id}, content) }

func listOf(elements ...[]byte) []byte {
	return append(asm.AppendUnsigned(nil, uint64(len(elements))), cat(elements...)...)
}

func str(s string) []byte { return asm.AppendBytes(nil, []byte(s)) }

func functionType(params, results []byte) []byte {
	return cat([]byte{0x60}, asm.AppendBytes(nil, params), asm.AppendBytes(nil, results))
}

func sized(b []byte) []byte { return asm.AppendBytes(nil, b) }

const i32 = byte(asm.I32)

// number is the type of functions without parameters whose result is an i32.
var number = functionType(nil, []byte{i32})

// kernelType is that of kernels of n numbers.
func kernelType(n int) []byte { return functionType(slices.Repeat([]byte{i32}, n), nil) }

// small returns a guest whose "run" returns before() - after() + 1000·after(),
// the last through its table, and calls the kernel on the way. Its memory is
// exported.
func small(kernel string, params int) []byte {
	arguments := []byte{}
	for i := range params {
		arguments = append(arguments, 0x41, byte([]int{32, 0, 16, 1}[i])) // i32.const
	}
	body := cat([]byte{0}, arguments, []byte{
		0x10, 1, // call the kernel
		0x10, 0, 0x10, 2, 0x6b, // before() - after()
		0x41, 0, 0x11, 0, 0, // after(), through the table
		0x41, 0xe8, 0x07, 0x6c, 0x6a, 0x0b, // · 1000, +, end
	})
	return cat([]byte(asm.Header),
		sect(asm.SectionType, listOf(number, kernelType(params))),
		sect(asm.SectionImport, listOf(
			cat(str("env"), str("before"), []byte{kindFunction, 0}),
			cat(str("kernels"), str(kernel), []byte{kindFunction, 1}),
			cat(str("env"), str("after"), []byte{kindFunction, 0}),
		)),
		sect(asm.SectionFunction, listOf([]byte{0})),
		sect(4, listOf([]byte{0x70, 0, 1})), // a table of one function
		sect(5, listOf([]byte{0, 1})),       // a memory of one page
		sect(asm.SectionExport, listOf(
			cat(str("run"), []byte{kindFunction, 3}),
			cat(str("after"), []byte{kindFunction, 2}),
			cat(str("memory"), []byte{kindMemory, 0}),
		)),
		sect(asm.SectionElement, listOf([]byte{0, 0x41, 0, 0x0b, 1, 2})),
		sect(asm.SectionCode, listOf(sized(body))),
		sect(asm.SectionCustom, cat(str("name"), []byte{0})),
		sect(asm.SectionCustom, cat(str("kept"), []byte{1, 2, 3})),
	)
}

// kernelModule returns a module of one kernel k of three numbers.
func kernelModule(body ...byte) []byte {
	return cat([]byte(asm.Header),
		sect(asm.SectionType, listOf(kernelType(3))),
		sect(asm.SectionImport, listOf(cat(str("kernels"), str("memory"), []byte{kindMemory, 0, 1}))),
		sect(asm.SectionFunction, listOf([]byte{0})),
		sect(asm.SectionExport, listOf(cat(str("k"), []byte{kindFunction, 0}))),
		sect(asm.SectionCode, listOf(sized(body))),
	)
}
