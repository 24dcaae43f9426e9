package report

import (
	"fmt"
	"testing"
)

// text is everything in a value; NaN equals NaN in it.
func text(v any) string { return fmt.Sprintf("%#v", v) }

func TestShort(t *testing.T) {
	t.Parallel()
	for v, want := range map[float64]string{0: "0", 0.12345: "0.123", 999: "999", 5000: "5000", 12345: "12.3k", 2.5e9: "2.5G", -1e7: "-10M"} {
		if got := short(v); got != want {
			t.Errorf("%v: %s, want %s", v, got, want)
		}
	}
}

func TestQuote(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"a/b.csv": "a/b.csv", "a b": "'a b'", "": "''", "$(x)": "'$(x)'", "it's": `'it'\''s'`} {
		if got := quote(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}
