package prometheus_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/foretide/foretide/infra/prometheus"
)

// A query of one's own, read every minute over two minutes.
func ExampleSource_Read() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"status":"success","data":{"resultType":"matrix","result":[
			{"metric":{"name":"webapp"},"values":[[1714521600,"0.5"],[1714521660,"0.75"]]},
			{"metric":{"name":"db"},"values":[[1714521660,"2"]]}]}}`)
	}))
	defer server.Close()

	source := prometheus.Defaults()
	source.URL = server.URL
	source.Step, source.RateWindow = time.Minute, 4*time.Minute
	source.Preset = prometheus.NoPreset
	source.Queries = []prometheus.Query{{Metric: "cpu", PromQL: "sum by (name) (rate(container_cpu_usage_seconds_total[$__rate_interval]))"}}
	summary, err := source.Read(context.Background(), time.Unix(1714521600, 0), time.Unix(1714521660, 0),
		func(t int64, container string, metrics []string, values []float64) error {
			fmt.Println(t, container, metrics[0], values[0])
			return nil
		})
	fmt.Println(summary.Rows, "rows of", summary.Containers, err)
	// Output:
	// 1714521600 webapp cpu 0.5
	// 1714521660 db cpu 2
	// 1714521660 webapp cpu 0.75
	// 3 rows of [db webapp] <nil>
}
