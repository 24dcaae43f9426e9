// Package s3 keeps objects, and checkpoints among them, in Amazon S3 or in
// another server that speaks its protocol.
//
//	b, err := s3.Open(ctx, "s3://bucket/prefix?sse=aws:kms&kms_key_id=alias/foretide")
//	…
//	p, err := loader.New(ctx, b.Store())
//
// Credentials, region and endpoint come from where every AWS program has them:
// AWS_ACCESS_KEY_ID, AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL_S3, the shared
// files, the role of a container or a function. Config lists what the address
// can say beside them.
//
// A Bucket's methods are plain operations, conditional ones among them. They
// try again where a server is busy (503), slow or cut off, and send and check
// checksums; their errors say what to do. Store is a loader.Store over it that
// keeps versions of checkpoints.
package s3
