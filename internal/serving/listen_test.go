package serving

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/foretide/foretide/infra/prometheus"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/store"
)

// certify writes a certificate with a number, and its key.
func certify(t *testing.T, cert, key string, number int64) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(number), Subject: pkix.Name{CommonName: "foretide"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTLS: the server serves with its certificate, takes a new one without a
// restart, keeps the old one while the files are damaged, and says that it has no
// forecasts where Prometheus cannot be reached.
func TestTLS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert"), filepath.Join(dir, "key")
	if _, err := TLS(cert, key); err == nil {
		t.Error("files that are not there are no error")
	}
	certify(t, cert, key, 1)
	var later atomic.Int64 // than now
	config, err := tlsAt(cert, key, func() time.Time { return time.Now().Add(time.Duration(later.Load())) })
	if err != nil {
		t.Fatal(err)
	}
	p, err := loader.New(context.Background(), store.Folder{Path: dir})
	if err != nil {
		t.Fatal(err)
	}
	o := prometheus.Defaults()
	o.URL, o.Attempts, o.Step = "http://127.0.0.1:1", 1, time.Minute
	s := New(Config{Source: o, Predictor: p, Every: time.Minute, Window: time.Hour, Forget: time.Hour, Judged: time.Hour, MaxSeries: 10,
		TLS: config, Log: slog.New(slog.DiscardHandler), Now: time.Now})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx, l) }()
	number := func() int64 {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, ForceAttemptHTTP2: true,
			TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} // the certificate is looked at here
		r, err := client.Get("https://" + l.Addr().String() + "/healthz")
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		body, _ := io.ReadAll(r.Body)
		if r.StatusCode != http.StatusServiceUnavailable || r.ProtoMajor != 2 {
			t.Errorf("%s %s %s", r.Proto, r.Status, body)
		}
		return r.TLS.PeerCertificates[0].SerialNumber.Int64()
	}
	if n := number(); n != 1 {
		t.Errorf("certificate %d, want 1", n)
	}
	if err := os.WriteFile(key, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	later.Store(int64(2 * time.Second)) // the files are looked at once a second
	if n := number(); n != 1 {
		t.Errorf("while the key is damaged: certificate %d, want 1", n)
	}
	certify(t, cert, key, 2)
	later.Store(int64(4 * time.Second))
	if n := number(); n != 2 {
		t.Errorf("certificate %d, want 2", n)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestBounded: no more connections are served than there may be, and one that
// ends makes room.
func TestBounded(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	b := &boundedListener{Listener: l, places: make(chan struct{}, 1)}
	accept := func() net.Conn {
		if _, err := net.Dial("tcp", l.Addr().String()); err != nil {
			t.Fatal(err)
		}
		c, err := b.Accept()
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	first := accept()
	if _, err := accept().Write([]byte("x")); err == nil {
		t.Error("a second connection is served")
	}
	first.Close()
	first.Close() // makes room once
	if _, err := accept().Write([]byte("x")); err != nil {
		t.Errorf("after the first has ended: %v", err)
	}
	if _, err := accept().Write([]byte("x")); err == nil {
		t.Error("there is room twice")
	}
}
