package s3_test

import (
	"errors"
	"testing"

	"github.com/foretide/foretide/infra/s3"
	"github.com/foretide/foretide/internal/testkit"
	"github.com/foretide/foretide/internal/testkit/servers"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/store"
)

// versioned starts a server with a bucket that keeps versions.
func versioned(t *testing.T, bucket string) *servers.S3 {
	t.Helper()
	server := servers.NewS3(t, bucket)
	if err := server.EnableVersioning(bucket); err != nil {
		t.Fatal(err)
	}
	return server
}

// TestBucket checks what every bucket does, with and without versioning.
func TestBucket(t *testing.T) {
	server := servers.NewS3(t, "plain", "kept")
	if err := server.EnableVersioning("kept"); err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{"s3://plain", "s3://plain/fleet/a", "s3://kept/fleet/a"} {
		t.Run(address, func(t *testing.T) {
			b := open(t, address)
			if err := b.Check(t.Context()); err != nil {
				t.Fatal(err)
			}
			testkit.CheckBucket(t, b)
		})
	}
	t.Run("versions", func(t *testing.T) { testkit.CheckVersions(t, open(t, "s3://kept/fleet/b"), 0) })
	t.Run("no versions", func(t *testing.T) {
		b := open(t, "s3://plain")
		for _, text := range []string{"one", "two"} {
			if err := b.Put(t.Context(), web, []byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		if v, err := b.Versions(t.Context(), web); !errors.Is(err, store.ErrNoVersions) {
			t.Errorf("Versions = %v, %v, want ErrNoVersions", v, err)
		}
		if _, err := loader.Rollback(t.Context(), b, loader.Key{Metric: "cpu", Container: "web"}, ""); !errors.Is(err, store.ErrNoVersions) {
			t.Errorf("Rollback: %v, want ErrNoVersions", err)
		}
	})
	t.Run("prefixes", func(t *testing.T) {
		b := open(t, "s3://plain/x")
		for _, name := range []string{"d/1", "d/2", "e"} {
			if err := b.Put(t.Context(), name, nil); err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range []struct {
			bucket        *s3.Bucket
			prefix, after string
			want          int
		}{{b.Sub("/d/"), "", "1", 1}, {b, "d/", "", 2}, {open(t, "s3://plain"), "x/", "x/d/2", 1}} {
			if got := testkit.ListAll(t, c.bucket, c.prefix, c.after); len(got) != c.want {
				t.Errorf("%s lists %v, want %d", c.bucket.Address(c.prefix), got, c.want)
			}
		}
	})
}
