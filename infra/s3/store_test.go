package s3_test

import (
	"context"
	"testing"

	"github.com/foretide/foretide/internal/testkit/s3test"
	"github.com/foretide/foretide/internal/testkit/storetest"
)

// TestStore: what every store that keeps versions does, in a bucket.
func TestStore(t *testing.T) {
	s3test.New(t, "checkpoints")
	for _, address := range []string{"s3://checkpoints", "s3://checkpoints/fleet/a?keep=3"} {
		t.Run(address, func(t *testing.T) {
			s := open(t, address).Store()
			if err := s.Check(context.Background()); err != nil {
				t.Fatal(err)
			}
			storetest.Store(t, s)
			storetest.Versions(t, s)
		})
	}
}
