package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/foretide/foretide/internal/testkit/servers"
)

// TestPredictPush: what is printed is in Prometheus too, under serve's names.
func TestPredictPush(t *testing.T) {
	servers.NeedPrometheus(t)
	server, err := servers.StartPrometheus(func(io.Writer) {}, servers.PrometheusOptions{Flags: []string{"--web.enable-remote-write-receiver"}})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	s := newSession(t)
	s.write("m.csv", head+waves("webapp", 60, 4000)+waves("db", 60, 4000))
	out, errs, code := s.run("predict", "--data", "m.csv", "--json", "--push", server.URL+"/api/v1/write")
	if code != 0 || !strings.Contains(errs, "Pushed 4 forecasts as ") || !strings.Contains(errs, "export newer ones first") {
		t.Fatalf("ended with %d: %s", code, errs)
	}
	var rows []forecastJSON
	if err := json.Unmarshal([]byte(out), &rows); err != nil || len(rows) != 4 {
		t.Fatalf("%v: %s", err, out)
	}
	for _, r := range rows {
		query := fmt.Sprintf(`foretide_forecast_median{container=%q,metric=%q,horizon="15m"}`, r.Container, r.Metric)
		resp, err := http.Get(server.URL + "/api/v1/query?query=" + url.QueryEscape(query))
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			Data struct{ Result []struct{ Value [2]any } }
		}
		err = json.NewDecoder(resp.Body).Decode(&got)
		resp.Body.Close()
		if err != nil || len(got.Data.Result) != 1 {
			t.Fatalf("%s: %v, %+v", query, err, got)
		}
		var v float64
		fmt.Sscan(fmt.Sprint(got.Data.Result[0].Value[1]), &v)
		if want := r.Horizons[1].Median; math.Abs(v-want) > 1e-12*math.Abs(want) {
			t.Errorf("%s is %v, printed is %v", query, v, want)
		}
	}
	t.Setenv("REMOTE_WRITE_TOKEN", "s3cret")
	s.fails(exitUsage, "must begin with http", "predict", "--data", "m.csv", "--push", "prometheus:9090")
	out, errs, code = s.run("predict", "--data", "m.csv", "--csv", "--push", server.URL+"/write")
	if code != exitFailure || !strings.Contains(errs, "--web.enable-remote-write-receiver") || strings.Contains(errs, "s3cret") || strings.Count(out, "\n") != 13 {
		t.Errorf("to a wrong path: %d, %s\n%s", code, errs, out)
	}
}
