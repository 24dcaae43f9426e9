package prometheus

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// maxBody is the largest answer that is read, in bytes. A range query that
// gives more is repeated over a shorter range.
const maxBody = 64 << 20

var errBodySize = errors.New("answer is larger than " + strconv.Itoa(maxBody>>20) + " MiB")

// A client asks one server, and keeps its secrets out of what it says.
type client struct {
	http    *http.Client
	base    *url.URL // of the server, without user name and password
	address string   // the same as text
	secrets []string
	retry   retrier
}

// newClient returns the client of a server.
func newClient(o *Server) (*client, error) {
	u, err := url.Parse(o.URL)
	if err != nil {
		// The error has the whole text, which may have a password in it.
		return nil, optionf("the server's URL cannot be read")
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, optionf("the server's URL must begin with http:// or https:// and a host, got %q", u.Redacted())
	}
	if u.RawQuery != "" || u.Fragment != "" {
		return nil, optionf("the server's URL must end with its path, before any ? or #: %s://%s%s", u.Scheme, u.Host, u.Path)
	}
	t := &transport{header: make(http.Header), scheme: u.Scheme, host: u.Host}
	c := &client{}
	user, password := o.Username, string(o.Password)
	if u.User != nil && user == "" && o.Token == "" {
		user = u.User.Username()
		password, _ = u.User.Password()
	}
	u.User = nil
	c.base, c.address = u, u.String()
	for name, value := range o.Headers {
		t.header.Set(name, string(value))
		if len(value) >= 4 { // "1" is no secret, and is in many a text
			c.hide(string(value))
		}
	}
	switch {
	case o.Token != "":
		t.header.Set("Authorization", "Bearer "+string(o.Token))
		c.hide(string(o.Token))
	case user != "":
		r := http.Request{Header: t.header}
		r.SetBasicAuth(user, password)
		c.hide(password)
		c.hide(strings.TrimPrefix(t.header.Get("Authorization"), "Basic "))
	}
	if t.base, err = baseTransport(o); err != nil {
		return nil, err
	}
	c.http = &http.Client{Transport: t, CheckRedirect: sameServer}
	c.retry = retrier{attempts: max(1, o.Attempts), wait: o.FirstWait, timeout: o.Timeout, notify: func(string) {}}
	return c, nil
}

// hide adds a text that redact takes out.
func (c *client) hide(secret string) {
	if secret != "" {
		c.secrets = append(c.secrets, secret)
	}
}

// redact returns s without the secrets, which a server may have put into its
// answer.
func (c *client) redact(s string) string {
	for _, secret := range c.secrets {
		s = strings.ReplaceAll(s, secret, "***")
		s = strings.ReplaceAll(s, url.QueryEscape(secret), "***")
	}
	return s
}

// baseTransport returns the HTTP transport with the server's TLS files.
func baseTransport(o *Server) (http.RoundTripper, error) {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: o.InsecureTLS}
	t.MaxResponseHeaderBytes = 1 << 20
	if o.CAFile != "" {
		pem, err := os.ReadFile(o.CAFile)
		if err != nil {
			return nil, fmt.Errorf("prometheus: reading the certificates to trust: %w", err)
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("prometheus: %s has no certificate in PEM", o.CAFile)
		}
		t.TLSClientConfig.RootCAs = pool
	}
	if o.CertFile != "" {
		cert, err := tls.LoadX509KeyPair(o.CertFile, o.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("prometheus: reading the client's certificate: %w", err)
		}
		t.TLSClientConfig.Certificates = []tls.Certificate{cert}
	}
	return t, nil
}

// sameServer refuses redirects to another server, which must not see the
// credentials.
func sameServer(r *http.Request, via []*http.Request) error {
	if len(via) >= 5 {
		return errors.New("too many redirects")
	}
	// A redirected POST comes as a GET, without the query in it.
	if r.Method != via[0].Method || r.URL.Host != via[0].URL.Host || (via[0].URL.Scheme == "https" && r.URL.Scheme != "https") {
		return &permanent{fmt.Errorf("the server redirects to %s://%s%s; give that server's URL if it is right", r.URL.Scheme, r.URL.Host, r.URL.Path)}
	}
	return nil
}

// transport adds the headers to requests to the server, bounds its answers,
// and turns an answer that asks for patience into an error.
type transport struct {
	base         http.RoundTripper
	header       http.Header
	scheme, host string
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	if r.URL.Host == t.host && (r.URL.Scheme == t.scheme || r.URL.Scheme == "https") {
		for name, values := range t.header {
			r.Header[name] = values
			if name == "Host" {
				r.Host = values[0]
			}
		}
	}
	resp, err := t.base.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	after := resp.Header.Get("Retry-After")
	if resp.StatusCode == http.StatusTooManyRequests || (resp.StatusCode == http.StatusServiceUnavailable && after != "") {
		resp.Body.Close()
		return nil, &busy{status: resp.Status, after: retryAfter(after)}
	}
	resp.Body = &boundedBody{ReadCloser: resp.Body, left: maxBody}
	return resp, nil
}

// boundedBody fails where there is more than left bytes.
type boundedBody struct {
	io.ReadCloser
	left int64
}

// Read implements io.Reader.
func (b *boundedBody) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, errBodySize
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return n, errBodySize
	}
	return n, err
}

// retryAfter reads the header's seconds or date, an hour at most; 0 where
// there is none.
func retryAfter(header string) time.Duration {
	if s, err := strconv.ParseUint(header, 10, 64); err == nil {
		return time.Duration(min(s, uint64(maxPause/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil {
		return min(max(0, time.Until(at)), maxPause)
	}
	return 0
}
