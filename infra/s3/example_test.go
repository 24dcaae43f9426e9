package s3_test

import (
	"context"
	"fmt"
	"log"

	"github.com/foretide/foretide/infra/s3"
	"github.com/foretide/foretide/loader"
)

// A program forecasts from the checkpoints in a bucket.
func ExampleOpen() {
	ctx := context.Background()
	b, err := s3.Open(ctx, "s3://bucket/checkpoints?region=eu-central-1")
	if err != nil {
		log.Fatal(err)
	}
	p, err := loader.New(ctx, b)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(p.Keys())
}

// An address says where objects lie and how they are kept.
func ExampleParse() {
	c, err := s3.Parse("s3://bucket/prefix?sse=aws:kms&kms_key_id=alias/foretide")
	fmt.Println(c.Bucket, c.Prefix, c.Encryption, c.KMSKey, err)
	_, err = s3.Parse("s3://bucket?regoin=eu-central-1")
	fmt.Println(err)
	// Output:
	// bucket prefix aws:kms alias/foretide <nil>
	// s3: bad address: s3://bucket?regoin=eu-central-1: "regoin" is not known (region, endpoint, path_style, sse, kms_key_id, timeout, attempts are); did you mean "region"?
}
