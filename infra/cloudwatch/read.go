package cloudwatch

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

// Limits of one GetMetricData.
const (
	maxMetrics = 500
	maxValues  = 100_800 // of a page
)

// maxSeries is the most metrics of CloudWatch that one reading asks for.
const maxSeries = 200_000

// A Source is what is read from CloudWatch.
type Source struct {
	*Client
	Queries []Query
	Step    time.Duration // see CheckStep
	Now     func() time.Time
}

// A Value is one of a step that begins at T, in Unix seconds.
type Value struct {
	T int64
	V float64
}

// Read gives the values of [from, to), in Unix seconds and whole steps, to each:
// series by series, in order of time. What CloudWatch has no value of is left
// out. A step's value stands at its beginning, as CloudWatch gives it. The error
// is ErrNoMetrics, ErrRefused, ErrFailed or what each returned; each may then
// have been given a part.
func (s *Source) Read(ctx context.Context, from, to int64, each func(container, metric string, values []Value) error) error {
	all, err := s.list(ctx, from)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return fmt.Errorf("%w of %s; Container Insights may be off, or the dimensions others", ErrNoMetrics, s.names())
	}
	for batch := range slices.Chunk(all, maxMetrics) {
		values, err := s.batch(ctx, batch, from, to)
		if err != nil {
			return err
		}
		for i, v := range values {
			if len(v) > 0 {
				if err := each(batch[i].container, batch[i].query.Metric, v); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// A found metric is one of a query, of a container.
type found struct {
	container string
	query     *Query
	metric    types.Metric
	key       string // of its dimensions
}

// list returns the metrics that the queries are of, sorted.
func (s *Source) list(ctx context.Context, from int64) ([]found, error) {
	var out []found
	for i := range s.Queries {
		q := &s.Queries[i]
		in := &cloudwatch.ListMetricsInput{Namespace: &q.Namespace, MetricName: &q.Name}
		for _, d := range q.Dimensions {
			f := types.DimensionFilter{Name: &d}
			if v, fixed := q.Where[d]; fixed {
				f.Value = &v
			}
			in.Dimensions = append(in.Dimensions, f)
		}
		if s.Now().Unix()-from < 2*3600 {
			in.RecentlyActive = types.RecentlyActivePt3h // not what ended days ago
		}
		for pages := cloudwatch.NewListMetricsPaginator(s.api, in); pages.HasMorePages(); {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return nil, wrap("listing "+q.Namespace+" "+q.Name, err)
			}
			for _, m := range page.Metrics {
				dimensions := map[string]string{}
				for _, d := range m.Dimensions {
					dimensions[aws.ToString(d.Name)] = aws.ToString(d.Value)
				}
				if name, ok := q.container(dimensions); ok && name != "" {
					out = append(out, found{name, q, m, fmt.Sprint(dimensions)})
				}
			}
			if len(out) > maxSeries {
				return nil, fmt.Errorf("%w: more than %d metrics of %s; choose fewer by where", ErrQuery, maxSeries, s.names())
			}
		}
	}
	slices.SortFunc(out, func(a, b found) int {
		return cmp.Or(strings.Compare(a.container, b.container), strings.Compare(a.query.Metric, b.query.Metric), strings.Compare(a.key, b.key))
	})
	out = slices.CompactFunc(out, func(a, b found) bool { return a.query == b.query && a.key == b.key }) // a page may repeat one
	for i := 1; i < len(out); i++ {
		if a, b := out[i-1], out[i]; a.container == b.container && a.query.Metric == b.query.Metric {
			return nil, fmt.Errorf("%w: two metrics of CloudWatch are %s of %s: name more dimensions in container, or fix them by where", ErrQuery, a.query.Metric, a.container)
		}
	}
	return out, nil
}

func (s *Source) names() string {
	var out []string
	for _, q := range s.Queries {
		out = append(out, q.Namespace+" "+q.Name+" by "+strings.Join(q.Dimensions, ", "))
	}
	return strings.Join(out, "; ")
}

// tries is how often metrics are asked for that CloudWatch could not give.
const tries = 4

// batch returns the values of each metric of a batch.
func (s *Source) batch(ctx context.Context, batch []found, from, to int64) ([][]Value, error) {
	out := make([][]Value, len(batch))
	todo := make([]int, len(batch))
	for i := range todo {
		todo[i] = i
	}
	wait := 500 * time.Millisecond
	for try := 1; ; try++ {
		failed, why, err := s.ask(ctx, batch, todo, from, to, out)
		if err != nil {
			return nil, err
		}
		if len(failed) == 0 {
			break
		}
		if try == tries || why == types.StatusCodeForbidden {
			kind := ErrFailed
			if why == types.StatusCodeForbidden {
				kind = ErrRefused
			}
			f := batch[failed[0]]
			return nil, fmt.Errorf("%w: %s of %s: %s (%d of %d metrics)", kind, aws.ToString(f.metric.MetricName), f.container, why, len(failed), len(batch))
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		todo, wait = failed, 2*wait
	}
	return out, nil
}

// ask asks once for the metrics of todo, page by page, and puts their values into
// out. It returns those that CloudWatch could not give.
func (s *Source) ask(ctx context.Context, batch []found, todo []int, from, to int64, out [][]Value) (failed []int, why types.StatusCode, err error) {
	step := int64(s.Step / time.Second)
	in := &cloudwatch.GetMetricDataInput{
		StartTime: aws.Time(time.Unix(from, 0)), EndTime: aws.Time(time.Unix(to, 0)),
		ScanBy: types.ScanByTimestampAscending, MaxDatapoints: aws.Int32(maxValues),
	}
	for _, i := range todo {
		out[i] = nil
		in.MetricDataQueries = append(in.MetricDataQueries, types.MetricDataQuery{
			Id: aws.String(fmt.Sprintf("m%d", i)),
			MetricStat: &types.MetricStat{
				Metric: &batch[i].metric, Period: aws.Int32(int32(step)), Stat: aws.String(batch[i].query.stat()),
			},
		})
	}
	status := map[int]types.StatusCode{}
	for pages := cloudwatch.NewGetMetricDataPaginator(s.api, in); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, "", wrap(fmt.Sprintf("reading %d metrics", len(todo)), err)
		}
		for _, r := range page.MetricDataResults {
			var i int
			if _, err := fmt.Sscanf(aws.ToString(r.Id), "m%d", &i); err != nil || i < 0 || i >= len(batch) || len(r.Values) != len(r.Timestamps) {
				return nil, "", fmt.Errorf("%w: an answer has values of %q that were not asked for", ErrFailed, aws.ToString(r.Id))
			}
			status[i] = r.StatusCode
			out[i] = collect(out[i], r, from, to, step, batch[i].query.scale())
		}
	}
	for _, i := range todo {
		// One that says PartialData on its last page has no more to give.
		if c := status[i]; c == types.StatusCodeInternalError || c == types.StatusCodeForbidden {
			failed, why = append(failed, i), c
		}
		slices.SortFunc(out[i], func(a, b Value) int { return cmp.Compare(a.T, b.T) })
	}
	return failed, why, nil
}

// collect adds the values of a page that are within the time.
func collect(dst []Value, r types.MetricDataResult, from, to, step int64, scale float64) []Value {
	for k, v := range r.Values {
		t := r.Timestamps[k].Unix()
		if v *= scale; t < from || t >= to || math.IsNaN(v) || math.IsInf(v, 0) {
			continue
		}
		dst = append(dst, Value{t - (t-from)%step, v})
	}
	return dst
}
