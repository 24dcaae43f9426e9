package link

import (
	"slices"

	"github.com/foretide/foretide/wasm/internal/simd"
)

// The functions of this file put modules together byte by byte.

func cat(parts ...[]byte) []byte { return slices.Concat(parts...) }

func sect(id byte, content []byte) []byte { return simd.AppendBytes([]byte{id}, content) }

func listOf(elements ...[]byte) []byte {
	return append(simd.AppendUnsigned(nil, uint64(len(elements))), cat(elements...)...)
}

func str(s string) []byte { return simd.AppendBytes(nil, []byte(s)) }

func functionType(params, results []byte) []byte {
	return cat([]byte{0x60}, simd.AppendBytes(nil, params), simd.AppendBytes(nil, results))
}

func sized(b []byte) []byte { return simd.AppendBytes(nil, b) }

const i32 = byte(simd.I32)

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
	return cat([]byte(simd.Header),
		sect(simd.SectionType, listOf(number, kernelType(params))),
		sect(simd.SectionImport, listOf(
			cat(str("env"), str("before"), []byte{kindFunction, 0}),
			cat(str("kernels"), str(kernel), []byte{kindFunction, 1}),
			cat(str("env"), str("after"), []byte{kindFunction, 0}),
		)),
		sect(simd.SectionFunction, listOf([]byte{0})),
		sect(4, listOf([]byte{0x70, 0, 1})), // a table of one function
		sect(5, listOf([]byte{0, 1})),       // a memory of one page
		sect(simd.SectionExport, listOf(
			cat(str("run"), []byte{kindFunction, 3}),
			cat(str("after"), []byte{kindFunction, 2}),
			cat(str("memory"), []byte{kindMemory, 0}),
		)),
		sect(simd.SectionElement, listOf([]byte{0, 0x41, 0, 0x0b, 1, 2})),
		sect(simd.SectionCode, listOf(sized(body))),
		sect(simd.SectionCustom, cat(str("name"), []byte{0})),
		sect(simd.SectionCustom, cat(str("kept"), []byte{1, 2, 3})),
	)
}

// kernelModule returns a module of one kernel k of three numbers.
func kernelModule(body ...byte) []byte {
	return cat([]byte(simd.Header),
		sect(simd.SectionType, listOf(kernelType(3))),
		sect(simd.SectionImport, listOf(cat(str("kernels"), str("memory"), []byte{kindMemory, 0, 1}))),
		sect(simd.SectionFunction, listOf([]byte{0})),
		sect(simd.SectionExport, listOf(cat(str("k"), []byte{kindFunction, 0}))),
		sect(simd.SectionCode, listOf(sized(body))),
	)
}
