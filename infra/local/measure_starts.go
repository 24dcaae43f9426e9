package main

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/foretide/foretide/internal/localstack"
	"github.com/foretide/foretide/internal/testkit/servers"
)

// events need no model, and of S3 at most one request.
var events = map[string]string{
	"empty":    `{}`,
	"collect":  `{"from": "x"}`,
	"plan":     `{}`,
	"train":    `{"items": []}`,
	"predict":  `{"items": []}`,
	"forecast": `{"requestContext": {"http": {"method": "POST"}}, "body": "{}"}`,
}

const (
	coldStarts = 40
	warmCalls  = 400
)

// measureStarts prints sizes, and how long starts and calls take.
func measureStarts(ctx context.Context, dir string, paths map[string]string) error {
	paths["empty"] = filepath.Join(dir, "empty", "bootstrap")
	cmd := exec.CommandContext(ctx, "go", append(append([]string{"build"}, localstack.BuildFlags...), "-o", paths["empty"], "github.com/foretide/foretide/infra/local/testdata/empty")...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	server, err := servers.StartS3("")
	if err != nil {
		return err
	}
	defer server.Stop()
	env := []string{"FORETIDE_STORE=s3://foretide", "PROMETHEUS_URL=http://127.0.0.1:1"}
	for name, value := range server.Env() {
		env = append(env, name+"="+value)
	}
	fmt.Printf("%-10s %10s %12s %12s %12s %12s\n", "function", "zip MB", "start p50", "start p90", "warm p50", "warm p90")
	for _, name := range append([]string{"empty"}, localstack.Names...) {
		f := localstack.Function{Name: name, Bootstrap: paths[name], Env: env, Timeout: 10 * time.Second, Memory: 512}
		if err := measureStart(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

func measureStart(ctx context.Context, f localstack.Function) error {
	size, err := zipped(f.Bootstrap)
	if err != nil {
		return err
	}
	var init, warm []time.Duration
	for range coldStarts {
		s := localstack.NewService(1, f)
		r, err := s.Invoke(ctx, f.Name, []byte(events[f.Name]))
		s.Close()
		if err != nil {
			return err
		}
		init = append(init, r.Init)
	}
	s := localstack.NewService(1, f)
	defer s.Close()
	for range warmCalls {
		r, err := s.Invoke(ctx, f.Name, []byte(events[f.Name]))
		if err != nil {
			return err
		}
		if !r.Cold {
			warm = append(warm, r.Took)
		}
	}
	fmt.Printf("%-10s %10.2f %12v %12v %12v %12v\n", f.Name, float64(size)/1e6, quantile(init, 0.5), quantile(init, 0.9), quantile(warm, 0.5), quantile(warm, 0.9))
	return nil
}

func quantile(d []time.Duration, p float64) time.Duration {
	slices.Sort(d)
	return d[int(p*float64(len(d)-1))].Round(10 * time.Microsecond)
}

// zipped returns the size of a zip with the file.
func zipped(path string) (int, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	w.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) { return flate.NewWriter(out, flate.BestCompression) })
	f, err := w.Create("bootstrap")
	if err == nil {
		_, err = f.Write(data)
	}
	if err == nil {
		err = w.Close()
	}
	return buf.Len(), err
}
