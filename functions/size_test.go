package functions_test

import (
	"archive/zip"
	"io"
	"os"
	"testing"

	"github.com/foretide/foretide/internal/localstack"
)

// mostZip is how large a function's zip may be, in bytes.
const mostZip = 8_500_000

// TestSizes: no function's zip is larger than what starts quickly.
func TestSizes(t *testing.T) {
	start(t, localstack.Options{}) // builds them
	for name, path := range bootstraps.paths {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		var n counter
		z := zip.NewWriter(&n)
		w, err := z.Create("bootstrap")
		if err == nil {
			_, err = io.Copy(w, f)
		}
		if err == nil {
			err = z.Close()
		}
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		if t.Logf("%s: %d bytes", name, n); n > mostZip {
			t.Errorf("the zip of %s has %d bytes, more than %d", name, n, mostZip)
		}
	}
}

// A counter counts what is written to it.
type counter int

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}
