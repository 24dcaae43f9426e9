package prometheus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/foretide/foretide/internal/testkit/servers"
)

// receiver runs a server that takes remote writes.
func receiver(t *testing.T, flags ...string) string {
	t.Helper()
	servers.NeedPrometheus(t)
	s, err := servers.StartPrometheus(func(io.Writer) {}, servers.PrometheusOptions{Flags: flags})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s.URL
}

func writeOptions(url string) Writer {
	o := Writer{Server: Defaults().Server}
	o.URL, o.FirstWait, o.Attempts = url, time.Millisecond, 3
	return o
}

// ask returns the values of a query at a time, by container.
func askAt(t *testing.T, server, query string, at time.Time) map[string]float64 {
	t.Helper()
	o := Defaults()
	o.URL = server
	c, err := newClient(&o.Server)
	if err != nil {
		t.Fatal(err)
	}
	r, err := c.query(context.Background(), query, at.Unix())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]float64{}
	for _, s := range r.series {
		out[s.Metric["container"]] = s.Value[0].v
	}
	return out
}

// TestWrite: what is written is what the server has, in several requests.
func TestWrite(t *testing.T) {
	t.Parallel()
	server := receiver(t, "--web.enable-remote-write-receiver")
	requests := 0
	to, _ := url.Parse(server)
	proxy := httputil.NewSingleHostReverseProxy(to)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests++
		if r.Header.Get("Authorization") != "signed" {
			http.Error(w, "not signed", http.StatusUnauthorized)
			return
		}
		if requests == 1 {
			w.Header().Set("Retry-After", "0")
			http.Error(w, "later", http.StatusServiceUnavailable)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	defer front.Close()
	at := time.Now().Truncate(time.Second)
	var samples []Sample
	for i := range 5000 {
		samples = append(samples, Sample{Name: "foretide_test", At: at, Value: float64(i) / 3, Labels: []Label{
			{"container", fmt.Sprintf("c%d \"é\"\n", i)}, {"empty", ""}, {"metric", "cpu"}}})
	}
	samples = append(samples, Sample{Name: "foretide_test", At: at, Value: math.NaN(), Labels: []Label{{"container", "nan"}}},
		Sample{Name: "foretide_other", At: at.Add(-time.Minute), Value: math.Inf(1)})
	o := writeOptions(front.URL + "/api/v1/write")
	o.Sign = func(_ context.Context, q *http.Request, body []byte) error {
		if len(body) == 0 {
			t.Error("nothing to sign")
		}
		q.Header.Set("Authorization", "signed")
		return nil
	}
	if err := o.Write(context.Background(), samples); err != nil {
		t.Fatal(err)
	}
	got := askAt(t, server, "foretide_test", at)
	if len(got) != 5000 || got["c4999 \"é\"\n"] != 4999./3 || got["c1 \"é\"\n"] != 1./3 || requests != 4 {
		t.Errorf("%d values by %d requests, %v", len(got), requests, got["c1 \"é\"\n"])
	}
	if got := askAt(t, server, `foretide_other`, at); !math.IsInf(got[""], 1) {
		t.Errorf("the other is %v", got)
	}
	// Another value for the same moment is not taken; what else there is is.
	other := []Sample{samples[0], {Name: "foretide_test", At: at, Value: 7, Labels: []Label{{"container", "new"}}}}
	other[0].Value = 99
	err := o.Write(context.Background(), append(other, samples[1:4999]...))
	if !errors.Is(err, ErrQuery) || !strings.Contains(err.Error(), "duplicate sample") || !strings.Contains(err.Error(), "of 5000 samples are not written") {
		t.Errorf("a second value: %v", err)
	}
	if got := askAt(t, server, "foretide_test", at)["c4999 \"é\"\n"]; got != 4999./3 {
		t.Errorf("it is %v now", got)
	}
	o.Sign = nil
	o.Token = "s3cret-token"
	if err := o.Write(context.Background(), samples[:1]); !errors.Is(err, ErrRefused) || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("without the signature: got %v, want %v without the secret", err, ErrRefused)
	}
}

// TestWriteFails: the error says what to do, and how much is not there.
func TestWriteFails(t *testing.T) {
	t.Parallel()
	closed := receiver(t)
	down, err := servers.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	samples := make([]Sample, 4500)
	for i := range samples {
		samples[i] = Sample{Name: "foretide_test", At: time.Now(), Labels: []Label{{"i", fmt.Sprint(i)}}}
	}
	for _, tt := range []struct {
		url, text string
		kind      error
	}{
		{closed + "/api/v1/write", "--web.enable-remote-write-receiver", ErrUnreachable},
		{closed, "the URL is the whole", ErrUnreachable},
		{"http://" + down + "/api/v1/write", "connection refused (tried 3 times) (4500 of 4500 samples are not written)", ErrUnreachable},
		{"prometheus:9090", "must begin with http", ErrOptions},
	} {
		w := writeOptions(tt.url)
		if err := w.Write(context.Background(), samples); !errors.Is(err, tt.kind) || !strings.Contains(err.Error(), tt.text) {
			t.Errorf("%s: %v", tt.url, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	w := writeOptions("http://" + down + "/")
	if err := w.Write(ctx, samples); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: got %v, want %v", err, context.Canceled)
	}
}

// FuzzEncode: what is encoded is read by protocol buffers' own decoder as what it
// was.
func FuzzEncode(f *testing.F) {
	f.Add("foretide_test", "container", "web", 1.5, int64(1714521600000))
	f.Add("", "", "", math.Inf(-1), int64(0))
	f.Add("n", "l", "\xff", math.NaN(), int64(1)<<60)
	f.Fuzz(func(t *testing.T, name, label, value string, v float64, at int64) {
		at &= 1<<62 - 1
		one := Sample{Name: name, Labels: []Label{{label, value}}, Value: v, At: time.UnixMilli(at)}
		body, n := encode([]Sample{one, one, one})
		if n != 3 {
			t.Fatalf("%d of 3 samples", n)
		}
		series := fields(t, body)[1]
		if want := 3; math.IsNaN(v) && len(series) != 0 || !math.IsNaN(v) && len(series) != want {
			t.Fatalf("%d series of %v", len(series), v)
		}
		for _, s := range series {
			parts := fields(t, s)
			first := fields(t, parts[1][0])
			if got := string(first[1][0]) + "=" + string(first[2][0]); got != "__name__="+strings.ToValidUTF8(name, "�") {
				t.Fatalf("the name is %q", got)
			}
			if value != "" {
				second := fields(t, parts[1][1])
				if string(second[1][0]) != label || string(second[2][0]) != strings.ToValidUTF8(value, "�") {
					t.Fatalf("the label is %q", second)
				}
			}
			sample := fields(t, parts[2][0])
			bits, _ := protowire.ConsumeFixed64(sample[1][0])
			when, _ := protowire.ConsumeVarint(sample[2][0])
			if math.Float64frombits(bits) != v || int64(when) != at {
				t.Fatalf("the sample is %v at %d", math.Float64frombits(bits), when)
			}
		}
	})
}

// fields splits a message.
func fields(t *testing.T, message []byte) map[protowire.Number][][]byte {
	t.Helper()
	out := map[protowire.Number][][]byte{}
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			t.Fatal(protowire.ParseError(n))
		}
		message = message[n:]
		if n = protowire.ConsumeFieldValue(number, kind, message); n < 0 {
			t.Fatal(protowire.ParseError(n))
		}
		value := message[:n]
		if kind == protowire.BytesType {
			value, _ = protowire.ConsumeBytes(value)
		}
		out[number] = append(out[number], value)
		message = message[n:]
	}
	return out
}
