// Local starts all that a deployment has on this machine, for trying things out:
// an S3 server, a Prometheus with a week of real metrics that ends now, and the
// Lambda functions behind the Invoke API.
//
//	go run ./infra/local               # the functions as processes of this machine
//	go run ./infra/local -sam env.json # … and servers for "sam local"'s containers
//
// It also measures what the functions need, from the bootstraps that ship and a
// real S3 server. Processor times can be compared on a busy machine, times by the
// clock cannot.
//
//	go run ./infra/local -measure starts  # sizes, starts and warm calls, beside an empty function
//	go run ./infra/local -measure predict # a fleet's forecasts: time, memory, requests
//	go run ./infra/local -measure train   # a series' training, by model and history
//
// It needs versitygw, prometheus and promtool on the path (README.md of this
// folder), listens on the loopback and, with -sam, on Docker's bridge, and removes
// everything at its end.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/foretide/foretide/internal/localstack"
	"github.com/foretide/foretide/internal/testkit/servers"
)

func main() {
	sam := flag.String("sam", "", "listen at Docker's bridge, and write the variables for sam's --env-vars to this `file`")
	var m measurement
	m.flags()
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	work := func() error { return run(ctx, os.Stdout, *sam) }
	if m.what != "" {
		work = func() error { return m.run(ctx) }
	}
	if err := work(); err != nil {
		fmt.Fprintln(os.Stderr, "local:", err)
		os.Exit(1)
	}
}

// settings are those of the functions, here and in SAM's containers.
var settings = []string{"FORETIDE_MODEL_TYPE=linear"}

func run(ctx context.Context, out io.Writer, sam string) error {
	end := time.Now().Add(-2*time.Minute).Unix() / 60 * 60
	o := localstack.Options{
		From: localstack.DemoEnd - 7*86400, To: localstack.DemoEnd, Shift: end - localstack.DemoEnd,
		Env: settings, Timeout: 5 * time.Minute, Concurrency: 2,
	}
	var bridge localstack.Bridge
	if sam != "" {
		var err error
		if bridge, err = localstack.FindBridge(ctx); err != nil {
			return err
		}
		o.Host = bridge.Listen
	}
	fmt.Fprintln(out, "building the functions …")
	paths, dir, err := localstack.Build(ctx)
	defer os.RemoveAll(dir)
	if err != nil {
		return err
	}
	o.Bootstraps = paths
	s, err := localstack.Start(o)
	if err != nil {
		return err
	}
	defer s.Stop()
	s.Lambda.Log = os.Stderr
	fmt.Fprintf(out, addresses, s.URL, s.S3.URL, s.Store, s.Prometheus.URL)
	fmt.Fprintf(out, environment, servers.S3AccessKey, servers.S3SecretKey, servers.S3Region, s.S3.URL, s.URL)
	if sam == "" {
		fmt.Fprintf(out, calls, s.URL)
	} else {
		if err := s.EnvFile(sam, bridge, settings...); err != nil {
			return err
		}
		defer os.Remove(sam)
		fmt.Fprintf(out, samCalls, sam)
	}
	fmt.Fprintf(out, "\nThe metrics end at %s. Ctrl-C ends everything.\n", time.Unix(end, 0).UTC().Format(time.RFC3339))
	<-ctx.Done()
	return nil
}

const addresses = `
  functions   %s  (collect, plan, train, predict, forecast)
  S3          %s  (%s)
  Prometheus  %s
`

const environment = `
In another shell:

  export AWS_ACCESS_KEY_ID=%s AWS_SECRET_ACCESS_KEY=%s
  export AWS_REGION=%[3]s AWS_DEFAULT_REGION=%[3]s # the second for version 1 of the command line
  export AWS_ENDPOINT_URL_S3=%s AWS_ENDPOINT_URL_LAMBDA=%s
`

const calls = `
  echo '{}' | aws lambda invoke --function-name collect --payload fileb:///dev/stdin /dev/stdout
  echo '{"items": [{"container": "pool"}]}' | aws lambda invoke --function-name train --payload fileb:///dev/stdin /dev/stdout
  echo '{"items": [{"container": "pool"}]}' | aws lambda invoke --function-name predict --payload fileb:///dev/stdin /dev/stdout
  aws s3 cp s3://foretide/latest/pool.json -
  curl '%[1]s/url/forecast/forecast?container=pool&metric=cpu&horizon=5m,30m'

Without the AWS command line: curl -d '{}' %[1]s/2015-03-31/functions/collect/invocations
`

const samCalls = `
%s has the variables of the functions in SAM's containers. Where the functions are
in .aws-sam (ARCH=amd64 sam build --config-env local):

  echo '{}' | sam local invoke --config-env local --event - CollectFunction
  echo '{"items": [{"container": "pool"}]}' | sam local invoke --config-env local --event - TrainFunction
  echo '{"items": [{"container": "pool"}]}' | sam local invoke --config-env local --event - PredictFunction
  sam local start-api --config-env local
  curl 'http://127.0.0.1:3000/forecast?container=pool&metric=cpu&horizon=5m,30m'
`
