//go:build !noasm

package peak

// loop returns what runs n rounds of an implementation's multiply-adds and
// returns how many operations these were.
func loop(implementation string) func(n int) int {
	switch implementation {
	case "avx2":
		return FMA256
	case "avx512":
		return FMA512
	}
	return nil
}

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
