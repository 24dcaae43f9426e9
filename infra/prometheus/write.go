package prometheus

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/klauspost/compress/s2"
)

// A Sample is a value that is written to a server.
type Sample struct {
	Name   string  // of the metric
	Labels []Label // sorted by name
	Value  float64
	At     time.Time
}

// A Label of a sample.
type Label struct{ Name, Value string }

// A Writer says where samples are written to. The URL of its Server is the whole,
// as http://prometheus:9090/api/v1/write.
type Writer struct {
	Server
	// Sign is called with each request and its body before it is sent, where it is
	// set: for gateways that want requests signed.
	Sign func(ctx context.Context, q *http.Request, body []byte) error
}

// Check returns an ErrOptions if the writer is impossible, or what is wrong with
// the files that it names.
func (w *Writer) Check() error {
	if err := w.Server.check(); err != nil {
		return err
	}
	_, err := newClient(&w.Server)
	return err
}

// Limits of one request: of its samples, and of its bytes before they are
// compressed.
const (
	maxWriteSamples = 2000
	maxWriteBytes   = 1 << 20
)

// Write sends samples by Prometheus' remote write (version 0.1.0), in as few
// requests as they fit in, each tried as often as the Server says. Samples whose
// value is not a number are left out. What one request could not write does not
// keep the others back; the error says how many were not written, and why. It is
// ErrRefused, ErrUnreachable, ErrQuery where the server did not take the samples,
// or a context's.
func (w *Writer) Write(ctx context.Context, samples []Sample) error {
	c, err := newClient(&w.Server)
	if err != nil {
		return err
	}
	var failed error
	lost, all := 0, 0
	for len(samples) > 0 {
		body, n := encode(samples)
		samples = samples[n:]
		all += n
		if failed != nil && (ctx.Err() != nil || !errors.Is(failed, ErrQuery)) {
			lost += n // the server is not there, or does not let us in
			continue
		}
		packed := s2.EncodeSnappy(nil, body)
		_, err := c.ask(ctx, "remote write", func(ctx context.Context) error { return c.write(ctx, packed, w.Sign) })
		if err != nil {
			lost += n
			failed = err
		}
	}
	if failed != nil {
		return fmt.Errorf("%w (%d of %d samples are not written)", failed, lost, all)
	}
	return nil
}

// write makes one request.
func (c *client) write(ctx context.Context, body []byte, sign func(context.Context, *http.Request, []byte) error) error {
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base.String(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	q.Header.Set("Content-Type", "application/x-protobuf")
	q.Header.Set("Content-Encoding", "snappy")
	q.Header.Set("X-Prometheus-Remote-Write-Version", "0.1.0")
	q.Header.Set("User-Agent", "foretide")
	if sign != nil {
		if err := sign(ctx, q, body); err != nil {
			return &permanent{err}
		}
	}
	resp, err := c.http.Do(q)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxApology))
	switch status := resp.StatusCode; {
	case status/100 == 2:
		return nil
	case err != nil:
		return err
	case status == http.StatusBadRequest: // of the samples: too old, out of order …
		return &refusal{kind: execution, text: firstLine(string(text))}
	case status == http.StatusNotFound || status == http.StatusMethodNotAllowed:
		return &permanent{fmt.Errorf("%s; the URL is the whole, as http://prometheus:9090/api/v1/write, and Prometheus takes it with --web.enable-remote-write-receiver", resp.Status)}
	default:
		return refused(status, text)
	}
}

// encode returns the first samples, as many as one request takes, as the message
// WriteRequest of Prometheus' prompb/remote.proto: a series for each.
func encode(samples []Sample) (body []byte, n int) {
	var labels, series []byte
	for n < len(samples) && n < maxWriteSamples {
		s := &samples[n]
		if n++; math.IsNaN(s.Value) {
			continue
		}
		series = series[:0]
		labels = appendLabel(labels[:0], "__name__", s.Name)
		series = appendBytes(series, 1, labels)
		for _, l := range s.Labels {
			if l.Value == "" {
				continue // the same as no label, and not taken
			}
			labels = appendLabel(labels[:0], l.Name, l.Value)
			series = appendBytes(series, 1, labels)
		}
		labels = append(labels[:0], 1<<3|1) // value, a double
		labels = binary.LittleEndian.AppendUint64(labels, math.Float64bits(s.Value))
		labels = append(labels, 2<<3) // timestamp, a number in milliseconds
		labels = binary.AppendUvarint(labels, uint64(s.At.UnixMilli()))
		series = appendBytes(series, 2, labels)
		body = appendBytes(body, 1, series)
		if len(body) >= maxWriteBytes {
			break
		}
	}
	return body, n
}

func appendLabel(dst []byte, name, value string) []byte {
	dst = appendBytes(dst, 1, []byte(name))
	return appendBytes(dst, 2, []byte(strings.ToValidUTF8(value, "�")))
}

// appendBytes appends a field of bytes.
func appendBytes(dst []byte, field byte, value []byte) []byte {
	dst = append(dst, field<<3|2)
	dst = binary.AppendUvarint(dst, uint64(len(value)))
	return append(dst, value...)
}
