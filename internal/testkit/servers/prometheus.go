// Package servers runs real servers for tests: Prometheus, back-filled with samples
// of their own; versitygw, an S3 server; MLflow; Docker; and moto, which answers as
// AWS does.
package servers

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/tls"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/foretide/foretide/internal/testkit"
)

// NeedPrometheus says that a test needs the server's programs.
func NeedPrometheus(t testing.TB) {
	t.Helper()
	testkit.Program(t, "prometheus", "Debian: apt-get install prometheus")
	testkit.Program(t, "promtool", "Debian: apt-get install prometheus")
}

// A Prometheus is a server with a folder of its own, on the loopback unless
// Options say otherwise.
type Prometheus struct {
	URL  string
	dir  string
	args []string
	tls  bool
	cert []tls.Certificate
	cmd  *exec.Cmd
	log  bytes.Buffer
}

// PrometheusOptions are what a server has beside its samples.
type PrometheusOptions struct {
	// WebConfig is the text of the server's web configuration: TLS and basic
	// authentication. Paths in it are absolute. "" is none.
	WebConfig string
	TLS       bool              // the web configuration has a certificate
	Client    []tls.Certificate // what it wants of its clients
	// Host is another address of this machine's to listen at; "" is 127.0.0.1.
	Host  string
	Flags []string // more of them
	// Config is the text of the server's configuration; "" scrapes nothing.
	Config string
}

// StartPrometheus runs a server with the samples that write gives as OpenMetrics text,
// without the mark of the end. The caller stops it.
func StartPrometheus(write func(io.Writer), o PrometheusOptions) (*Prometheus, error) {
	dir, err := os.MkdirTemp("", "foretide-prometheus-")
	if err != nil {
		return nil, err
	}
	s := &Prometheus{dir: dir, tls: o.TLS, cert: o.Client}
	if err := s.prepare(write, o); err != nil {
		s.Stop()
		return nil, err
	}
	if err := s.Restart(); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

// prepare writes the server's files and chooses its address.
func (s *Prometheus) prepare(write func(io.Writer), o PrometheusOptions) error {
	data := filepath.Join(s.dir, "data")
	if err := s.fill(write, data); err != nil {
		return err
	}
	settings := filepath.Join(s.dir, "prometheus.yml")
	text := cmp.Or(o.Config, "global: {scrape_interval: 15s}\n")
	if err := os.WriteFile(settings, []byte(text), 0o644); err != nil {
		return err
	}
	address, err := freeAddress(cmp.Or(o.Host, "127.0.0.1"))
	if err != nil {
		return err
	}
	s.URL = "http://" + address
	if s.tls {
		s.URL = "https://" + address
	}
	s.args = append([]string{"--config.file=" + settings, "--storage.tsdb.path=" + data,
		"--storage.tsdb.retention.time=100y", "--web.listen-address=" + address, "--log.level=warn"}, o.Flags...)
	if o.WebConfig != "" {
		web := filepath.Join(s.dir, "web.yml")
		s.args = append(s.args, "--web.config.file="+web)
		return os.WriteFile(web, []byte(o.WebConfig), 0o644)
	}
	return nil
}

// fill turns samples into the server's own blocks.
func (s *Prometheus) fill(write func(io.Writer), data string) error {
	text := filepath.Join(s.dir, "samples.txt")
	f, err := os.Create(text)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	write(w)
	fmt.Fprintln(w, "# EOF")
	if err := w.Flush(); err != nil {
		return err
	}
	out, err := exec.Command("promtool", "tsdb", "create-blocks-from", "openmetrics",
		"--max-block-duration=24h", text, data).CombinedOutput()
	if err != nil {
		return fmt.Errorf("promtool: %w\n%s", err, out)
	}
	return nil
}

// Kill ends the server at once, as a crash would. Restart starts it again.
func (s *Prometheus) Kill() {
	if s.cmd != nil {
		_ = s.cmd.Process.Kill() // it may have ended by itself
		_ = s.cmd.Wait()         // "signal: killed"
		s.cmd = nil
	}
}

// Stop ends the server and removes its folder.
func (s *Prometheus) Stop() {
	s.Kill()
	_ = os.RemoveAll(s.dir) // a folder of the tests, in the system's own
}

// Restart starts the server, at the address that it had before, and waits
// until it is ready.
func (s *Prometheus) Restart() error {
	s.cmd = exec.Command("prometheus", s.args...)
	s.cmd.Stdout, s.cmd.Stderr = &s.log, &s.log
	if err := s.cmd.Start(); err != nil {
		s.cmd = nil
		return err
	}
	// The certificate is not checked, only to see that the server is there.
	unchecked := &tls.Config{InsecureSkipVerify: true, Certificates: s.cert}
	if err := ready(s.URL+"/-/ready", unchecked, http.StatusOK, http.StatusUnauthorized); err != nil {
		s.Kill() // the log may be read only then
		return fmt.Errorf("prometheus is %w\n%s", err, s.log.String())
	}
	return nil
}

// ready waits until a server answers a GET with one of the codes.
func ready(url string, config *tls.Config, codes ...int) error {
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: config}}
	var last error
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		resp, err := client.Get(url)
		if last = err; err != nil {
			continue
		}
		resp.Body.Close()
		if slices.Contains(codes, resp.StatusCode) {
			return nil
		}
	}
	return fmt.Errorf("not ready after a minute: %v", last)
}

// FreeAddress returns an address of the loopback that nobody listens on.
func FreeAddress() (string, error) { return freeAddress("127.0.0.1") }

func freeAddress(host string) (string, error) {
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// Sample writes one sample of a series as OpenMetrics text; at is in Unix
// seconds.
func Sample(w io.Writer, series string, v float64, at int64) {
	text := strconv.FormatFloat(v, 'g', -1, 64)
	if math.IsInf(v, 1) {
		text = "+Inf"
	}
	fmt.Fprintf(w, "%s %s %d\n", series, text, at)
}
