// Package lake keeps what the functions share in a bucket: samples as Parquet,
// partitioned by day, manifests, forecasts, and what is to be known from one
// invocation to the next.
package lake

import "errors"

// ErrTooLarge reports work that needs more memory than its limit.
var ErrTooLarge = errors.New("too large")
