package s3

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/foretide/foretide/internal/near"
	"github.com/foretide/foretide/loader/store"
)

// scheme is what the address of a bucket begins with.
const scheme = "s3://"

// A Config says where objects are and how they are kept. Region, Endpoint and
// PathStyle are those of the AWS environment where they are not given.
type Config struct {
	Bucket string
	// Prefix stands before every key, without slashes at its ends; "" is the
	// whole bucket.
	Prefix   string
	Region   string // region=eu-central-1
	Endpoint string // endpoint=http://127.0.0.1:7070, of another server
	// PathStyle (path_style=true, false) puts the bucket into the path instead
	// of the host's name. Unset, it is so where the endpoint is not AWS's own.
	PathStyle *bool
	// Encryption (sse=AES256, aws:kms, aws:kms:dsse) of what is written: SSE-S3
	// or SSE-KMS. "" leaves it to the bucket's own setting.
	Encryption string
	KMSKey     string // kms_key_id=…: the key of SSE-KMS; "" is the account's own
	// Timeout (timeout=30s) is how long a server may take to answer, or to send
	// nothing amid an answer, before the request is made again; 0 is 20 s.
	Timeout time.Duration
	// Attempts (attempts=5) is how often a request is made at most; 0 is 5.
	Attempts int
}

const (
	defaultTimeout  = 20 * time.Second
	defaultAttempts = 5
)

// ErrAddress reports an address that is not one of a bucket. The error that wraps
// it says what is wrong.
var ErrAddress = errors.New("s3: bad address")

func badAddress(address, format string, args ...any) error {
	return fmt.Errorf("%w: %s: %s", ErrAddress, address, fmt.Sprintf(format, args...))
}

// Is reports whether an address is of a bucket: s3://….
func Is(address string) bool { return strings.HasPrefix(address, scheme) }

var parameters = []string{"region", "endpoint", "path_style", "sse", "kms_key_id", "timeout", "attempts"}

// Parse reads an address: s3://bucket, s3://bucket/prefix, and what Config's
// fields name after a "?". The error is ErrAddress.
func Parse(address string) (Config, error) {
	var c Config
	if !Is(address) {
		return c, badAddress(address, "it does not begin with s3://")
	}
	u, err := url.Parse(address)
	if err != nil || u.User != nil || u.Fragment != "" || u.Port() != "" {
		return c, badAddress(address, "it is not of the form s3://bucket/prefix?region=…")
	}
	c.Bucket, c.Prefix = u.Host, strings.Trim(u.Path, "/")
	if c.Bucket == "" {
		return c, badAddress(address, "it names no bucket")
	}
	if strings.Contains("/"+c.Prefix+"/", "/../") || strings.Contains("/"+c.Prefix+"/", "/./") || strings.Contains(c.Prefix, "//") {
		return c, badAddress(address, "its prefix has an empty part, \".\" or \"..\" in it")
	}
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return c, badAddress(address, "what stands after ? is no list of name=value")
	}
	for name, values := range q {
		if err := c.set(name, values[0]); err != nil {
			return c, badAddress(address, "%v", err)
		}
		if len(values) > 1 {
			return c, badAddress(address, "%s stands there twice", name)
		}
	}
	if c.KMSKey != "" && !strings.HasPrefix(c.Encryption, "aws:kms") {
		return c, badAddress(address, "kms_key_id needs sse=aws:kms")
	}
	return c, nil
}

// set sets what one parameter of an address says.
func (c *Config) set(name, value string) (err error) {
	number := func(least, most int) (int, error) {
		n, err := strconv.Atoi(value)
		if err != nil || n < least || n > most {
			return 0, fmt.Errorf("%s is %q; it is a number from %d to %d", name, value, least, most)
		}
		return n, nil
	}
	switch name {
	case "region":
		c.Region = value
	case "endpoint":
		u, err := url.Parse(value)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return fmt.Errorf("endpoint is %q; it is a URL such as http://127.0.0.1:7070", value)
		}
		c.Endpoint = value
	case "path_style":
		b, err := strconv.ParseBool(value)
		if err != nil {
			return fmt.Errorf("path_style is %q; it is true or false", value)
		}
		c.PathStyle = &b
	case "sse":
		if !slices.Contains(types.ServerSideEncryption("").Values(), types.ServerSideEncryption(value)) {
			return fmt.Errorf("sse is %q; it is AES256, aws:kms or aws:kms:dsse", value)
		}
		c.Encryption = value
	case "kms_key_id":
		c.KMSKey = value
	case "attempts":
		c.Attempts, err = number(1, 100)
	case "timeout":
		c.Timeout, err = time.ParseDuration(value)
		if err != nil || c.Timeout < time.Millisecond {
			return fmt.Errorf("timeout is %q; it is a duration such as 20s", value)
		}
	default:
		return fmt.Errorf("%q is not known (%s are)%s", name, strings.Join(parameters, ", "), near.Hint(name, parameters))
	}
	return err
}

// Address returns the address without what stands after "?".
func (c *Config) Address() string {
	if c.Prefix == "" {
		return scheme + c.Bucket
	}
	return scheme + c.Bucket + "/" + c.Prefix
}

// Open returns the bucket of an address. It asks the AWS environment for
// credentials and region, and the server for nothing. The error is ErrAddress
// or about the environment.
func Open(ctx context.Context, address string) (*Bucket, error) {
	c, err := Parse(address)
	if err != nil {
		return nil, err
	}
	return New(ctx, c)
}

// New is Open of what an address says.
func New(ctx context.Context, c Config) (*Bucket, error) {
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	if c.Attempts == 0 {
		c.Attempts = defaultAttempts
	}
	client := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.ResponseHeaderTimeout = c.Timeout
		t.MaxIdleConnsPerHost = 64 // as many requests at once as a fleet makes
	})
	loaded, err := config.LoadDefaultConfig(ctx, config.WithHTTPClient(client), config.WithRetryer(func() aws.Retryer {
		return retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts, o.MaxBackoff = c.Attempts, c.Timeout/4
		})
	}))
	if err != nil {
		return nil, &store.Error{Op: "open", Name: c.Address(), Hint: "correct the AWS environment and the shared files", Err: err}
	}
	if c.Region != "" {
		loaded.Region = c.Region
	}
	elsewhere := c.Endpoint != "" || loaded.BaseEndpoint != nil || os.Getenv("AWS_ENDPOINT_URL_S3") != ""
	if loaded.Region == "" {
		if !elsewhere {
			return nil, &store.Error{Op: "open", Name: c.Address(), Hint: "set AWS_REGION, or write " + c.Address() + "?region=…", Err: errors.New("no region is set")}
		}
		loaded.Region = "us-east-1" // what servers other than AWS take
	}
	return &Bucket{config: c, client: s3.NewFromConfig(loaded, func(o *s3.Options) {
		if c.Endpoint != "" {
			o.BaseEndpoint = aws.String(c.Endpoint)
		}
		o.UsePathStyle = o.BaseEndpoint != nil
		if c.PathStyle != nil {
			o.UsePathStyle = *c.PathStyle
		}
		// What is written has SHA-256 sums of our own.
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenSupported
		o.DisableLogOutputChecksumValidationSkipped = true
	})}, nil
}
