package cloudwatch

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/foretide/foretide/internal/testkit/servers"
)

var from = time.Now().Add(-3*time.Hour).Unix() / 300 * 300

// front passes requests on to a server unless answer writes one.
func front(t *testing.T, to string, answer func(w http.ResponseWriter, target string, body []byte) bool) string {
	t.Helper()
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(u)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // an error makes it short, and no JSON
		r.Body = io.NopCloser(bytes.NewReader(body))
		if r.Header.Get("Content-Encoding") == "gzip" {
			if z, err := gzip.NewReader(bytes.NewReader(body)); err == nil {
				body, _ = io.ReadAll(z)
			}
		}
		_, target, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		if !answer(w, target, body) {
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// fault answers as the service does where it fails.
func fault(w http.ResponseWriter, status int, code string) bool {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"__type":"com.amazonaws.cloudwatch#%s","message":"said so","Message":"said so"}`, code)
	return true
}

func open(t *testing.T, url string) *Client {
	t.Helper()
	servers.MotoEnv(t, "CLOUDWATCH", url)
	c, err := Open(context.Background(), Options{Attempts: 4, Timeout: time.Minute, MaxWait: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// fill puts the metrics of two services of a cluster, with a gap, and what is not
// to be read.
func fill(t *testing.T, c *Client) {
	t.Helper()
	var data []Datum
	add := func(name string, at int64, v float64, dimensions ...string) {
		d := Datum{Name: name, At: time.Unix(at, 0), Value: v}
		for i := 0; i < len(dimensions); i += 2 {
			d.Dimensions = append(d.Dimensions, Dimension{dimensions[i], dimensions[i+1]})
		}
		data = append(data, d)
	}
	for i := range int64(12) {
		at := from + 300*i
		for k, service := range []string{"web", "db"} {
			if i == 5 && k == 0 {
				continue // a gap
			}
			add("CpuUtilized", at, 512+float64(i), "ClusterName", "prod", "ServiceName", service)
			add("MemoryUtilized", at, float64(100+k), "ClusterName", "prod", "ServiceName", service)
		}
		add("CpuUtilized", at, 7, "ClusterName", "prod")                                            // of the whole cluster
		add("CpuUtilized", at, 9, "ClusterName", "test", "ServiceName", "web", "TaskId", "another") // of a task
	}
	add("CpuUtilized", from, math.NaN(), "ClusterName", "prod", "ServiceName", "nan")
	if err := c.Put(context.Background(), "ECS/ContainerInsights", data); err != nil {
		t.Fatal(err)
	}
}

func read(c *Client, queries []Query) (map[string][]Value, error) {
	out := map[string][]Value{}
	s := &Source{Client: c, Queries: queries, Step: 5 * time.Minute, Now: time.Now}
	err := s.Read(context.Background(), from, from+3600, func(container, metric string, values []Value) error {
		key := container + " " + metric
		if out[key] != nil {
			return errors.New("twice " + key)
		}
		out[key] = values
		return nil
	})
	return out, err
}

// TestRead: what was put is read back, in our units, with its gap; throttled,
// page by page, and where CloudWatch fails for single metrics.
func TestRead(t *testing.T) {
	moto := servers.StartMoto(t)
	fill(t, open(t, moto))
	want, err := read(open(t, moto), Preset(ECS))
	if err != nil || len(want) != 4 || len(want["prod/web cpu"]) != 11 || len(want["prod/db cpu"]) != 12 {
		t.Fatalf("%v: %v", err, want)
	}
	if v := want["prod/web cpu"]; v[0] != (Value{from, 0.5}) || v[5].T != from+6*300 || want["prod/db memory"][0].V != 101<<20 {
		t.Errorf("read %v, %v", v, want["prod/db memory"])
	}
	t.Run("throttled", func(t *testing.T) {
		n := 0
		got, err := read(open(t, front(t, moto, func(w http.ResponseWriter, _ string, _ []byte) bool {
			n++
			return n%3 != 0 && fault(w, 400, "ThrottlingException")
		})), Preset(ECS))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%v: %v", err, got)
		}
	})
	t.Run("paged", func(t *testing.T) {
		got, err := read(open(t, front(t, moto, halves(t, moto))), Preset(ECS))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%v: %v", err, got)
		}
	})
	t.Run("fails once", func(t *testing.T) {
		n := 0
		got, err := read(open(t, front(t, moto, func(w http.ResponseWriter, target string, body []byte) bool {
			if target != "GetMetricData" {
				return false
			}
			n++
			return n == 1 && internal(t, w, moto, body, "InternalError")
		})), Preset(ECS))
		if err != nil || n != 2 || !reflect.DeepEqual(got, want) {
			t.Errorf("%v after %d: %v", err, n, got)
		}
	})
	for code, kind := range map[string]error{"Forbidden": ErrRefused, "InternalError": ErrFailed} {
		_, err := read(open(t, front(t, moto, func(w http.ResponseWriter, target string, body []byte) bool {
			return target == "GetMetricData" && internal(t, w, moto, body, code)
		})), Preset(ECS))
		if !errors.Is(err, kind) || !strings.Contains(err.Error(), "CpuUtilized of prod/db: "+code) {
			t.Errorf("%s: %v", code, err)
		}
	}
	_, err = read(open(t, front(t, moto, func(w http.ResponseWriter, _ string, _ []byte) bool { return fault(w, 403, "AccessDenied") })), Preset(ECS))
	if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "said so") {
		t.Errorf("without the right: %v", err)
	}
	if _, err := read(open(t, moto), Preset(eks)); !errors.Is(err, ErrNoMetrics) {
		t.Errorf("of a cluster without metrics: %v", err)
	}
}

// ask asks a server for what was asked of the front.
func ask(t *testing.T, server string, body []byte, answer any) {
	t.Helper()
	q, _ := http.NewRequest(http.MethodPost, server, bytes.NewReader(body))
	q.Header.Set("Content-Type", "application/x-amz-json-1.0")
	q.Header.Set("X-Amz-Target", "GraniteServiceVersion20100801.GetMetricData")
	q.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=a/20240101/us-east-1/monitoring/aws4_request, SignedHeaders=host, Signature=0")
	resp, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Error(err)
		return
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(answer); err != nil {
		t.Error(err)
	}
}

// An answered result is one of GetMetricData's.
type answered struct {
	ID         string `json:"Id"`
	StatusCode string
	Timestamps []float64
	Values     []float64
}

type page struct {
	MetricDataResults []answered
	NextToken         string `json:",omitempty"`
}

// halves answers with the first half of every metric's values, and with the other
// when asked for the next page.
func halves(t *testing.T, server string) func(http.ResponseWriter, string, []byte) bool {
	return func(w http.ResponseWriter, target string, body []byte) bool {
		if target != "GetMetricData" {
			return false
		}
		var all page
		ask(t, server, body, &all)
		second := bytes.Contains(body, []byte(`"NextToken":"second"`))
		for i := range all.MetricDataResults {
			r := &all.MetricDataResults[i]
			half := len(r.Values) / 2
			if second {
				r.Values, r.Timestamps = r.Values[half:], r.Timestamps[half:]
			} else {
				r.Values, r.Timestamps, r.StatusCode = r.Values[:half], r.Timestamps[:half], "PartialData"
			}
		}
		if !second {
			all.NextToken = "second"
		}
		_ = json.NewEncoder(w).Encode(all)
		return true
	}
}

// internal answers that the first metric could not be given.
func internal(t *testing.T, w http.ResponseWriter, server string, body []byte, code string) bool {
	var all page
	ask(t, server, body, &all)
	slices.SortFunc(all.MetricDataResults, func(a, b answered) int { return cmp.Compare(a.ID, b.ID) })
	r := &all.MetricDataResults[0]
	r.StatusCode, r.Values, r.Timestamps = code, nil, nil
	_ = json.NewEncoder(w).Encode(all)
	return true
}

// TestManyMetrics: more metrics than one request takes are asked for in several,
// and put in several, none of them too large.
func TestManyMetrics(t *testing.T) {
	const many = 1200
	moto := servers.StartMoto(t)
	var puts, gets []int
	c := open(t, front(t, moto, func(_ http.ResponseWriter, target string, body []byte) bool {
		var in struct{ MetricDataQueries, MetricData []json.RawMessage }
		if err := json.Unmarshal(body, &in); err != nil || len(body) > 1<<20 {
			t.Errorf("%v, %d bytes", err, len(body))
		}
		switch target {
		case "GetMetricData":
			gets = append(gets, len(in.MetricDataQueries))
		case "PutMetricData":
			puts = append(puts, len(in.MetricData))
		}
		return false
	}))
	var data []Datum
	for i := range many {
		data = append(data, Datum{Name: "CpuUtilized", At: time.Unix(from, 0), Value: float64(i), Unit: "Count",
			Dimensions: []Dimension{{"ClusterName", "c"}, {"ServiceName", fmt.Sprint("s", i)}}})
	}
	if err := c.Put(context.Background(), "ECS/ContainerInsights", data); err != nil {
		t.Fatal(err)
	}
	q := Preset(ECS)[:1]
	q[0].Where, q[0].Scale = map[string]string{"ClusterName": "c"}, 0
	got, err := read(c, q)
	if err != nil || len(got) != many || got["s77 cpu"][0].V != 77 {
		t.Errorf("%v, %d of %d metrics", err, len(got), many)
	}
	if !slices.Equal(gets, []int{500, 500, 200}) || len(puts) < 2 || slices.Max(puts) > 1000 {
		t.Errorf("asked for %v, put %v", gets, puts)
	}
}

// TestPutFails: the error says how much is not there, and what CloudWatch said.
func TestPutFails(t *testing.T) {
	moto := servers.StartMoto(t)
	n := 0
	c := open(t, front(t, moto, func(w http.ResponseWriter, _ string, _ []byte) bool {
		n++
		return n <= 4 && fault(w, 500, "InternalServiceFault")
	}))
	data := make([]Datum, 1500)
	for i := range data {
		data[i] = Datum{Name: "m", At: time.Unix(from, 0), Value: 1}
	}
	err := c.Put(context.Background(), "N", data)
	if !errors.Is(err, ErrFailed) || !strings.Contains(err.Error(), "InternalServiceFault: said so (of 1500 values at least 1000)") || n != 5 {
		t.Errorf("after %d requests: %v", n, err)
	}
}

// TestBatches: none has too many values or bytes, and none is lost.
func TestBatches(t *testing.T) {
	long := strings.Repeat("\n", 300)
	for _, n := range []int{0, 1, 1000, 1001, 5000} {
		data := make([]Datum, n)
		for i := range data {
			data[i] = Datum{Name: "m", Value: float64(i), Dimensions: []Dimension{{"a", long}}}
		}
		next := 0
		for _, b := range batches(data) {
			text, err := json.Marshal(b)
			if err != nil || len(b) > maxPut || len(text) > 1_000_000 || len(b) == 0 || b[0].Value != float64(next) {
				t.Errorf("%v: %d values, %d bytes", err, len(b), len(text))
			}
			next += len(b)
		}
		if next != n {
			t.Errorf("%d of %d values are in batches", next, n)
		}
	}
}

// TestParseQueries: what cannot be is said.
func TestParseQueries(t *testing.T) {
	q, err := ParseQueries(`[{"metric": "cpu", "namespace": "N", "name": "m", "dimensions": ["A", "B"], "where": {"A": "x"}, "stat": "Sum", "scale": 2}]`)
	if err != nil || !slices.Equal(q[0].naming(), []string{"B"}) {
		t.Fatalf("%v: %+v", err, q)
	}
	if name, ok := q[0].container(map[string]string{"A": "x", "B": "y"}); name != "y" || !ok {
		t.Errorf("it is %q, %v", name, ok)
	}
	if _, ok := q[0].container(map[string]string{"A": "z", "B": "y"}); ok {
		t.Error("another value of A is the query's")
	}
	for text, want := range map[string]string{
		``: "EOF", `{}`: "list such as", `[]`: "there are 0", `[{"metrik": "cpu"}]`: `unknown field "metrik"`,
		`[{"metric": "cpu", "namespace": "N"}]`:                                                        "number 1: metric, namespace and name",
		`[{"metric": "cpu", "namespace": "N", "name": "m"}]`:                                           "dimensions has none",
		`[{"metric": "cpu", "namespace": "N", "name": "m", "dimensions": ["A"], "where": {"B": "x"}}]`: `"B" is not one of`,
		`[{"metric": "cpu", "namespace": "N", "name": "m", "dimensions": ["A"], "where": {"A": "x"}}]`: "fixes them all",
		`[{"metric": "cpu", "namespace": "N", "name": "m", "dimensions": ["A"], "scale": -1}]`:         "scale is -1",
		`[{"metric": "cpu", "namespace": "N", "name": "m", "dimensions": ["A"]}] []`:                   "more after the list",
	} {
		if _, err := ParseQueries(text); !errors.Is(err, ErrQuery) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	for step, ok := range map[time.Duration]bool{time.Minute: true, 15 * time.Second: false, 30 * time.Second: true, 90 * time.Second: false, 5 * time.Minute: true} {
		if err := CheckStep(step); (err == nil) != ok {
			t.Errorf("%v: %v", step, err)
		}
	}
}
