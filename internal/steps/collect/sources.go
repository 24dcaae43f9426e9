package collect

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/foretide/foretide/infra/cloudwatch"
	"github.com/foretide/foretide/infra/parquet"
	"github.com/foretide/foretide/infra/prometheus"
	"github.com/foretide/foretide/internal/steps"
)

// Prometheus is a Source: what is asked of a server.
type Prometheus prometheus.Source

// Read is a Source's. A range query gives a sample at the time that it is of.
func (p Prometheus) Read(ctx context.Context, in *steps.Invocation, from, to int64, add func(parquet.Sample) error) error {
	source := prometheus.Source(p)
	last := time.Unix(to, 0).Add(-source.Step)
	sum, err := source.Read(ctx, time.Unix(from, 0), last, func(t int64, container string, metrics []string, values []float64) error {
		for i, v := range values {
			if math.IsNaN(v) {
				continue
			}
			if err := add(parquet.Sample{Container: container, Metric: metrics[i], Time: t * 1000, Value: v}); err != nil {
				return err
			}
		}
		return nil
	})
	for _, w := range sum.Warnings {
		in.Log.Warn("the server warns", "warning", w)
	}
	if errors.Is(err, prometheus.ErrNoData) {
		return nil // a gap
	}
	return err
}

// CloudWatch is a Source.
type CloudWatch struct{ *cloudwatch.Source }

// Read is a Source's.
func (c CloudWatch) Read(ctx context.Context, in *steps.Invocation, from, to int64, add func(parquet.Sample) error) error {
	err := c.Source.Read(ctx, from, to, func(container, metric string, values []cloudwatch.Value) error {
		for _, v := range values {
			if err := add(parquet.Sample{Container: container, Metric: metric, Time: v.T * 1000, Value: v.V}); err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, cloudwatch.ErrNoMetrics) {
		in.Log.Warn("nothing to collect", "error", err.Error())
		return nil // a gap: the first metrics may come yet
	}
	return err
}
