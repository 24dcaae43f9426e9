package prometheus

import (
	"bytes"
	"context"
	"io"
	"math"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// anyAnswer is a server that answers every request with the same bytes.
type anyAnswer struct {
	status int
	body   []byte
}

func (a anyAnswer) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{Status: http.StatusText(a.status), StatusCode: a.status, Header: http.Header{}, Request: r,
		Body: io.NopCloser(bytes.NewReader(a.body))}, nil
}

// FuzzAnswer: whatever a server answers to a range query, there is an error, or
// rows for the steps that were asked for: each container once, in order, finite.
func FuzzAnswer(f *testing.F) {
	for _, result := range []string{
		`{"metric":{"name":"web"},"values":[[1714521600,"1"],[1714521615,"2.5"]]}`,
		`{"metric":{"name":"a\nb"},"values":[[1714521600,"1e308"]]},{"metric":{"name":"a b","instance":"h"},"values":[[1714521600,"1e308"]]}`,
		`{"metric":{"pod":"p","namespace":"n","container":"c"},"values":[[1714521600,"NaN"],[1714521615,"+Inf"],[1714521630,"-1e-9"]]},{"metric":{"pod":"p","namespace":"n"},"values":[[1714521630,"3"]]}`,
		`{"metric":{"name":"x"},"values":[[1714521600.5,"1"]]}`,
		`{"metric":{"name":"x"},"values":[[1714521600,"1"],[1714521600,"1"]]}`,
		`{"metric":{"name":"x"},"histograms":[[1714521600,{"count":"1","sum":"1","buckets":[[0,"0","1","1"]]}]]}`,
		`null`, `{"metric":null,"values":null}`,
	} {
		f.Add(200, []byte(`{"status":"success","data":{"resultType":"matrix","result":[`+result+`]}}`), byte(0))
	}
	f.Add(200, []byte(`{"status":"success","data":{"resultType":"vector","result":[]}}`), byte(1))
	f.Add(200, []byte(`{"status":"success","data":{"resultType":"string","result":[1,"x"]},"warnings":["w"]}`), byte(1))
	f.Add(422, []byte(`{"status":"error","errorType":"execution","error":"too many samples"}`), byte(2))
	f.Add(503, []byte(`{"status":"error","errorType":"timeout","error":"late"}`), byte(0))
	f.Add(200, []byte(`<html>`), byte(0))
	f.Fuzz(func(t *testing.T, status int, body []byte, by byte) {
		o := Defaults()
		o.By = groupings[int(by)%len(groupings)]
		ask, header, err := o.columns(time.Minute, true)
		if err != nil {
			t.Fatal(err)
		}
		c := &client{base: &url.URL{Scheme: "http", Host: "h"}, http: &http.Client{Transport: &transport{base: anyAnswer{status, body}}}, retry: retrier{attempts: 1, wait: 1, notify: func(string) {}}}
		last, name := int64(0), ""
		rd := &reader{source: &o, client: c, step: scrape, from: began, to: began + 600, header: header, ask: ask,
			namer: namer{by: o.By, preset: o.Preset}}
		rd.row = func(at int64, container string, metrics []string, values []float64) error {
			if at < began || at > began+600 || at%scrape != 0 || at < last || at == last && container <= name {
				t.Errorf("a row at %d of %q after one at %d of %q", at, container, last, name)
			}
			if last, name = at, container; len(metrics) != len(values) || strings.ContainsAny(container, "\r\n") {
				t.Errorf("a row of %q has %d metrics and %d values", container, len(metrics), len(values))
			}
			for _, v := range values {
				if math.IsInf(v, 0) {
					t.Errorf("a value at %d of %q is %v", at, container, v)
				}
			}
			return nil
		}
		rd.filter.init(nil)
		rd.table.init(header, ask)
		if _, _, err := rd.page(context.Background(), rd.from, rd.to); err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("an error of several lines: %q", err)
		}
	})
}
