package testkit

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/foretide/foretide/loader/store"
)

// CheckVersions checks what a bucket keeps of a checkpoint that it does not have yet. It
// keeps keep earlier versions; 0 is any number.
func CheckVersions(t *testing.T, b store.Versioner, keep int) {
	t.Helper()
	const name = "disk/web.ckpt"
	if _, err := b.Versions(t.Context(), name); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("versions of a missing name: %v, want ErrNotFound", err)
	}
	put(t, b, name+"s", "another name")
	var want []string // newest first
	for i := range 4 {
		text := strings.Repeat("x", i+1)
		put(t, b, name, text)
		want = append([]string{text}, want...)
		versions(t, b, name, true, want...)
	}
	has(t, b, name, want[0])
	oldest, err := b.Versions(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.GetVersion(t.Context(), name, oldest[0].ID, 3); !errors.Is(err, store.ErrTooLarge) {
		t.Errorf("a version over the limit: %v, want ErrTooLarge", err)
	}
	// A deleted name keeps its versions; writing it again goes on.
	if err := b.Delete(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	versions(t, b, name, false, want...)
	// (S3 takes IfMatch("") over a deleted name. versitygw does not, where it keeps versions.)
	put(t, b, name, "back")
	want = append([]string{"back"}, want...)
	versions(t, b, name, true, want...)
	for i := range 2 * keep {
		text := fmt.Sprint("more ", i)
		put(t, b, name, text)
		want = append([]string{text}, want...)
	}
	if keep > 0 {
		want = want[:keep+1]
		if data, err := b.GetVersion(t.Context(), name, oldest[len(oldest)-1].ID, 0); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("GetVersion of what fell out = %q, %v, want ErrNotFound", data, err)
		}
	}
	versions(t, b, name, true, want...)
	if got := ListAll(t, b, "disk/", ""); len(got) != 2 || got[0].Name != name {
		t.Errorf("List = %+v, want the two objects alone", got)
	}
}

// versions checks the contents of versions, the first of which is current or none.
func versions(t *testing.T, b store.Versioner, name string, current bool, want ...string) {
	t.Helper()
	list, err := b.Versions(t.Context(), name)
	if err != nil || len(list) != len(want) {
		t.Fatalf("Versions = %+v, %v, want %d", list, err, len(want))
	}
	for i, v := range list {
		data, err := b.GetVersion(t.Context(), name, v.ID, 0)
		if err != nil || string(data) != want[i] || v.Size != int64(len(data)) || v.Current != (current && i == 0) || time.Since(v.Modified).Abs() > time.Hour {
			t.Errorf("version %d is %q, %+v, %v, want %q", i, data, v, err, want[i])
		}
	}
}
