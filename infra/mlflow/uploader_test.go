package mlflow

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/foretide/foretide/internal/runs"
)

// TestUploader: a run that the server refuses stops no other, and a server that
// does not answer keeps nobody waiting. (What real servers take and say is tested
// with the command line.)
func TestUploader(t *testing.T) {
	var ended atomic.Int64
	hang := make(chan struct{})
	var hanging atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		if hanging.Load() {
			select {
			case <-hang:
			case <-r.Context().Done():
			}
			return
		}
		answer := `{}`
		switch r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:] {
		case "get-by-name":
			answer = `{"experiment": {"experiment_id": "1"}}`
		case "create":
			if strings.Contains(string(body), "bad name") {
				w.WriteHeader(http.StatusBadRequest)
				answer = `{"error_code": "INVALID_PARAMETER_VALUE", "message": "no such name"}`
				break
			}
			answer = `{"run": {"info": {"run_id": "there", "artifact_uri": "mlflow-artifacts:/1/there/artifacts"}}}`
		case "update":
			ended.Add(1)
		}
		_, _ = io.WriteString(w, answer) // the client may have gone
	}))
	defer server.Close()
	defer close(hang)
	client, err := New(Options{URL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	dir := runs.Dir(t.TempDir())
	put := func(name string) string {
		r := runs.New("e", name)
		r.Status, r.End = runs.Finished, r.Start.Add(time.Second)
		if err := dir.Put(r); err != nil {
			t.Fatal(err)
		}
		return r.ID
	}
	u := NewUploader(client, dir, func(text string) { t.Error(text) })
	for _, name := range []string{"bad name", "one", "two", "three"} {
		u.Changed(put(name))
	}
	left, err := u.Close(time.Minute)
	if left != 1 || !Refused(err) || !strings.Contains(err.Error(), "no such name") || ended.Load() != 3 {
		t.Errorf("%d left, %d sent: %v", left, ended.Load(), err)
	}

	hanging.Store(true)
	u = NewUploader(client, dir, func(text string) { t.Error(text) })
	u.Changed(put("four"))
	start := time.Now()
	left, err = u.Close(100 * time.Millisecond)
	if d := time.Since(start); left != 1 || err == nil || d > 10*time.Second {
		t.Errorf("%d left after %v: %v", left, d, err)
	}
}
