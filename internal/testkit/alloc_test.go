package testkit_test

import (
	"testing"

	"github.com/foretide/foretide/internal/testkit"
)

var sink []byte

func TestAllocated(t *testing.T) {
	runs := 0
	if n := testkit.Allocated(1<<16, func() { runs++; sink = make([]byte, 1<<20) }); n < 1<<20 || runs != 10 {
		t.Errorf("a MiB each time: %d bytes after %d runs", n, runs)
	}
	runs = 0
	once := func() {
		if runs++; runs == 1 {
			sink = make([]byte, 1<<20)
		}
	}
	if n := testkit.Allocated(1<<16, once); n > 1<<16 || runs < 2 {
		t.Errorf("a MiB once: %d bytes after %d runs", n, runs)
	}
}
