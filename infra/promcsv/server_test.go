package promcsv

import (
	"compress/gzip"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/foretide/foretide/internal/testkit/servers"
)

// The samples of the tests lie far in the past, so that no test depends on the
// clock: three hours of some containers, and three days of one.
const (
	began       = 1714521600 // 2024-05-01T00:00:00Z
	scrape      = 15
	samples     = 3 * 3600 / scrape
	longBegan   = began + 30*86400
	longSamples = 3 * 86400 / scrape
)

// A real server, back-filled once for all tests.
var shared struct {
	once   sync.Once
	server *servers.Prometheus
	err    error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.server != nil {
		shared.server.Stop()
	}
	os.Exit(code)
}

// server returns the URL of a Prometheus that has the samples of dataset.
func server(t *testing.T) string {
	t.Helper()
	servers.NeedPrometheus(t)
	shared.once.Do(func() { shared.server, shared.err = servers.StartPrometheus(dataset, servers.PrometheusOptions{}) })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.server.URL
}

// dataset is containers with all metrics and with some, one that runs for a part
// of the time under a name that needs quotes, and one for the long stretch.
func dataset(w io.Writer) {
	emit := func(metric, labels string, from, n int64, value func(i int64) float64) {
		for i := range n {
			servers.Sample(w, metric+"{"+labels+",instance=\"h1\"}", value(i), from+i*scrape)
		}
	}
	rising := func(each float64) func(int64) float64 {
		return func(i int64) float64 { return 1000 + each*float64(i) }
	}
	web, db, batch := `id="/docker/w",name="webapp"`, `id="/docker/d",name="db"`, `id="/docker/b",name="batch,\"1\""`
	emit("container_cpu_usage_seconds_total", web, began, samples, rising(7.5))
	emit("container_memory_working_set_bytes", web, began, samples, rising(1))
	emit("container_network_receive_bytes_total", web+`,interface="eth0"`, began, samples, rising(300))
	emit("container_cpu_usage_seconds_total", db, began, samples, rising(3))
	emit("container_memory_working_set_bytes", batch, began+600, 1200/scrape, rising(2))
	emit("container_cpu_usage_seconds_total", `id="/docker/l",name="long"`, longBegan, longSamples, rising(3.75))
	emit("container_memory_working_set_bytes", `id="/docker/l",name="long"`, longBegan, longSamples, rising(1))
}

// options returns options for a stretch of the dataset.
func options(t *testing.T, url string, from, to int64) Options {
	t.Helper()
	o := Defaults()
	o.URL, o.Path = url, filepath.Join(t.TempDir(), "m.csv")
	o.Start, o.End = time.Unix(from, 0), time.Unix(to, 0)
	o.FirstWait = time.Millisecond
	return o
}

func export(t *testing.T, o Options) Summary {
	t.Helper()
	s, err := Export(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// readText returns a file's content, decompressed where it is compressed.
func readText(t *testing.T, path string) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
