package serving

import (
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"sync"
	"time"
)

// mostConnections are open at the same time; others wait for a second.
const mostConnections = 256

// bounded accepts no more connections than there may be.
func bounded(l net.Listener) net.Listener {
	return &boundedListener{Listener: l, places: make(chan struct{}, mostConnections)}
}

type boundedListener struct {
	net.Listener
	places chan struct{}
}

// Accept implements net.Listener. It takes the connection first, so that closing
// the listener ends it.
func (l *boundedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	select {
	case l.places <- struct{}{}:
	case <-time.After(time.Second):
		c.Close() // the server finds that out
		return c, nil
	}
	return &boundedConn{Conn: c, places: l.places}, nil
}

type boundedConn struct {
	net.Conn
	places chan struct{}
	once   sync.Once
}

// Close implements net.Conn.
func (c *boundedConn) Close() error {
	c.once.Do(func() { <-c.places })
	return c.Conn.Close()
}

// TLS returns what a listener needs to serve with a certificate. The files are
// read again when they have changed, without a restart; the ones before serve on
// where they cannot be.
func TLS(certFile, keyFile string) (*tls.Config, error) {
	return tlsAt(certFile, keyFile, time.Now)
}

// tlsAt is TLS with a clock.
func tlsAt(certFile, keyFile string, now func() time.Time) (*tls.Config, error) {
	r := &renewed{cert: certFile, key: keyFile, now: now}
	if _, err := r.get(nil); err != nil {
		return nil, err
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: r.get, NextProtos: []string{"h2", "http/1.1"}}, nil
}

type renewed struct {
	cert, key string
	now       func() time.Time

	mu      sync.Mutex
	looked  time.Time
	changed time.Time
	current *tls.Certificate
}

// get implements tls.Config.GetCertificate.
func (r *renewed) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	if r.current != nil && now.Sub(r.looked) < time.Second {
		return r.current, nil
	}
	r.looked = now
	var changed time.Time
	for _, name := range []string{r.cert, r.key} {
		if info, err := os.Stat(name); err == nil && info.ModTime().After(changed) {
			changed = info.ModTime()
		}
	}
	if r.current != nil && changed.Equal(r.changed) {
		return r.current, nil
	}
	c, err := tls.LoadX509KeyPair(r.cert, r.key)
	if err == nil {
		r.current, r.changed = &c, changed
	} else if r.current == nil {
		return nil, fmt.Errorf("serving: reading the certificate %s and its key %s: %w", r.cert, r.key, err)
	}
	return r.current, nil
}
