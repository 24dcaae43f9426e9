package event

import (
	"errors"
	"strings"
	"testing"
)

// TestStrict: an error names the field, down to the entry of a list, and what it
// can be.
func TestStrict(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ data, field, text string }{
		"entry of a list":   {`{"items":[{"container":"a"},{"container":"b","metrics":["cpu",1]}]}`, "items[1].metrics[1]", "is a number; it is a string"},
		"list":              {`{"items":{}}`, "items", "is an object; it is an array"},
		"text":              {`{"run":7}`, "run", "is a number; it is a string"},
		"fraction":          {`{"batch":1.5}`, "batch", "is a number 1.5; it is a whole number"},
		"overflow":          {`{"batch":9223372036854775808}`, "batch", "is a number 9223372036854775808; it is a whole number"},
		"unknown field":     {`{"item":[]}`, "item", `is not known; did you mean "items"?`},
		"trailing data":     {`{"run":"a"} {}`, "", "there is more after the JSON value"},
		"trailing comma":    {`{"run":"a",}`, "", "it is no JSON of this kind: invalid character '}'"},
		"cut":               {`{"run":"a`, "", "it is no JSON of this kind: unexpected EOF"},
		"nothing":           {``, "", "it is no JSON of this kind: EOF"},
		"time":              {`{"until":"today"}`, "", `"today"`},
		"nested too deeply": {strings.Repeat("[", 1_000_000), "", "values are nested more than 16 deep"},
		"too large":         {strings.Repeat(" ", MaxBytes+1), "", "the limit is 6291456"},
	} {
		t.Run(name, func(t *testing.T) {
			var b Batch
			err := Strict([]byte(tt.data), &b)
			var field *FieldError
			if !errors.As(err, &field) || field.Field != tt.field || !strings.Contains(field.Text, tt.text) {
				t.Errorf("got %#v, want the field %q and %q", err, tt.field, tt.text)
			}
		})
	}
	b := Batch{}
	if err := Strict([]byte(` {"run":"a","run":"b","ITEMS":[{"container":"\ud800"}]} `+"\n"), &b); err != nil || b.Run != "b" || b.Items[0].Container != "\ufffd" {
		t.Errorf("got %+v, error %v; want the later of two keys, a field in another case, and U+FFFD for half a pair", b, err)
	}
}
