//go:build !noasm

// Package peak measures the most multiplications and additions that a core
// can do, for benchmarks to compare with.
package peak

// FMA256 runs n rounds of fused multiply-adds of 256 bits and returns how many
// floating-point operations these are.
func FMA256(n int) int {
	fmaAVX2(n)
	return n * 12 * 8 * 2
}

// FMA512 is FMA256 with 512 bits.
func FMA512(n int) int {
	fmaAVX512(n)
	return n * 12 * 16 * 2
}
