//go:build unix && !solaris && !aix

package store

import (
	"os"
	"sync"
	"syscall"
)

var mutex sync.Mutex

// lock excludes other writers to a folder until the function that it returns is
// called.
func lock(folder string) (unlock func()) {
	mutex.Lock()
	h, err := os.Open(folder)
	if err != nil {
		return mutex.Unlock
	}
	// A file system that does not lock folders leaves the mutex.
	for syscall.Flock(int(h.Fd()), syscall.LOCK_EX) == syscall.EINTR {
	}
	return func() {
		_ = h.Close() // and with it the lock
		mutex.Unlock()
	}
}
