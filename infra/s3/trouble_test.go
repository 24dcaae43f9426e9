package s3_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/foretide/foretide/infra/s3"
	"github.com/foretide/foretide/internal/testkit/servers"
	"github.com/foretide/foretide/loader/store"
)

const web = "cpu/web.ckpt"

// noise is bytes that no compression shortens.
func noise(n int) []byte {
	b := make([]byte, n)
	r := rand.New(rand.NewPCG(1, uint64(n)))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// wait holds a request until its client gives up.
func wait(r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // a server hears of the end of a connection only then
	select {
	case <-r.Context().Done():
	case <-time.After(10 * time.Second):
	}
}

// TestPassingTrouble: what passes is tried again, and nobody notices.
func TestPassingTrouble(t *testing.T) {
	p := newProxy(t, versioned(t, "bkt"))
	ctx := context.Background()
	s := open(t, "s3://bkt/x?timeout=2s")
	slow := func(_ *proxy, _ http.ResponseWriter, r *http.Request) bool { wait(r); return true }
	busy := answer(http.StatusServiceUnavailable, "SlowDown", "Please reduce your request rate.")
	broken := answer(http.StatusInternalServerError, "InternalError", "We encountered an internal error. Please try again.")
	if err := s.Put(ctx, web, []byte("before")); err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]fault{
		"busy reads": times(2, "GET", "", busy), "busy writes": times(2, "PUT", "", busy),
		"failing writes": times(2, "PUT", "", broken),
		"slow reads":     times(1, "GET", "", slow), "slow writes": times(1, "PUT", "", slow),
		"cut reads": times(2, "GET", "", cut), "cut writes": times(2, "PUT", "", cut),
		"cut uploads":     times(2, "PUT", web, cutUpload),
		"cut answers":     times(2, "GET", web, half(func(*http.Request) {})),
		"stalled answers": times(1, "GET", web, half(wait)),
		"a lost answer":   times(1, "PUT", web, loseAnswer),
	} {
		t.Run(name, func(t *testing.T) {
			p.set(f)
			defer p.set(nil)
			before, err := s.Versions(ctx, web)
			if err != nil {
				t.Fatal(err)
			}
			last := append(noise(1<<17), name...)
			if err := s.Put(ctx, web, last); err != nil {
				t.Fatal(err)
			}
			if b, _, err := s.Get(ctx, web, 0); err != nil || !bytes.Equal(b, last) {
				t.Error(len(b), err)
			}
			after, err := s.Versions(ctx, web)
			if p.spoiled.Load() == 0 {
				t.Error("nothing was spoiled")
			}
			// A write whose answer was lost is made again, and is another version.
			if n := len(after) - len(before); err != nil || n != 1 && !(n == 2 && name == "a lost answer") {
				t.Errorf("%d new versions: %v", n, err)
			}
		})
	}
}

// TestLastingTrouble: what does not pass is an error that says what to do; what
// was stored stays and serves when it is over.
func TestLastingTrouble(t *testing.T) {
	server := servers.NewS3(t, "bkt")
	p := newProxy(t, server)
	ctx := context.Background()
	s := open(t, "s3://bkt/x?timeout=1s&attempts=2")
	old := []byte("old")
	if err := s.Put(ctx, web, old); err != nil {
		t.Fatal(err)
	}
	always := func(f fault) fault { return f }
	for name, c := range map[string]struct {
		fault fault
		want  error
		text  string
	}{
		"busy":      {answer(503, "SlowDown", "Please reduce your request rate."), s3.ErrUnavailable, "(503 SlowDown: Please reduce your request rate.); what was stored is as it was; try again when the server is well (2 attempts were made)"},
		"slow":      {func(_ *proxy, _ http.ResponseWriter, r *http.Request) bool { wait(r); return true }, s3.ErrUnavailable, "timeout awaiting response headers"},
		"cut":       {cut, s3.ErrUnavailable, "EOF"},
		"expired":   {answer(400, "ExpiredToken", "The provided token has expired."), s3.ErrDenied, "the credentials have expired; get new ones (aws sso login"},
		"forbidden": {answer(403, "AccessDenied", "Access Denied"), s3.ErrDenied, "give these credentials s3:GetObject, s3:PutObject"},
		"clock":     {answer(403, "RequestTimeTooSkewed", "The difference is too large."), s3.ErrDenied, "this machine's clock is wrong; set it"},
		"region":    {answer(301, "PermanentRedirect", "Use another endpoint."), s3.ErrDenied, "another region; set AWS_REGION"},
		"KMS key":   {answer(400, "KMS.DisabledException", "key is disabled"), s3.ErrDenied, "enable the bucket's KMS key"},
		"quota":     {answer(507, "XMinioStorageFull", "Storage backend has reached its minimum free drive threshold."), s3.ErrUnavailable, "no room left"},
	} {
		t.Run(name, func(t *testing.T) {
			p.set(always(c.fault))
			_, _, read := s.Get(ctx, web, 0)
			write := s.Put(ctx, web, []byte("new"))
			_, list := store.All(ctx, s, "")
			p.set(nil)
			var e *store.Error
			for _, err := range []error{read, write, list} {
				if !errors.Is(err, c.want) || !strings.Contains(fmt.Sprint(err), c.text) || !strings.Contains(fmt.Sprint(err), "s3://bkt/x/") || !errors.As(err, &e) {
					t.Errorf("%v, want %v with %q", err, c.want, c.text)
				}
			}
			if b, _, err := s.Get(ctx, web, 0); err != nil || !bytes.Equal(b, old) {
				t.Errorf("%q serves: %v", b, err)
			}
		})
	}
	t.Run("down", func(t *testing.T) {
		t.Setenv("AWS_ENDPOINT_URL_S3", server.URL)
		s := open(t, "s3://bkt/x?attempts=2")
		server.Kill()
		if err := s.Put(ctx, web, []byte("new")); !errors.Is(err, s3.ErrUnavailable) || !strings.Contains(err.Error(), "connection refused") {
			t.Error(err)
		}
		if err := server.Restart(); err != nil {
			t.Fatal(err)
		}
		if b, _, err := s.Get(ctx, web, 0); err != nil || !bytes.Equal(b, old) {
			t.Errorf("%q serves: %v", b, err)
		}
	})
	t.Run("given up", func(t *testing.T) {
		p.set(func(_ *proxy, _ http.ResponseWriter, r *http.Request) bool { wait(r); return true })
		defer p.set(nil)
		ctx, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		defer cancel()
		if err := open(t, "s3://bkt/x").Put(ctx, web, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

// TestRefusals: what the real server says of credentials and buckets.
func TestRefusals(t *testing.T) {
	servers.NewS3(t, "bkt")
	ctx := context.Background()
	put := func(address string) error { return open(t, address).Put(ctx, web, []byte("x")) }
	if err := put("s3://none/x"); !errors.Is(err, s3.ErrNoBucket) || !strings.Contains(err.Error(), "aws s3 mb s3://none") {
		t.Error(err)
	}
	t.Setenv("AWS_SECRET_ACCESS_KEY", "wrong")
	if err := put("s3://bkt"); !errors.Is(err, s3.ErrDenied) || !strings.Contains(err.Error(), "AWS_SECRET_ACCESS_KEY does not belong") {
		t.Error(err)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "nobody")
	if err := put("s3://bkt"); !errors.Is(err, s3.ErrDenied) || !strings.Contains(err.Error(), "does not know AWS_ACCESS_KEY_ID") {
		t.Error(err)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	if err := put("s3://bkt"); !errors.Is(err, s3.ErrDenied) || !strings.Contains(err.Error(), "set AWS_ACCESS_KEY_ID") {
		t.Error(err)
	}
}
