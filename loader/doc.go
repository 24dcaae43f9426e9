// Package loader is what a Go program imports to forecast: it keeps fitted
// models as checkpoints in a bucket and serves forecasts from them.
//
//	p, err := loader.Open("checkpoints")
//	…
//	forecasts, err := p.Predict(ctx, frame, "webapp", 15*time.Minute, "cpu", "memory")
//
// A bucket is a store.Bucket: a folder, memory, or S3 (infra/s3). The checkpoint of
// a container's metric has the name
//
//	METRIC/CONTAINER.ckpt
//
// in it, and METRIC/_shared.ckpt is the one that serves the containers that
// have none of their own; see Key for the names of other characters. Its bytes
// are those of core/codec, the payload compressed with zstd.
package loader
