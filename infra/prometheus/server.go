package prometheus

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Errors that a caller can act on.
var (
	// ErrOptions reports options that contradict each other or are impossible.
	ErrOptions = errors.New("prometheus: impossible options")
	// ErrNoData reports that the server answered, and has none of the metrics in
	// the range, or none of the containers.
	ErrNoData = errors.New("prometheus: no data")
	// ErrUnreachable reports that the server did not answer, or not usefully,
	// however often it was asked.
	ErrUnreachable = errors.New("prometheus: server cannot be reached")
	// ErrRefused reports that the server does not accept the credentials.
	ErrRefused = errors.New("prometheus: access refused")
	// ErrPromQL reports that the server does not understand a query.
	ErrPromQL = errors.New("prometheus: query not understood")
	// ErrQuery reports that the server gave up on a query, or that its answer is
	// too large.
	ErrQuery = errors.New("prometheus: query failed")
)

// Secret is text that is never shown: printed in any way it is "***".
type Secret string

// String returns "***", or "" where there is no secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "***"
}

// Format prints the secret as String does, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, s.String()) }

// MarshalText returns what String does.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// An optionError says which option cannot be, and what it can be.
type optionError struct{ text string }

func (e *optionError) Error() string        { return "prometheus: " + e.text }
func (e *optionError) Is(target error) bool { return target == ErrOptions }

func optionf(format string, args ...any) error {
	return &optionError{fmt.Sprintf(format, args...)}
}

// A Server says where requests go, with which credentials, and how often they are
// tried. Start from Defaults.
type Server struct {
	URL         string            // of the server, with any path that is before /api
	Headers     map[string]Secret // of every request
	Username    string            // basic authentication, with Password
	Password    Secret
	Token       Secret // bearer authentication
	CAFile      string // PEM: certificates to trust instead of the system's
	CertFile    string // PEM: the client's certificate, with KeyFile
	KeyFile     string
	InsecureTLS bool // accept any certificate of the server

	Attempts  int           // for each request, the first included
	Timeout   time.Duration // of each request
	FirstWait time.Duration // before the second attempt; doubles from one to the next
}

// FromEnv sets the server and the credentials from the environment variables
// that are not empty: PREFIX_URL, PREFIX_TOKEN, PREFIX_USERNAME,
// PREFIX_PASSWORD, PREFIX_CA_FILE, PREFIX_CERT_FILE and PREFIX_KEY_FILE. The
// prefix is "PROMETHEUS" for reading and "REMOTE_WRITE" for writing.
func (s *Server) FromEnv(prefix string, getenv func(string) string) {
	for name, field := range map[string]*string{
		"URL":       &s.URL,
		"TOKEN":     (*string)(&s.Token),
		"USERNAME":  &s.Username,
		"PASSWORD":  (*string)(&s.Password),
		"CA_FILE":   &s.CAFile,
		"CERT_FILE": &s.CertFile,
		"KEY_FILE":  &s.KeyFile,
	} {
		if v := getenv(prefix + "_" + name); v != "" {
			*field = v
		}
	}
}

// check returns an ErrOptions where the credentials contradict each other or
// cannot be sent.
func (s *Server) check() error {
	switch {
	case s.Token != "" && (s.Username != "" || s.Password != ""):
		return optionf("both a token and a user name are given; use one")
	case s.Password != "" && s.Username == "":
		return optionf("a password is given without a user name")
	case strings.Contains(s.Username, ":"):
		return optionf("the user name has a colon in it, which basic authentication cannot carry: give the password apart")
	case (s.CertFile == "") != (s.KeyFile == ""):
		return optionf("a client certificate needs both its certificate and its key file")
	case strings.ContainsAny(string(s.Token), " \t\r\n\x00"):
		return optionf("the bearer token has white space in it; it is one word")
	}
	for name, value := range s.Headers {
		if !headerName.MatchString(name) {
			return optionf("%q is not the name of a header; a header is written 'Name: value'", name)
		}
		if strings.ContainsAny(string(value), "\r\n\x00") {
			return optionf("the value of header %s has a line break in it", name)
		}
	}
	return nil
}

var headerName = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$") // RFC 9110, section 5.6.2
