package family

import (
	"testing"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/general"
)

// TestGeneralSize: the network in the box stays small, as every program and every
// module has it.
func TestGeneralSize(t *testing.T) {
	const most = 400_000
	w := codec.NewWriter(nil)
	general.Net().Write(w)
	if n := len(w.Bytes()); n == 0 || n > most {
		t.Errorf("the network in the box has %d bytes, more than %d", n, most)
	} else {
		t.Logf("%d bytes", n)
	}
}
