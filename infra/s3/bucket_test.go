package s3_test

import (
	"testing"

	"github.com/foretide/foretide/infra/s3"
)

func open(t testing.TB, address string) *s3.Bucket {
	t.Helper()
	b, err := s3.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
