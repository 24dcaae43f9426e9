// Local starts all that a deployment has on this machine, for trying things out:
// an S3 server, a Prometheus with a week of real metrics that ends now, and the
// Lambda functions behind the Invoke API.
//
//	go run ./infra/local
//
// It needs versitygw, prometheus and promtool on the path (README.md of this
// folder), listens on the loopback alone, and removes everything at its end.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/foretide/foretide/infra/local/stack"
	"github.com/foretide/foretide/internal/s3test"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "local:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) error {
	fmt.Fprintln(out, "building the functions …")
	paths, dir, err := stack.Build(ctx)
	defer os.RemoveAll(dir)
	if err != nil {
		return err
	}
	end := time.Now().Add(-2*time.Minute).Unix() / 60 * 60
	s, err := stack.Start(stack.Options{
		Bootstraps: paths, From: stack.DemoEnd - 7*86400, To: stack.DemoEnd, Shift: end - stack.DemoEnd,
		Env: []string{"FORETIDE_MODEL_TYPE=linear"}, Timeout: 5 * time.Minute, Concurrency: 2,
	})
	if err != nil {
		return err
	}
	defer s.Stop()
	s.Lambda.Log = os.Stderr
	fmt.Fprintf(out, guide, s.URL, s.S3.URL, s.Store, s.Prometheus.URL, s3test.AccessKey, s3test.SecretKey, s3test.Region, s.S3.URL, s.URL,
		time.Unix(end, 0).UTC().Format(time.RFC3339))
	<-ctx.Done()
	return nil
}

const guide = `
  functions   %s  (collect, plan, train, predict, forecast)
  S3          %s  (%s)
  Prometheus  %s

In another shell:

  export AWS_ACCESS_KEY_ID=%s AWS_SECRET_ACCESS_KEY=%s AWS_REGION=%s
  export AWS_ENDPOINT_URL_S3=%s AWS_ENDPOINT_URL_LAMBDA=%[9]s

  aws lambda invoke --cli-binary-format raw-in-base64-out --function-name collect --payload '{}' /dev/stdout
  aws lambda invoke --cli-binary-format raw-in-base64-out --function-name train --payload '{"items": [{"container": "pool"}]}' /dev/stdout
  aws lambda invoke --cli-binary-format raw-in-base64-out --function-name predict --payload '{"items": [{"container": "pool"}]}' /dev/stdout
  aws s3 cp s3://foretide/latest/pool.json -
  curl '%[9]s/url/forecast/forecast?container=pool&metric=cpu&horizon=5m,30m'

Without the AWS command line: curl -d '{}' %[9]s/2015-03-31/functions/collect/invocations
The metrics end at %[10]s. Ctrl-C ends everything.
`
