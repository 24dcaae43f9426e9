package models

import (
	"testing"

	"github.com/foretide/foretide/core/naive"
)

func TestTooDeep(t *testing.T) {
	if _, err := decode(naive.Kind, nil, maxNested+1); err != ErrNested {
		t.Errorf("got %v, want %v", err, ErrNested)
	}
}
