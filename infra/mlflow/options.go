// Package mlflow sends runs to a tracking server of MLflow, through its REST
// interface: experiments, runs with their parameters, metrics, tags and data
// sets, artifacts through the server's proxy, and versions of registered models.
//
// What is sent lies as files first (internal/runs). Beside a run a hidden file says
// how much of it a server has, so that sending goes on where it ended, whatever
// ended it, and sends nothing twice.
package mlflow

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// ErrOptions reports options that contradict each other or name no server.
var ErrOptions = errors.New("mlflow: impossible options")

// A Secret is never printed.
type Secret string

// String and GoString hide it.
func (Secret) String() string   { return "***" }
func (Secret) GoString() string { return "***" }

// Options say which server, and how it is asked.
type Options struct {
	URL      string // http or https, with the path that the server lies under
	Username string
	Password Secret
	Token    Secret        // for bearer authentication; a name and password win over it
	Insecure bool          // any certificate will do
	CAFile   string        // certificates to trust (PEM)
	Timeout  time.Duration // of a request, 0 for 20 s; files have longer, by their size
	Attempts int           // of a request that may do better another time; 0 is 1
}

// Target is what MLFLOW_TRACKING_URI names.
type Target struct {
	Server *Options // nil unless it is a server
	Folder string   // of a file store; "" unless it is one
}

// FromEnv reads the variables that MLflow's own clients read: MLFLOW_TRACKING_URI,
// _USERNAME, _PASSWORD, _TOKEN, _INSECURE_TLS, _SERVER_CERT_PATH, and
// MLFLOW_HTTP_REQUEST_TIMEOUT in seconds. The error is ErrOptions.
func FromEnv(getenv func(string) string) (Target, error) {
	uri := strings.TrimSpace(getenv("MLFLOW_TRACKING_URI"))
	scheme, _, found := strings.Cut(uri, ":")
	if len(scheme) == 1 { // C:\…
		found = false
	}
	switch {
	case uri == "":
		return Target{}, nil
	case !found:
		return Target{Folder: uri}, nil
	case scheme == "file":
		u, err := url.Parse(uri)
		if err != nil || u.Host != "" && u.Host != "localhost" || u.Path == "" && u.Opaque == "" {
			return Target{}, fmt.Errorf("%w: MLFLOW_TRACKING_URI is %q, which names no folder; write file:///path", ErrOptions, uri)
		}
		if u.Opaque != "" {
			return Target{Folder: u.Opaque}, nil
		}
		return Target{Folder: u.Path}, nil
	case scheme != "http" && scheme != "https":
		return Target{}, fmt.Errorf("%w: MLFLOW_TRACKING_URI begins with %q; it can be http, https, file or a folder", ErrOptions, scheme+":")
	}
	o := Options{
		URL: uri, Username: getenv("MLFLOW_TRACKING_USERNAME"), Password: Secret(getenv("MLFLOW_TRACKING_PASSWORD")),
		Token: Secret(getenv("MLFLOW_TRACKING_TOKEN")), CAFile: getenv("MLFLOW_TRACKING_SERVER_CERT_PATH"),
	}
	if v := getenv("MLFLOW_TRACKING_INSECURE_TLS"); v != "" {
		var err error
		if o.Insecure, err = strconv.ParseBool(strings.ToLower(v)); err != nil {
			return Target{}, fmt.Errorf("%w: MLFLOW_TRACKING_INSECURE_TLS is %q; it is true or false", ErrOptions, v)
		}
	}
	if v := getenv("MLFLOW_HTTP_REQUEST_TIMEOUT"); v != "" {
		s, err := strconv.ParseFloat(v, 64)
		if err != nil || !(s > 0 && s < 1e6) {
			return Target{}, fmt.Errorf("%w: MLFLOW_HTTP_REQUEST_TIMEOUT is %q; it is a number of seconds", ErrOptions, v)
		}
		o.Timeout = time.Duration(s * float64(time.Second))
	}
	return Target{Server: &o}, nil
}

// New returns a client of a server; nothing is asked yet. The error is ErrOptions,
// or that of a file.
func New(o Options) (*Client, error) {
	u, err := url.Parse(o.URL)
	switch {
	case err != nil: // its text would have the password
		return nil, fmt.Errorf("%w: the server's URL cannot be read", ErrOptions)
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return nil, fmt.Errorf("%w: the server's URL must begin with http:// or https:// and a host", ErrOptions)
	case u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("%w: the server's URL must end with its path, before any ? or #", ErrOptions)
	}
	c := &Client{timeout: o.Timeout, attempts: max(o.Attempts, 1), wait: time.Second}
	if c.timeout == 0 {
		c.timeout = 20 * time.Second
	}
	user, password := o.Username, string(o.Password)
	if u.User != nil && user == "" {
		user = u.User.Username()
		password, _ = u.User.Password()
	}
	u.User = nil
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), ""
	c.base = u
	switch {
	case user != "":
		r := http.Request{Header: http.Header{}}
		r.SetBasicAuth(user, password)
		c.auth = r.Header.Get("Authorization")
	case o.Token != "":
		c.auth = "Bearer " + string(o.Token)
	}
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: o.Insecure}
	t.MaxResponseHeaderBytes = 1 << 20
	if o.CAFile != "" {
		pem, err := os.ReadFile(o.CAFile)
		if err != nil {
			return nil, fmt.Errorf("mlflow: reading the certificates to trust: %w", err)
		}
		t.TLSClientConfig.RootCAs = x509.NewCertPool()
		if !t.TLSClientConfig.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%w: %s has no certificate in PEM", ErrOptions, o.CAFile)
		}
	}
	// A redirect could hand the credentials to another server.
	c.http = &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return c, nil
}
