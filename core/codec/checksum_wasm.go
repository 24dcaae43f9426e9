package codec

import "github.com/foretide/foretide/core/kernel"

// checksum returns the CRC-32C of b, byte by byte: hash/crc32 has more code for
// it than most models have.
func checksum(b []byte) uint32 {
	var table [256]uint32
	for i := range table {
		c := uint32(i)
		for range 8 {
			c = c>>1 ^ 0x82f63b78&-(c&1)
		}
		table[i] = c
	}
	c := ^uint32(0)
	for len(b) > 0 {
		part := b[:min(len(b), pause)]
		for _, x := range part {
			c = table[byte(c)^x] ^ c>>8
		}
		b = b[len(part):]
		kernel.Yield()
	}
	return ^c
}
