// Package s3 implements store.Bucket in Amazon S3, or in another server that speaks
// its protocol.
//
//	b, err := s3.Open(ctx, "s3://bucket/prefix?sse=aws:kms&kms_key_id=alias/foretide")
//	…
//	p, err := loader.New(ctx, b)
//
// Credentials, region and endpoint come from where every AWS program has them:
// AWS_ACCESS_KEY_ID, AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL_S3, the shared
// files, the role of a container or a function. Config lists what the address
// can say beside them.
//
// Requests are made again if a server is busy (503), slow or cut off. Checksums are
// sent and checked. Errors say what to do. Versions are those of a bucket with
// versioning enabled; its lifecycle rules say how long they stay.
package s3
