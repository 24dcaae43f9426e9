package general

import (
	"testing"

	"github.com/foretide/foretide/core/codec"
)

// TestGeneralSize: the built-in model stays small, as every program and every
// module has it.
func TestGeneralSize(t *testing.T) {
	const most = 400_000
	w := codec.NewWriter(nil)
	net().Write(w)
	if n := len(w.Bytes()); n == 0 || n > most {
		t.Errorf("the built-in model has %d bytes, more than %d", n, most)
	} else {
		t.Logf("%d bytes", n)
	}
}
