package prometheus

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/foretide/foretide/internal/testkit/servers"
)

// A place holds the certificates of a test, as files.
type place struct {
	t   *testing.T
	dir string
	ca  *x509.Certificate
	key *ecdsa.PrivateKey
}

func (p *place) path(name string) string { return filepath.Join(p.dir, name) }

// issue writes NAME.pem and NAME.key, signed by the authority; the first is
// the authority itself.
func (p *place) issue(name string, use x509.ExtKeyUsage) {
	p.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		p.t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{use},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	signer, by := c, key
	if p.ca == nil {
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage, c.ExtKeyUsage = true, true, x509.KeyUsageCertSign, nil
		p.ca, p.key = c, key
	} else {
		signer, by = p.ca, p.key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, signer, &key.PublicKey, by)
	if err != nil {
		p.t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		p.t.Fatal(err)
	}
	err = errors.Join(
		os.WriteFile(p.path(name+".pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644),
		os.WriteFile(p.path(name+".key"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600))
	if err != nil {
		p.t.Fatal(err)
	}
}

// The password that the guarded server knows, by its bcrypt hash:
//
//	python3 -c "import crypt; print(crypt.crypt('open sesame', '$2b$04$abcdefghijklmnopqrstuu'))"
const (
	password     = "open sesame"
	passwordHash = "$2b$04$abcdefghijklmnopqrstuu/LVz6MZlItEy42I2juLihZ66HnQx/cy"
)

// guarded runs a server with TLS, which wants a certificate and a password of
// its clients and gives few samples at once, and returns options that it
// accepts.
func guarded(t *testing.T) (request, *place) {
	t.Helper()
	servers.NeedPrometheus(t)
	p := &place{t: t, dir: t.TempDir()}
	p.issue("ca", 0)
	p.issue("server", x509.ExtKeyUsageServerAuth)
	p.issue("client", x509.ExtKeyUsageClientAuth)
	cert, err := tls.LoadX509KeyPair(p.path("client.pem"), p.path("client.key"))
	if err != nil {
		t.Fatal(err)
	}
	web := fmt.Sprintf("tls_server_config:\n  cert_file: %q\n  key_file: %q\n  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: %q\n"+
		"basic_auth_users:\n  ali: %q\n", p.path("server.pem"), p.path("server.key"), p.path("ca.pem"), passwordHash)
	s, err := servers.StartPrometheus(docker, servers.PrometheusOptions{WebConfig: web, TLS: true, Client: []tls.Certificate{cert},
		Flags: []string{"--query.max-samples=120"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	o := options(t, s.URL, began, began+900)
	o.Username, o.Password = "ali", password
	o.CAFile, o.CertFile, o.KeyFile = p.path("ca.pem"), p.path("client.pem"), p.path("client.key")
	return o, p
}

// TestGuarded: TLS with certificates on both sides, basic authentication, and a
// server whose limit on samples makes pages smaller.
func TestGuarded(t *testing.T) {
	t.Parallel()
	o, p := guarded(t)
	o.Match = `instance=~"h."`
	want := direct(t, o)
	export(t, o)
	if got := readText(t, o.Path); got != want {
		t.Errorf("got %d bytes of rows, want the %d that a server without a guard gives", len(got), len(want))
	}
	inURL := o
	inURL.URL = strings.Replace(o.URL, "https://", "https://ali:open%20sesame@", 1)
	inURL.Username, inURL.Password = "", ""
	export(t, inURL)
	p.ca = nil
	p.issue("other", 0)
	for _, tt := range []struct {
		name   string
		change func(*request)
		kind   error
		text   string
	}{
		{"wrong password", func(o *request) { o.Password = "open barley" }, ErrRefused, "401"},
		{"no password", func(o *request) { o.Username, o.Password = "", "" }, ErrRefused, "Unauthorized"},
		{"system's authorities", func(o *request) { o.CAFile = "" }, ErrUnreachable, "certificate signed by unknown authority"},
		{"other authority", func(o *request) { o.CAFile = p.path("other.pem") }, ErrUnreachable, "certificate signed by unknown authority"},
		{"no certificate", func(o *request) { o.CertFile, o.KeyFile = "", "" }, ErrUnreachable, "remote error: tls:"},
		{"http", func(o *request) { o.URL = strings.Replace(o.URL, "https", "http", 1) }, ErrUnreachable, "Client sent an HTTP request to an HTTPS server"},
		{"other name", func(o *request) { o.URL = strings.Replace(o.URL, "127.0.0.1", "localhost", 1) }, ErrUnreachable, "wanted to match localhost"},
	} {
		bad := o
		tt.change(&bad)
		_, err := read(bad)
		// The server may hang up before its alert is read.
		hungUp := tt.name == "no certificate" && strings.Contains(err.Error(), "could not be established")
		if !errors.Is(err, tt.kind) || !strings.Contains(err.Error(), tt.text) && !hungUp ||
			strings.Contains(err.Error(), "tried") && tt.name != "no certificate" {
			t.Errorf("%s: got %v, want %v at once, with %q", tt.name, err, tt.kind, tt.text)
		} else if strings.Contains(err.Error(), string(bad.Password)) && bad.Password != "" {
			t.Errorf("%s: the password is in %v", tt.name, err)
		}
	}
	o.CAFile, o.InsecureTLS = "", true
	export(t, o)
	for _, file := range []*string{&o.CAFile, &o.CertFile} {
		*file = p.path("client.key")
		if _, err := read(o); err == nil || !strings.Contains(err.Error(), "prometheus: ") {
			t.Errorf("a key in place of a certificate: %v", err)
		}
	}
}

// TestBearer: a gateway wants a token and a header, and repeats them in what it
// says; nothing shows them.
func TestBearer(t *testing.T) {
	t.Parallel()
	o := options(t, "", began, began+600)
	want := direct(t, o)
	const token, tenant = "tok+en/123==", "ten ant?7"
	o.URL = front(t, func(w http.ResponseWriter, r *http.Request) bool {
		switch {
		case r.Header.Get("Authorization") != "Bearer "+token:
			http.Error(w, "who is "+r.Header.Get("Authorization")+" of "+r.Header.Get("X-Scope-OrgID"), http.StatusUnauthorized)
		case r.Header.Get("X-Scope-OrgID") != tenant:
			http.Error(w, "tenant "+r.Header.Get("X-Scope-OrgID")+" of "+token+"?", http.StatusForbidden)
		default:
			return false
		}
		return true
	})
	o.Token, o.Headers = token, map[string]Secret{"x-scope-orgid": tenant}
	export(t, o)
	if got := readText(t, o.Path); got != want {
		t.Errorf("got %d bytes of rows, want the %d that the server gives without a gateway", len(got), len(want))
	}
	for _, tt := range []struct{ token, tenant Secret }{{"wrong-token", tenant}, {token, "wrong-tenant"}, {"", "wrong-tenant"}} {
		o.Token, o.Headers = tt.token, map[string]Secret{"x-scope-orgid": tt.tenant}
		_, err := read(o)
		if !errors.Is(err, ErrRefused) {
			t.Errorf("got %v, want %v", err, ErrRefused)
			continue
		}
		for _, secret := range []string{token, tenant, "wrong-token", "wrong-tenant"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%q is shown: %v", secret, err)
			}
		}
	}
}

// TestSecretsAreNotPrinted: however options are printed.
func TestSecretsAreNotPrinted(t *testing.T) {
	t.Parallel()
	o := Defaults()
	o.Password, o.Token, o.Headers = "p4ss", "t0k3n", map[string]Secret{"A": "h34der"}
	o.Progress = nil
	text := fmt.Sprintf("%v %+v %#v %s %q %x", o, o, o, o.Password, o.Token, o.Token)
	b, err := json.Marshal(map[string]any{"p": o.Password, "h": o.Headers})
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"p4ss", "t0k3n", "h34der", "74306b336e"} {
		if strings.Contains(text+string(b), secret) {
			t.Errorf("%s is in %s %s", secret, text, b)
		}
	}
}

// TestOptions: what cannot be is said before anything is asked, without a
// secret.
func TestOptions(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text   string
		change func(*request)
	}{
		{"must begin with http:// or https:// and a host, got", func(o *request) { o.URL = "localhost:9090" }},
		{"cannot be read", func(o *request) { o.URL = "http://me:s3cret@[::1" }},
		{"must end with its path", func(o *request) { o.URL = "http://me:s3cret@h/?token=s3cret" }},
		{"step must be whole seconds, got 1.5s", func(o *request) { o.Step = 1500 * time.Millisecond }},
		{"no step of 1h0m0s lies from", func(o *request) { o.Step, o.Start, o.End = time.Hour, time.Unix(60, 0), time.Unix(120, 0) }},
		{`no preset "docker"; there are cadvisor, node-exporter, none`, func(o *request) { o.Preset = "docker" }},
		{`rows cannot be by "host"`, func(o *request) { o.By = "host" }},
		{"both a token and a user name", func(o *request) { o.Token, o.Username, o.Password = "s3cret", "u", "s3cret" }},
		{"a password is given without a user name", func(o *request) { o.Password = "s3cret" }},
		{"the user name has a colon", func(o *request) { o.Username = "u:s3cret" }},
		{"needs both its certificate and its key", func(o *request) { o.CertFile = "c.pem" }},
		{"the bearer token has white space", func(o *request) { o.Token = "s3cret\nmore" }},
		{`"X Y" is not the name of a header`, func(o *request) { o.Headers = map[string]Secret{"X Y": "s3cret"} }},
		{"the value of header X has a line break", func(o *request) { o.Headers = map[string]Secret{"X": "s3cret\r\nY: 1"} }},
		{`"rate(x{a" cannot be a column`, func(o *request) { o.Queries = []Query{{`rate(x{a`, `"b"}[5m])`}} }},
		{"the query of cpu is empty", func(o *request) { o.Queries = []Query{{"cpu", " "}} }},
		{"two queries for cpu", func(o *request) { o.Queries = []Query{{"cpu", "a"}, {"cpu", "b"}} }},
		{`no query gives the metric "requests"; there are cpu`, func(o *request) { o.Metrics = []string{"requests"} }},
		{"nothing to ask for", func(o *request) { o.Preset = NoPreset }},
	} {
		o := options(t, "http://localhost:9090", began, began+600)
		tt.change(&o)
		_, err := read(o)
		if !errors.Is(err, ErrOptions) || !strings.Contains(err.Error(), tt.text) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("got %v, want %s", err, tt.text)
		}
	}
}
