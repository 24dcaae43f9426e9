package demo

import (
	"bytes"
	"testing"
)

// The data is shipped with every copy of the program.
const maxEmbedded = 400 << 10

func TestCSV(t *testing.T) {
	if len(pool) > maxEmbedded {
		t.Errorf("embedded data has %d bytes, more than %d", len(pool), maxEmbedded)
	}
	b, err := CSV()
	if err != nil {
		t.Fatal(err)
	}
	if head, _, _ := bytes.Cut(b, []byte("\n")); string(head) != "timestamp,container,cpu,memory" {
		t.Errorf("header is %q", head)
	}
	if n := bytes.Count(b, []byte("\n")); n != 36219 {
		t.Errorf("%d lines, want 36219", n)
	}
	if n := bytes.Count(b, []byte(","+Container+",")); n != 36218 {
		t.Errorf("%d rows of %s, want 36218", n, Container)
	}
}
