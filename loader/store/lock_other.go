//go:build !unix || solaris || aix

package store

import "sync"

var mutex sync.Mutex

// lock excludes other writers of this process until the function that it returns is
// called.
func lock(string) (unlock func()) {
	mutex.Lock()
	return mutex.Unlock
}
