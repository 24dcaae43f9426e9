//go:build linux || darwin

package guest

import (
	"math"
	"syscall"
)

// reserve sets address space aside, which has zeros where nobody has written; nil
// where there is none to be had.
func reserve(size uint64) []byte {
	if size == 0 || size > math.MaxInt {
		return nil
	}
	b, err := syscall.Mmap(-1, 0, int(size), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE|syscall.MAP_NORESERVE)
	if err != nil {
		return nil
	}
	return b
}

func release(b []byte) { syscall.Munmap(b) } // it fails for what is not mapped alone
