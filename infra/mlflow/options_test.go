package mlflow

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestFromEnv: what MLflow's clients understand, and what is no server of ours.
func TestFromEnv(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		uri, folder, server string
		bad                 bool
	}{
		{"", "", "", false},
		{"https://host/path/", "", "https://host/path/", false},
		{"file:///var/runs", "/var/runs", "", false},
		{"file:runs", "runs", "", false},
		{"./mlruns", "./mlruns", "", false},
		{`C:\runs`, `C:\runs`, "", false},
		{"file://host/runs", "", "", true},
		{"sqlite:///runs.db", "", "", true},
		{"databricks://x", "", "", true},
	} {
		got, err := FromEnv(func(name string) string { return map[string]string{"MLFLOW_TRACKING_URI": c.uri}[name] })
		server := ""
		if got.Server != nil {
			server = got.Server.URL
		}
		if got.Folder != c.folder || server != c.server || errors.Is(err, ErrOptions) != c.bad {
			t.Errorf("%q: %+v, %v", c.uri, got, err)
		}
	}
	for name, value := range map[string]string{"MLFLOW_TRACKING_INSECURE_TLS": "perhaps", "MLFLOW_HTTP_REQUEST_TIMEOUT": "-1"} {
		_, err := FromEnv(func(n string) string {
			return map[string]string{"MLFLOW_TRACKING_URI": "http://h", name: value}[n]
		})
		if !errors.Is(err, ErrOptions) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSecrets: credentials are sent as they should be, to no other server, and are
// in no text.
func TestSecrets(t *testing.T) {
	t.Parallel()
	var got, redirected string
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { redirected = r.Header.Get("Authorization") }))
	defer other.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Get("Authorization")
		http.Redirect(w, r, other.URL+"/login?token=x", http.StatusFound)
	}))
	defer server.Close()
	withUser := strings.Replace(server.URL, "http://", "http://me:hush@", 1)
	for _, c := range []struct {
		o    Options
		want string
	}{
		{Options{URL: server.URL, Token: "hush"}, "Bearer hush"},
		{Options{URL: server.URL, Username: "me", Password: "hush", Token: "other"}, "Basic bWU6aHVzaA=="},
		{Options{URL: withUser}, "Basic bWU6aHVzaA=="},
		{Options{URL: server.URL}, ""},
	} {
		client, err := New(c.o)
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.experiment(context.Background(), "e")
		text := fmt.Sprintf("%v %+v %#v %s", err, c.o.Password, c.o.Token, client.Server())
		if got != c.want || err == nil || strings.Contains(text, "hush") || !strings.Contains(text, other.URL) {
			t.Errorf("sent %q, want %q; %s", got, c.want, text)
		}
	}
	if redirected != "" {
		t.Errorf("another server got %q", redirected)
	}
	for _, url := range []string{"", "host", "ftp://h", "http://", "http://h?x", "http://u:hush@h:port"} {
		if _, err := New(Options{URL: url}); !errors.Is(err, ErrOptions) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%q: %v", url, err)
		}
	}
	if _, err := New(Options{URL: "http://h", CAFile: "no-such-file"}); err == nil {
		t.Error("certificates that are not there")
	}
}

// TestBounds: a server that answers without end, or refuses at length, costs
// neither memory nor time.
func TestBounds(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "get-by-name") {
			w.WriteHeader(http.StatusBadRequest)
		}
		for range 200 {
			if _, err := w.Write(make([]byte, 1<<16)); err != nil {
				return
			}
		}
	}))
	defer server.Close()
	client, err := New(Options{URL: server.URL, Timeout: 20 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.experiment(context.Background(), "e"); err == nil || len(err.Error()) > 1000 {
		t.Errorf("a long refusal: %.200v", err)
	}
	if _, err := client.do(context.Background(), http.MethodGet, client.base, "version", nil, 0, "text/plain", client.timeout); err == nil || !strings.Contains(err.Error(), "larger than 8 MiB") {
		t.Errorf("a long answer: %.200v", err)
	}
}

// FuzzState: whatever stands beside a run, it can be sent again.
func FuzzState(f *testing.F) {
	f.Add([]byte(`{"server":"http://h","run":"a","points":{"m":3},"files":null}`))
	f.Add([]byte(`{`))
	f.Add([]byte(`{"server":"http://h","points":{"m":-3}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		client, err := New(Options{URL: "http://h"})
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		if err := os.WriteFile(client.stateName(dir), b, 0o644); err != nil {
			t.Fatal(err)
		}
		st := client.load(dir)
		if st.Server != "http://h" || st.Params == nil || st.Tags == nil || st.Points == nil || st.Files == nil {
			t.Errorf("%+v of %s", st, filepath.Base(client.stateName(dir)))
		}
		for name, n := range st.Points {
			if n < 0 {
				t.Errorf("%d points of %s", n, name)
			}
		}
	})
}
