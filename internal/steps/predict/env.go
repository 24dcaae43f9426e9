package predict

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/foretide/foretide/infra/cloudwatch"
	"github.com/foretide/foretide/infra/prometheus"
	"github.com/foretide/foretide/internal/drift"
	"github.com/foretide/foretide/internal/event"
	"github.com/foretide/foretide/internal/steps"
	"github.com/foretide/foretide/internal/steps/batch"
)

// FromEnv is the handler of the function predict.
func FromEnv() (steps.Handler, error) {
	e, s, l, err := steps.Common()
	if err != nil {
		return nil, err
	}
	f := &Forecaster{Lake: l, Models: batch.ModelsFrom(e, s), Window: e.Window(), Now: time.Now,
		Drift: drift.Options{Last: e.Duration("FORETIDE_DRIFT", steps.Day, 0, 9*steps.Day), Every: 20 * time.Minute}}
	w := &batch.Worker{Name: "predict", Objects: s.Objects, Do: f.Predict, Items: f.Of}
	f.SinkTime = e.Duration("FORETIDE_PUSH_TIMEOUT", 20*time.Second, time.Millisecond, 15*time.Minute)
	if f.Sinks, err = sinks(e); err != nil {
		return nil, err
	}
	return w.Handle, e.Err
}

// sinks are those that the environment names.
func sinks(e *steps.Env) (out []Sink, err error) {
	o := prometheus.Writer{Server: prometheus.Defaults().Server}
	o.URL = ""
	o.FromEnv("REMOTE_WRITE", e.Get)
	if o.URL != "" {
		if err := o.Check(); err != nil {
			return nil, fmt.Errorf("REMOTE_WRITE_URL and its credentials: %w", err)
		}
		if region := e.Get("FORETIDE_REMOTE_WRITE_SIGV4"); region != "" {
			if o.Sign, err = signer(region); err != nil {
				return nil, err
			}
		}
		out = append(out, remoteWrite(o))
	}
	v := view{at: time.Now, containers: strings.Split(e.Text("FORETIDE_CLOUDWATCH_CONTAINERS", "*"), ",")}
	if text := e.Text("FORETIDE_CLOUDWATCH_HORIZONS", "15m"); text != "all" {
		horizons, err := event.ParseHorizons(strings.Split(text, ","))
		if err != nil {
			e.Fail("FORETIDE_CLOUDWATCH_HORIZONS", text, "all, or times ahead such as 5m,15m")
		}
		for _, h := range horizons {
			v.horizons = append(v.horizons, int64(h/time.Second))
		}
	}
	switch how := e.Get("FORETIDE_CLOUDWATCH"); how {
	case "":
	case "emf":
		out = append(out, emf(v))
	case "put":
		client, err := cloudwatch.Open(context.Background(), cloudwatch.Options{Attempts: 4, Timeout: 10 * time.Second, MaxWait: 5 * time.Second})
		if err != nil {
			return nil, err
		}
		out = append(out, put(v, client))
	default:
		e.Fail("FORETIDE_CLOUDWATCH", how, "emf or put")
	}
	return slices.Clip(out), nil
}

// signer signs requests for Amazon's managed Prometheus (AWS Signature 4).
func signer(region string) (func(context.Context, *http.Request, []byte) error, error) {
	loaded, err := config.LoadDefaultConfig(context.Background(), config.WithRegion(region))
	if err != nil {
		return nil, fmt.Errorf("the AWS environment: %w", err)
	}
	s := v4.NewSigner()
	return func(ctx context.Context, q *http.Request, body []byte) error {
		who, err := loaded.Credentials.Retrieve(ctx)
		if err != nil {
			return errors.New("there are no AWS credentials to sign with")
		}
		sum := sha256.Sum256(body)
		return s.SignHTTP(ctx, who, q, hex.EncodeToString(sum[:]), "aps", region, time.Now())
	}, nil
}
