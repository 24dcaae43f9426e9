// Package cloudwatch reads what containers used from CloudWatch's metrics, and
// writes what is forecast there.
package cloudwatch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/transport/http/protocol/awsjson"
)

// Errors that a caller can act on.
var (
	// ErrRefused: the role may not do it, or the credentials are not accepted.
	ErrRefused = errors.New("cloudwatch: access refused")
	// ErrFailed: CloudWatch did not answer, or not usefully, however often it was
	// asked.
	ErrFailed = errors.New("cloudwatch: request failed")
	// ErrNoMetrics: there are no metrics of the queries.
	ErrNoMetrics = errors.New("cloudwatch: no metrics")
)

// Options say how a client asks.
type Options struct {
	Attempts int           // for each request, the first included
	Timeout  time.Duration // of each request
	MaxWait  time.Duration // before an attempt; waits double and are spread
}

// Defaults returns options that bear minutes of throttling.
func Defaults() Options {
	return Options{Attempts: 8, Timeout: 30 * time.Second, MaxWait: 20 * time.Second}
}

// A Client asks CloudWatch.
type Client struct{ api *cloudwatch.Client }

// Open returns a client with the credentials, the region and the endpoint of the
// AWS environment (AWS_ENDPOINT_URL_CLOUDWATCH). It asks the service for nothing.
func Open(ctx context.Context, o Options) (*Client, error) {
	loaded, err := config.LoadDefaultConfig(ctx, config.WithHTTPClient(awshttp.NewBuildableClient().WithTimeout(o.Timeout)),
		config.WithRetryer(func() aws.Retryer {
			return retry.NewStandard(func(r *retry.StandardOptions) { r.MaxAttempts, r.MaxBackoff = o.Attempts, o.MaxWait })
		}))
	if err != nil {
		return nil, fmt.Errorf("cloudwatch: correct the AWS environment and the shared files: %w", err)
	}
	if loaded.Region == "" {
		return nil, errors.New("cloudwatch: no region is set; set AWS_REGION")
	}
	return &Client{cloudwatch.NewFromConfig(loaded, func(o *cloudwatch.Options) {
		// One of the three that the service speaks, and the one that can be read.
		o.Protocol = awsjson.New10(schemas.GraniteServiceVersion20100801)
	})}, nil
}

// wrap makes one of the package's errors of an SDK's.
func wrap(what string, err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	kind := ErrFailed
	var api smithy.APIError
	if errors.As(err, &api) {
		switch api.ErrorCode() {
		case "AccessDenied", "AccessDeniedException", "UnrecognizedClientException", "InvalidClientTokenId", "ExpiredToken", "ExpiredTokenException", "SignatureDoesNotMatch", "OptInRequired":
			kind = ErrRefused
		}
		return fmt.Errorf("%w: %s: %s: %s", kind, what, api.ErrorCode(), api.ErrorMessage())
	}
	return fmt.Errorf("%w: %s: %w", kind, what, err)
}
