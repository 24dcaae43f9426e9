package mlflow

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/goccy/go-json"

	"github.com/foretide/foretide/internal/runs"
)

// maxAnswer is the largest answer that is read, in bytes.
const maxAnswer = 8 << 20

// A Client asks one server. It is safe for concurrent use.
type Client struct {
	base     *url.URL
	auth     string
	http     *http.Client
	timeout  time.Duration
	attempts int
	wait     time.Duration // before the second attempt

	known sync.Map // experiments' IDs by name
}

// Server is the server's address, without credentials.
func (c *Client) Server() string { return c.base.String() }

// An apiError is a server's refusal.
type apiError struct {
	Status  int    // of HTTP
	Code    string // of MLflow: "RESOURCE_DOES_NOT_EXIST" …
	Message string
	What    string // what was asked for
}

// apiError implements error.
func (e *apiError) Error() string {
	switch {
	case e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden:
		return fmt.Sprintf("mlflow: %s: the server answers %d: set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, of somebody who may", e.What, e.Status)
	case e.Status/100 == 3:
		return fmt.Sprintf("mlflow: %s: the server answers %d and sends us to %s; give that URL if it is right", e.What, e.Status, e.Message)
	}
	return fmt.Sprintf("mlflow: %s: the server answers %d %s: %s", e.What, e.Status, e.Code, e.Message)
}

// passing reports whether an error may be gone another time.
func passing(err error) bool {
	var e *apiError
	if !errors.As(err, &e) {
		return !errors.Is(err, context.Canceled) // the network
	}
	return e.Status >= 500 || e.Status == http.StatusTooManyRequests || e.Status == http.StatusRequestTimeout
}

// Refused reports whether a server has refused one thing for good, so that
// another may do better.
func Refused(err error) bool {
	var e *apiError
	return errors.As(err, &e) && !passing(err) && e.Status != http.StatusUnauthorized && e.Status != http.StatusForbidden && e.Status/100 != 3
}

func isCode(err error, code string) bool {
	var e *apiError
	return errors.As(err, &e) && e.Code == code
}

// call posts a request, or gets where in is nil, and reads the answer into out,
// which may be nil.
func (c *Client) call(ctx context.Context, name string, query url.Values, in, out any) error {
	method, body := http.MethodGet, []byte(nil)
	if in != nil {
		var err error
		method = http.MethodPost
		if body, err = json.Marshal(in); err != nil {
			return err
		}
	}
	return c.post(ctx, method, name, query, body, out)
}

// post is call with a body that is written already.
func (c *Client) post(ctx context.Context, method, name string, query url.Values, body []byte, out any) error {
	u := *c.base
	u.Path += "/api/2.0/mlflow/" + name
	u.RawQuery = query.Encode()
	return c.again(ctx, func() error {
		answer, err := c.do(ctx, method, &u, name, bytes.NewReader(body), int64(len(body)), "application/json", c.timeout)
		if err != nil || out == nil {
			return err
		}
		if err := json.Unmarshal(answer, out); err != nil {
			return fmt.Errorf("mlflow: %s: the answer of %s is not MLflow's: %w", name, c.Server(), err)
		}
		return nil
	})
}

// again makes attempts until one succeeds or fails for good.
func (c *Client) again(ctx context.Context, do func() error) error {
	wait := c.wait
	for n := 1; ; n++ {
		err := do()
		if err == nil || n >= c.attempts || !passing(err) || ctx.Err() != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(wait):
			wait *= 3
		}
	}
}

// do makes one request and returns the answer's body.
func (c *Client) do(ctx context.Context, method string, u *url.URL, what string, body io.Reader, size int64, kind string, timeout time.Duration) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, u.String(), body)
	if err != nil {
		return nil, err
	}
	r.ContentLength = size
	if size == 0 {
		r.Body = http.NoBody
	}
	r.Header.Set("Content-Type", kind)
	r.Header.Set("User-Agent", "foretide")
	if c.auth != "" {
		r.Header.Set("Authorization", c.auth)
	}
	resp, err := c.http.Do(r)
	if err != nil {
		var wrapped *url.Error
		if errors.As(err, &wrapped) { // its text repeats the URL, query and all
			err = wrapped.Err
		}
		return nil, fmt.Errorf("mlflow: %s: %s: %w", c.Server(), what, err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case resp.StatusCode/100 != 2:
		return nil, refusal(resp, what, answer)
	case err != nil:
		return nil, fmt.Errorf("mlflow: %s: %w", what, err)
	case len(answer) > maxAnswer:
		return nil, fmt.Errorf("mlflow: %s: the answer is larger than %d MiB", what, maxAnswer>>20)
	}
	return answer, nil
}

// refusal reads an answer that is an error.
func refusal(resp *http.Response, what string, body []byte) *apiError {
	e := &apiError{Status: resp.StatusCode, What: what}
	var m struct {
		Code    json.RawMessage `json:"error_code"`
		Message string          `json:"message"`
	}
	if json.Unmarshal(body, &m) == nil {
		e.Code, e.Message = strings.Trim(string(m.Code), `"`), m.Message
	} else {
		e.Message = string(bytes.TrimSpace(body))
	}
	if resp.StatusCode/100 == 3 {
		e.Message = "another address"
		if to, err := resp.Location(); err == nil {
			e.Message = to.Scheme + "://" + to.Host + to.Path
		}
	}
	if len(e.Message) > 300 {
		e.Message = strings.ToValidUTF8(e.Message[:300], "") + "…"
	}
	return e
}

// experiment returns the ID of an experiment, which is made where there is none,
// and remembers it.
func (c *Client) experiment(ctx context.Context, name string) (string, error) {
	if id, ok := c.known.Load(name); ok {
		return id.(string), nil
	}
	id, err := c.askExperiment(ctx, name)
	if err == nil && id == "" {
		err = fmt.Errorf("mlflow: the answer of %s names no experiment", c.Server())
	}
	if err == nil {
		c.known.Store(name, id)
	}
	return id, err
}

func (c *Client) askExperiment(ctx context.Context, name string) (string, error) {
	var have struct {
		Experiment struct {
			ID    string `json:"experiment_id"`
			Stage string `json:"lifecycle_stage"`
		} `json:"experiment"`
	}
	err := c.call(ctx, "experiments/get-by-name", url.Values{"experiment_name": {name}}, nil, &have)
	switch {
	case err == nil && have.Experiment.Stage == "deleted":
		return "", fmt.Errorf("mlflow: experiment %q is deleted on %s: restore it there, or name another with --experiment", name, c.Server())
	case err == nil:
		return have.Experiment.ID, nil
	case !isCode(err, "RESOURCE_DOES_NOT_EXIST"):
		return "", err
	}
	var made struct {
		ID string `json:"experiment_id"`
	}
	err = c.call(ctx, "experiments/create", nil, map[string]any{"name": name, "tags": []pair{{runs.TagKind, runs.KindTraining}}}, &made)
	if isCode(err, "RESOURCE_ALREADY_EXISTS") { // somebody was quicker
		err = c.call(ctx, "experiments/get-by-name", url.Values{"experiment_name": {name}}, nil, &have)
		return have.Experiment.ID, err
	}
	return made.ID, err
}

// runInfo is what the server says of a run.
type runInfo struct {
	Run struct {
		Info struct {
			ID        string `json:"run_id"`
			Artifacts string `json:"artifact_uri"`
		} `json:"info"`
	} `json:"run"`
}

// findRun returns the run that has a tag's value; "" for none.
func (c *Client) findRun(ctx context.Context, experiment, tag, value string) (id, artifacts string, err error) {
	var found struct {
		Runs []struct {
			Info struct {
				ID        string `json:"run_id"`
				Artifacts string `json:"artifact_uri"`
			} `json:"info"`
		} `json:"runs"`
	}
	err = c.call(ctx, "runs/search", nil, map[string]any{
		"experiment_ids": []string{experiment}, "filter": fmt.Sprintf("tags.`%s` = '%s'", tag, value), "max_results": 1,
	}, &found)
	if err != nil || len(found.Runs) == 0 {
		return "", "", err
	}
	return found.Runs[0].Info.ID, found.Runs[0].Info.Artifacts, nil
}

// errNoProxy reports that the server does not take artifacts itself: its
// clients are to write them to a storage of its choice.
var errNoProxy = errors.New("mlflow: the server takes no artifacts")

// putArtifact sends a file through the server.
func (c *Client) putArtifact(ctx context.Context, uri, name string, size int64, open func() (io.ReadCloser, error)) error {
	at, err := url.Parse(uri)
	if err != nil || at.Scheme != "mlflow-artifacts" {
		return fmt.Errorf("%w: they are to be in %q; start it with --serve-artifacts", errNoProxy, uri)
	}
	if at.Host != "" && at.Host != c.base.Host {
		return fmt.Errorf("%w: they are to go to another one, %s", errNoProxy, at.Host)
	}
	u := *c.base
	u.Path += path.Join("/api/2.0/mlflow-artifacts/artifacts", at.Path, name)
	timeout := c.timeout + time.Duration(size/(256<<10))*time.Second // 256 kB a second at least
	what := "artifact " + strconv.Quote(name)
	return c.again(ctx, func() error {
		f, err := open()
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = c.do(ctx, http.MethodPut, &u, what, f, size, "application/octet-stream", timeout)
		return err
	})
}

// register makes a version of a registered model of a run's artifacts, and the
// model where there is none. It returns the version.
func (c *Client) register(ctx context.Context, model, source, run string) (string, error) {
	err := c.call(ctx, "registered-models/create", nil, map[string]string{"name": model}, nil)
	if err != nil && !isCode(err, "RESOURCE_ALREADY_EXISTS") {
		return "", err
	}
	var made struct {
		Version struct {
			Version json.RawMessage `json:"version"`
		} `json:"model_version"`
	}
	err = c.call(ctx, "model-versions/create", nil, map[string]string{"name": model, "source": source, "run_id": run}, &made)
	return strings.Trim(string(made.Version.Version), `"`), err
}
