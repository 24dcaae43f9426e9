// Package localstack runs a deployment on this machine, on the loopback or on a
// bridge to containers: an S3 server, a Prometheus back-filled with real metrics,
// and the functions, from the bootstraps that ship.
//
// A Service runs the functions in Lambda's place: it serves the Runtime API to
// their bootstraps; to callers the Invoke API that the AWS command line and SDKs
// speak, and function URLs. It limits no memory (functions get a GOMEMLIMIT) and
// asks callers for no credentials: it listens on the loopback alone.
package localstack

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/foretide/foretide/internal/testkit/servers"
)

// Names are the functions.
var Names = []string{"collect", "plan", "train", "predict", "forecast"}

// Bucket is where everything is kept.
const Bucket = "foretide"

// Options say what a stack is like.
type Options struct {
	Bootstraps map[string]string // paths by the functions' names
	// From and To are the stretch of the demo's metrics that Prometheus has, and
	// Shift the seconds that they are moved by.
	From, To, Shift int64
	Env             []string // of all functions, as "NAME=value"
	Timeout         time.Duration
	Concurrency     int
	// Host is where the S3 server and Prometheus listen: 127.0.0.1 where it is "".
	// The functions are on the loopback in any case.
	Host string
}

// A Stack is what runs.
type Stack struct {
	S3         *servers.S3
	Prometheus *servers.Prometheus // nil without a stretch of metrics
	Lambda     *Service
	URL        string // of the Invoke API; URL + "/url/forecast/forecast" is the HTTP API
	Store      string // for --store and FORETIDE_STORE
	server     *http.Server
}

// Start starts a stack. The caller stops it.
func Start(o Options) (s *Stack, err error) {
	s = &Stack{Store: "s3://" + Bucket}
	host := cmp.Or(o.Host, "127.0.0.1")
	defer func() {
		if err != nil {
			s.Stop()
		}
	}()
	if s.S3, err = servers.StartS3At(host, ""); err != nil {
		return s, err
	}
	if err = s.S3.CreateBucket(Bucket); err != nil {
		return s, err
	}
	env := slices.Clone(o.Env)
	for name, value := range s.S3.Env() {
		env = append(env, name+"="+value)
	}
	env = append(env, "FORETIDE_STORE="+s.Store, "FORETIDE_SHARDS=2")
	if o.To > o.From {
		if s.Prometheus, err = servers.StartPrometheus(Samples(o.From, o.To, o.Shift), servers.PrometheusOptions{Host: host}); err != nil {
			return s, err
		}
		env = append(env, "PROMETHEUS_URL="+s.Prometheus.URL)
	}
	var functions []Function
	for _, name := range Names {
		functions = append(functions, Function{Name: name, Bootstrap: o.Bootstraps[name], Env: env, Timeout: o.Timeout, Memory: 512})
	}
	s.Lambda = NewService(max(o.Concurrency, 1), functions...)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return s, err
	}
	s.URL = "http://" + l.Addr().String()
	s.server = &http.Server{Handler: s.Lambda, ReadHeaderTimeout: 10 * time.Second}
	go s.server.Serve(l) // until Stop
	return s, nil
}

// Stop ends all that runs and removes what it kept.
func (s *Stack) Stop() {
	if s.server != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		_ = s.server.Shutdown(ctx) // what still runs is ended next
		cancel()
	}
	if s.Lambda != nil {
		s.Lambda.Close()
	}
	if s.Prometheus != nil {
		s.Prometheus.Stop()
	}
	if s.S3 != nil {
		s.S3.Stop()
	}
}

// Build compiles the functions for this machine into a folder of its own, which
// the caller removes.
func Build(ctx context.Context) (paths map[string]string, dir string, err error) {
	if dir, err = os.MkdirTemp("", "foretide-functions-"); err != nil {
		return nil, "", err
	}
	paths, err = BuildInto(ctx, dir, "", Names...)
	return paths, dir, err
}
