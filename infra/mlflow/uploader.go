package mlflow

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/foretide/foretide/internal/runs"
)

// An Uploader sends runs while they go on, beside the work that makes them. It
// never fails that work, and Close bounds how long it waits at its end.
type Uploader struct {
	c    *Client
	dir  runs.Dir
	warn func(string)

	mu      sync.Mutex
	pending []string // in the order of their first change
	have    map[string]bool
	err     error // of the last attempt
	refused map[string]error
	closing bool

	wake, done chan struct{}
	cancel     context.CancelFunc
}

// The times of an uploader: how often a run that goes on is sent, and how long
// it waits after a failure, at first and at most.
const (
	pause    = 2 * time.Second
	patience = 2 * time.Second
	longest  = time.Minute
)

// NewUploader returns an uploader of the runs of a folder. warn is given what a
// user should know; it must be safe for concurrent use.
func NewUploader(c *Client, dir runs.Dir, warn func(string)) *Uploader {
	ctx, cancel := context.WithCancel(context.Background())
	u := &Uploader{c: c, dir: dir, warn: warn, have: map[string]bool{}, refused: map[string]error{}, wake: make(chan struct{}, 1), done: make(chan struct{}), cancel: cancel}
	go u.work(ctx)
	return u
}

// Changed says that a run has something new. It does not wait.
func (u *Uploader) Changed(id string) {
	u.mu.Lock()
	if !u.have[id] {
		u.have[id] = true
		u.pending = append(u.pending, id)
	}
	u.mu.Unlock()
	u.poke()
}

func (u *Uploader) poke() {
	select {
	case u.wake <- struct{}{}:
	default:
	}
}

// take returns the run to send next; "" for none.
func (u *Uploader) take() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.pending) == 0 {
		return ""
	}
	id := u.pending[0]
	u.pending = u.pending[1:]
	delete(u.have, id)
	return id
}

// failed notes the outcome of an attempt, and keeps the run for another unless
// the server will not have it.
func (u *Uploader) failed(id string, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.refused, id)
	if Refused(err) {
		u.refused[id], u.err = err, nil
		return
	}
	u.err = err
	if err != nil && !u.have[id] {
		u.have[id] = true
		u.pending = append(u.pending, id)
	}
}

// work sends what has changed until it is told to end.
func (u *Uploader) work(ctx context.Context) {
	defer close(u.done)
	wait := patience
	for ctx.Err() == nil {
		id := u.take()
		if id == "" {
			if u.ending() {
				return
			}
			u.sleep(ctx, longest, false)
			u.sleep(ctx, pause, true) // for what comes with it
			continue
		}
		err := u.c.Send(ctx, u.dir, id, u.warn)
		u.failed(id, err)
		if err == nil || Refused(err) {
			wait = patience
			continue
		}
		if u.ending() {
			return
		}
		u.sleep(ctx, wait, true)
		wait = min(2*wait, longest)
	}
}

// sleep waits until something changes, or all of the time; either way not once
// the uploader is to end.
func (u *Uploader) sleep(ctx context.Context, d time.Duration, all bool) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for !u.ending() {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			return
		case <-u.wake:
			if !all {
				return
			}
		}
	}
}

func (u *Uploader) ending() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.closing
}

// Close sends what is left, for at most the time given, and returns how many
// runs the server does not have in full, and why. A server that failed last time
// is tried once more, for a second.
func (u *Uploader) Close(most time.Duration) (left int, err error) {
	u.mu.Lock()
	u.closing = true
	if u.err != nil {
		most = min(most, time.Second)
	}
	u.mu.Unlock()
	u.poke()
	select {
	case <-u.done:
	case <-time.After(most):
		u.cancel()
		<-u.done
	}
	u.cancel()
	u.mu.Lock()
	defer u.mu.Unlock()
	if errors.Is(u.err, context.Canceled) || u.err == nil && len(u.pending) > 0 {
		u.err = errors.New("mlflow: " + u.c.Server() + " did not answer in time")
	}
	for id, err := range u.refused {
		if !u.have[id] {
			left++
		}
		if u.err == nil {
			u.err = err
		}
	}
	return left + len(u.pending), u.err
}
