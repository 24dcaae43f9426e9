package cloudwatch

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

// Limits of one PutMetricData: of the metrics, and of the request's bytes before
// they are compressed, which we keep a tenth below.
const (
	maxPut      = 1000
	maxPutBytes = 900_000
)

// How far from now CloudWatch takes values.
const (
	Earliest = -14 * 24 * time.Hour
	Latest   = 2 * time.Hour
)

// A Datum is a value of a metric.
type Datum struct {
	Name       string
	Unit       string // CloudWatch's: "Bytes", "Bytes/Second"; "" is none
	Dimensions []Dimension
	At         time.Time
	Value      float64
}

// A Dimension has a name and a value.
type Dimension struct{ Name, Value string }

// size is more bytes than the datum has as JSON, however its text is escaped.
func (d *Datum) size() int {
	n := 160 + 6*(len(d.Name)+len(d.Unit))
	for _, x := range d.Dimensions {
		n += 32 + 6*(len(x.Name)+len(x.Value))
	}
	return n
}

// batches cuts data to what one request takes.
func batches(data []Datum) [][]Datum {
	var out [][]Datum
	for len(data) > 0 {
		n, bytes := 0, 0
		for n < min(len(data), maxPut) {
			if bytes += data[n].size(); bytes > maxPutBytes && n > 0 {
				break
			}
			n++
		}
		out = append(out, data[:n])
		data = data[n:]
	}
	return out
}

// Put writes values, in as few requests as they fit in. Values that are not
// finite are left out. What one request could not write does not keep the others
// back; the error says how many values were not written. It is ErrRefused or
// ErrFailed.
func (c *Client) Put(ctx context.Context, namespace string, data []Datum) error {
	var failed error
	lost := 0
	for _, batch := range batches(data) {
		in := &cloudwatch.PutMetricDataInput{Namespace: &namespace}
		for i := range batch {
			if d := &batch[i]; !math.IsNaN(d.Value) && !math.IsInf(d.Value, 0) {
				in.MetricData = append(in.MetricData, d.encode())
			}
		}
		if len(in.MetricData) == 0 {
			continue
		}
		if _, err := c.api.PutMetricData(ctx, in); err != nil {
			lost += len(in.MetricData)
			if failed = wrap("writing", err); ctx.Err() != nil || errors.Is(failed, ErrRefused) {
				break // the next would not do better
			}
		}
	}
	if failed != nil {
		return fmt.Errorf("%w (of %d values at least %d)", failed, len(data), lost)
	}
	return nil
}

func (d *Datum) encode() types.MetricDatum {
	out := types.MetricDatum{MetricName: &d.Name, Timestamp: aws.Time(d.At), Value: &d.Value}
	if d.Unit != "" {
		out.Unit = types.StandardUnit(d.Unit)
	}
	for i := range d.Dimensions {
		out.Dimensions = append(out.Dimensions, types.Dimension{Name: &d.Dimensions[i].Name, Value: &d.Dimensions[i].Value})
	}
	return out
}
