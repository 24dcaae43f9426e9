package panics

import (
	"errors"
	"io"
	"strings"
	"testing"
)

// TestCatch: an error is as it is, a panic one that says what and where.
func TestCatch(t *testing.T) {
	if err := Catch(func() error { return io.EOF }); err != io.EOF {
		t.Error(err)
	}
	var list []int
	err := Catch(func() error { return errors.New(string(rune(list[len(list)]))) })
	var p *Error
	if !errors.As(err, &p) || !strings.Contains(err.Error(), "index out of range") || !strings.Contains(string(p.Stack), "panics_test.go") {
		t.Errorf("%v, %+v", err, p)
	}
}
