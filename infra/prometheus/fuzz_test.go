package prometheus

import (
	"bytes"
	"context"
	"encoding/csv"
	"io"
	"math"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
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
		var text bytes.Buffer
		o := Defaults()
		o.By = Groupings[int(by)%len(Groupings)]
		ask, header, err := o.columns(time.Minute, true)
		if err != nil {
			t.Fatal(err)
		}
		out, err := openStream(&text, header)
		if err != nil {
			t.Fatal(err)
		}
		c := &client{base: &url.URL{Scheme: "http", Host: "h"}, http: &http.Client{Transport: &transport{base: anyAnswer{status, body}}}, retry: retrier{attempts: 1, wait: 1, notify: func(string) {}}}
		e := &exporter{options: &o, client: c, out: out, step: scrape, from: began, to: began + 600, header: header, ask: ask,
			namer: namer{by: o.By, preset: o.Preset}}
		e.filter.init(nil)
		e.table.init(header, ask)
		e.summary.Cells = map[string]int{}
		if _, _, err := e.page(context.Background(), e.from, e.to); err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("an error of several lines: %q", err)
			}
			return
		}
		if err := out.commit(); err != nil {
			t.Fatal(err)
		}
		checkText(t, text.String(), e.summary.Rows)
	})
}

// checkText checks what was written for the fuzzed answers.
func checkText(t *testing.T, text string, rows int) {
	t.Helper()
	records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(records) != rows+1 || strings.Count(text, "\n") != rows+1 {
		t.Fatalf("%d rows, %d records, %v in\n%s", rows, len(records), err, text)
	}
	last, name := int64(0), ""
	for _, r := range records[1:] {
		at, err := strconv.ParseInt(r[0], 10, 64)
		if err != nil || at < began || at > began+600 || at%scrape != 0 || at < last || at == last && r[1] <= name {
			t.Fatalf("a row at %s of %q after one at %d of %q", r[0], r[1], last, name)
		}
		last, name = at, r[1]
		for _, cell := range r[2:] {
			if v, err := strconv.ParseFloat(cell, 64); cell != "" && (err != nil || math.IsInf(v, 0) || math.IsNaN(v)) {
				t.Fatalf("a cell is %q", cell)
			}
		}
	}
}

// FuzzTail: whatever a file to be continued has, it is refused, or what is kept
// of it are whole rows in order of time.
func FuzzTail(f *testing.F) {
	header := []string{"cpu", "memory"}
	head := headerLine(header) + "\n"
	for _, text := range []string{"", "time", head, head + "15,a,1,2\n15,\"b,\"\"1\",,\n30,a,1,2\n", head + "15,a,1,2\n30,a", head + "30,a,,\n15,a,,\n",
		head + "15,\"a\n", "\x1f\x8b", "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		path := filepath.Join(t.TempDir(), "m.csv")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		old, err := readTail(path, header)
		if err != nil {
			return
		}
		defer old.close()
		r, err := old.text()
		if err != nil {
			if old.keep != 0 {
				t.Fatalf("%d bytes are kept of what cannot be read: %v", old.keep, err)
			}
			return
		}
		kept := make([]byte, old.keep)
		if _, err := io.ReadFull(r, kept); err != nil {
			t.Fatalf("%d bytes are kept of fewer: %v", old.keep, err)
		}
		if len(kept) > 0 && (!bytes.HasPrefix(kept, []byte(strings.TrimSuffix(head, "\n"))) || kept[len(kept)-1] != '\n') {
			t.Fatalf("kept are %q", kept)
		}
		last := int64(-1)
		for i, line := range strings.Split(strings.TrimSuffix(string(kept), "\n"), "\n") {
			if i == 0 {
				continue
			}
			at, _, ok := rowStart(line)
			if !ok || at < last || at > old.last {
				t.Fatalf("kept is %q after %d", line, last)
			}
			last = at
		}
	})
}
