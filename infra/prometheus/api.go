package prometheus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/goccy/go-json"
)

// A refusal is what a server says in place of an answer.
type refusal struct {
	kind   string // the server's own word, or one of those below
	text   string
	detail string // what else it said, where the text is ours
}

// Kinds of refusals. The last three are ours, of answers without a kind.
const (
	badData     = "bad_data"
	execution   = "execution"
	timeout     = "timeout"
	clientError = "client_error"
	serverError = "server_error"
	badResponse = "bad_response"
)

// Error returns the kind and what was said.
func (r *refusal) Error() string { return r.kind + ": " + r.text }

// queryRange asks for a query's values from one time stamp to another, both
// included, every step seconds.
func (c *client) queryRange(ctx context.Context, query string, from, to, step int64) (*result, error) {
	r := &result{}
	return r, c.call(ctx, "query_range", url.Values{"query": {query}, "start": {seconds(from)}, "end": {seconds(to)}, "step": {seconds(step)}}, r.read)
}

// query asks for a query's values at one time.
func (c *client) query(ctx context.Context, query string, at int64) (*result, error) {
	r := &result{}
	return r, c.call(ctx, "query", url.Values{"query": {query}, "time": {seconds(at)}}, r.read)
}

// series asks for the labels of the series that there are in a range.
func (c *client) series(ctx context.Context, match string, from, to int64) (sets []labels, err error) {
	return sets, c.call(ctx, "series", url.Values{"match[]": {match}, "start": {seconds(from)}, "end": {seconds(to)}},
		func(d *json.Decoder) error {
			sets = nil // of an attempt that ended in the middle
			_, err := envelope(d, func(d *json.Decoder) error { return d.Decode(&sets) })
			return err
		})
}

func seconds(t int64) string { return strconv.FormatInt(t, 10) }

// call asks one endpoint: as a form, which has room for long queries, or by GET
// where a gateway allows no other.
func (c *client) call(ctx context.Context, endpoint string, args url.Values, read reading) error {
	u := c.base.JoinPath("api/v1", endpoint)
	form := args.Encode()
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), strings.NewReader(form))
	if err != nil {
		return err
	}
	q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	q.Header["Idempotency-Key"] = nil // not sent: net/http may repeat the request on another connection
	status, err := c.do(q, read)
	switch status {
	case http.StatusForbidden, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		u.RawQuery = form
		if q, err = http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil); err == nil {
			_, err = c.do(q, read)
		}
	}
	return err
}

// maxApology is the most that is read of what a server says about an error.
const maxApology = 64 << 10

// do makes one request. status is 0 where there was no answer.
func (c *client) do(q *http.Request, read reading) (status int, err error) {
	resp, err := c.http.Do(q)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		text, err := io.ReadAll(io.LimitReader(resp.Body, maxApology))
		if err != nil {
			return resp.StatusCode, err
		}
		return resp.StatusCode, refused(resp.StatusCode, text)
	}
	body := &watched{r: resp.Body}
	d := json.NewDecoder(body)
	if err = read(d); err == nil {
		if _, more := d.Token(); more != io.EOF {
			err = errors.New("there is more after its end")
		}
	}
	var said *refusal
	switch {
	case body.err != nil && body.err != io.EOF: // cut, or too large: not what was made of it
		return resp.StatusCode, body.err
	case err != nil && !errors.As(err, &said):
		err = &refusal{kind: badResponse, text: strings.TrimPrefix(err.Error(), "json: ")}
	}
	return resp.StatusCode, err
}

// refused returns what an answer with an error's status says.
func refused(status int, text []byte) error {
	ours := &refusal{kind: badResponse, text: fmt.Sprintf("bad response code %d", status), detail: string(text)}
	switch status / 100 {
	case 4:
		ours.kind, ours.text = clientError, fmt.Sprintf("client error: %d", status)
	case 5:
		ours.kind, ours.text = serverError, fmt.Sprintf("server error: %d", status)
	}
	if status != http.StatusBadRequest && status != http.StatusUnprocessableEntity {
		return ours // of a gateway, perhaps
	}
	var a apology
	if json.Unmarshal(text, &a) != nil || a.ErrorType == "" || a.Error == "" {
		return ours
	}
	return &refusal{kind: a.ErrorType, text: a.Error}
}
