package functions_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/infra/cloudwatch"
	"github.com/foretide/foretide/internal/event"
	"github.com/foretide/foretide/internal/httpapi"
	"github.com/foretide/foretide/internal/lake"
	"github.com/foretide/foretide/internal/localstack"
	"github.com/foretide/foretide/internal/steps"
	"github.com/foretide/foretide/internal/steps/collect"
	"github.com/foretide/foretide/internal/testkit/servers"
)

// cloudWatch starts a CloudWatch, and returns its URL and a client.
func cloudWatch(t *testing.T) (string, *cloudwatch.Client) {
	t.Helper()
	url := servers.StartMoto(t)
	servers.MotoEnv(t, "CLOUDWATCH", url)
	c, err := cloudwatch.Open(context.Background(), cloudwatch.Defaults())
	if err != nil {
		t.Fatal(err)
	}
	return url, c
}

// useStore lets the test's environment name a stack's store.
func useStore(t *testing.T, s *localstack.Stack) {
	t.Helper()
	for name, value := range s.S3.Env() {
		t.Setenv(name, value)
	}
	t.Setenv("FORETIDE_STORE", s.Store)
}

// TestCollectCloudWatch: what CloudWatch has is in the lake, in our units, with
// its gap; another invocation adds what came since.
func TestCollectCloudWatch(t *testing.T) {
	url, client := cloudWatch(t)
	s := start(t, localstack.Options{Env: []string{"FORETIDE_COLLECT_SOURCE=cloudwatch", "AWS_ENDPOINT_URL_CLOUDWATCH=" + url,
		"FORETIDE_COLLECT_STEP=5m", "FORETIDE_COLLECT_FIRST=2h", "FORETIDE_COLLECT_DELAY=0s"}, Timeout: time.Minute})
	now := time.Now().Unix() / 300 * 300
	fill := func(from, to int64) {
		var data []cloudwatch.Datum
		for at := from; at < to; at += 300 {
			for k, service := range []string{"web", "db"} {
				if at == now-3600 && k == 0 {
					continue // a gap
				}
				for name, v := range map[string]float64{"CpuUtilized": 256 * float64(k+1), "MemoryUtilized": 64} {
					data = append(data, cloudwatch.Datum{Name: name, At: time.Unix(at, 0), Value: v,
						Dimensions: []cloudwatch.Dimension{{Name: "ClusterName", Value: "prod"}, {Name: "ServiceName", Value: service}}})
				}
			}
		}
		if err := client.Put(context.Background(), "ECS/ContainerInsights", data); err != nil {
			t.Fatal(err)
		}
	}
	fill(now-7200, now-600)
	at := func(t int64) string { return fmt.Sprintf(`{"time": %q}`, time.Unix(t, 0).UTC().Format(time.RFC3339)) }
	var a collect.Answer
	call(t, s, "collect", at(now-600), &a)
	if want := 2*2*((7200-600)/300) - 2; a.Samples != want || a.Containers != 2 {
		t.Fatalf("collected %+v, want %d samples", a, want)
	}
	fill(now-600, now)
	call(t, s, "collect", at(now), &a)
	if a.Samples != 2*2*2 {
		t.Errorf("then %+v", a)
	}
	useStore(t, s)
	var frames []series.Frame
	err := openLake(t).Read(context.Background(), lake.Query{From: now - 7200, To: now}, func(f series.Frame) error { frames = append(frames, f); return nil })
	if err != nil || len(frames) != 2 {
		t.Fatalf("%v, %d frames", err, len(frames))
	}
	for _, f := range frames {
		cpu, memory := f.Columns[f.Column("cpu")], f.Columns[f.Column("memory")]
		gap := int((now - 3600 - f.Start) / 300)
		switch {
		case f.Step != 300 || f.Len() != 24 || memory[0] != 64<<20:
			t.Errorf("%s has %d cells of %d s, memory %v", f.Container, f.Len(), f.Step, memory[0])
		case f.Container == "prod/web" && (cpu[0] != 0.25 || !math.IsNaN(cpu[gap]) || cpu[gap+1] != 0.25):
			t.Errorf("%s has %v", f.Container, cpu)
		case f.Container == "prod/db" && (cpu[23] != 0.5 || cpu[gap] != 0.5):
			t.Errorf("%s has %v", f.Container, cpu)
		}
	}
}

// predictEvent asks for two containers' forecasts, and one's that there is not.
func predictEvent(until time.Time) string {
	return fmt.Sprintf(`{"items": [{"container": "c000"}, {"container": "c001"}, {"container": "gone"}], "until": %q}`, until.UTC().Format(time.RFC3339))
}

// latestOf returns a container's forecast in the bucket, for 15 minutes ahead.
func latestOf(t *testing.T, s *localstack.Stack, container string) (f httpapi.Forecast, median, upper float64) {
	t.Helper()
	var latest struct{ Forecasts []httpapi.Forecast }
	if err := json.Unmarshal(object(t, s, "latest/"+container+".json"), &latest); err != nil || len(latest.Forecasts) != 1 {
		t.Fatalf("%v: %+v", err, latest)
	}
	f = latest.Forecasts[0]
	for _, h := range f.Horizons {
		if h.Seconds == 900 {
			median, upper = h.Median, h.Hi80
		}
	}
	return f, median, upper
}

// TestSinks: what predict forecasts is in Prometheus and in CloudWatch as it is in
// the bucket.
func TestSinks(t *testing.T) {
	servers.NeedPrometheus(t)
	url, client := cloudWatch(t)
	server, err := servers.StartPrometheus(func(io.Writer) {}, servers.PrometheusOptions{Flags: []string{"--web.enable-remote-write-receiver"}})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	s := start(t, localstack.Options{Env: []string{"REMOTE_WRITE_URL=" + server.URL + "/api/v1/write", "FORETIDE_REMOTE_WRITE_SIGV4=eu-west-1",
		"FORETIDE_STACK=prod", "FORETIDE_CLOUDWATCH=put", "FORETIDE_CLOUDWATCH_CONTAINERS=x,c*0", "AWS_ENDPOINT_URL_CLOUDWATCH=" + url}, Timeout: time.Minute})
	until := time.Now().Truncate(time.Second)
	fillFleet(t, s, until)
	var a event.Answer
	call(t, s, "predict", predictEvent(until), &a)
	if a.Done != 2 || len(a.Failed) != 1 || a.Failed[0].Container != "gone" {
		t.Fatalf("the answer is %+v", a)
	}
	f, median, upper := latestOf(t, s, "c000")
	for query, want := range map[string]float64{
		`foretide_forecast_median{container="c000",metric="cpu",horizon="15m"}`:               median,
		`foretide_forecast_upper{container="c000",metric="cpu",horizon="15m",coverage="0.8"}`: upper,
		`foretide_forecast_origin_timestamp_seconds{container="c000",metric="cpu"}`:           float64(f.Origin.Unix()),
		`foretide_forecast_reason{container="c000",horizon="15m",reason="no_checkpoint"}`:     1,
		`foretide_observed_value{container="c000",metric="cpu"}`:                              float64(1 + (71*71)%17),
		`count(foretide_forecast_median{container=~"c00[01]"}) - 2 * 3`:                       0,
	} {
		if got := instant(t, server.URL, query); math.Abs(got-want) > 1e-12*math.Abs(want) {
			t.Errorf("%s is %v, want %v", query, got, want)
		}
	}
	read := func(name string, at int64) (all map[string]float64) {
		all = map[string]float64{}
		source := &cloudwatch.Source{Client: client, Step: time.Minute, Now: time.Now, Queries: []cloudwatch.Query{
			{Metric: "m", Namespace: steps.Namespace, Name: name, Dimensions: []string{"Stack", "Container", "Metric", "Horizon"}, Where: map[string]string{"Stack": "prod"}}}}
		err := source.Read(context.Background(), at/60*60, at/60*60+600, func(container, _ string, values []cloudwatch.Value) error {
			all[container] = values[0].V
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	if got := read("ForecastMedian", until.Unix()-60); len(got) != 1 || math.Abs(got["c000/cpu/15m"]-median) > 1e-12*median {
		t.Errorf("CloudWatch has %v, want %v of one container and one horizon", got, median)
	}
	if got := read("ForecastDueUpper", f.Origin.Unix()+900); math.Abs(got["c000/cpu/15m"]-upper) > 1e-12*upper {
		t.Errorf("CloudWatch has %v at the time that it is for, want %v", got, upper)
	}
}

// instant returns the one value of a query now.
func instant(t *testing.T, server, query string) float64 {
	t.Helper()
	resp, err := http.Get(server + "/api/v1/query?query=" + url.QueryEscape(query))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var out struct {
		Data struct {
			Result []struct{ Value [2]any }
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil || len(out.Data.Result) != 1 {
		t.Errorf("%s: %v, %d results", query, err, len(out.Data.Result))
		return math.NaN()
	}
	v, err := strconv.ParseFloat(fmt.Sprint(out.Data.Result[0].Value[1]), 64)
	if err != nil {
		t.Error(err)
	}
	return v
}

// TestSinksDown: where no sink is there, the forecasts are in the bucket all the
// same, and the answer says who did not get them.
func TestSinksDown(t *testing.T) {
	nobody, err := servers.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, localstack.Options{Env: []string{"REMOTE_WRITE_URL=http://" + nobody + "/api/v1/write", "FORETIDE_CLOUDWATCH=put",
		"AWS_ENDPOINT_URL_CLOUDWATCH=http://" + nobody, "FORETIDE_PUSH_TIMEOUT=1500ms"}, Timeout: time.Minute})
	until := time.Now().Truncate(time.Second)
	fillFleet(t, s, until)
	var a event.Answer
	call(t, s, "predict", predictEvent(until), &a)
	if a.Done != 2 || len(a.Files) != 2 || len(a.Failed) != 3 || len(a.Remaining) != 0 {
		t.Fatalf("the answer is %+v", a)
	}
	for i, name := range []string{"remote write", "CloudWatch"} {
		if f := a.Failed[1+i]; f.Reason != event.Sink || f.Retry || !strings.Contains(f.Error, "not handed to "+name+": ") {
			t.Errorf("the answer has %+v", f)
		}
	}
	if f := a.Failed[1]; !strings.Contains(f.Error, "connection refused") {
		t.Errorf("nothing says why: %s", f.Error)
	}
	if _, median, _ := latestOf(t, s, "c001"); !(median > 0) {
		t.Errorf("the forecast is %v", median)
	}
	if len(object(t, s, a.Files[0])) == 0 {
		t.Error("the file of forecasts is empty")
	}
}
