// Package batch carries out the batches of train and predict, whatever brought them:
// a direct call, the messages of a queue, notifications of object storage. It names
// the reasons of failures and keeps models from one batch to the next.
package batch

import (
	"context"
	"fmt"

	"github.com/goccy/go-json"

	"github.com/foretide/foretide/internal/event"
	"github.com/foretide/foretide/internal/steps"
	"github.com/foretide/foretide/loader/store"
)

// A Worker is what a function does with batches.
type Worker struct {
	Name    string // "train", "predict": of the folder of a run's answers
	Objects store.Bucket
	Do      func(ctx context.Context, in *steps.Invocation, b *event.Batch) (*event.Answer, error)
	// Items makes items of the objects that a notification names.
	Items func(ctx context.Context, keys []string) ([]event.Item, error)
}

// Handle is a steps.Handler. The answer to a queue lists the messages that are
// to come again; to anyone else it is an *event.Answer.
func (w *Worker) Handle(ctx context.Context, in *steps.Invocation, payload []byte) (any, error) {
	call, err := event.Decode(payload)
	if err != nil {
		return nil, err
	}
	ctx = steps.Watch(ctx, in)
	if call.Kind == event.Queue {
		return w.messages(ctx, in, call.Requests), nil
	}
	out := &event.Answer{}
	for i := range call.Requests {
		a, err := w.one(ctx, in, &call.Requests[i])
		if err != nil {
			return nil, err
		}
		out.Join(a)
	}
	out.Settle()
	return out, nil
}

// messages does those of a queue. A message comes again where something of it
// remains to be done; what cannot succeed another time is in the log alone,
// unless the message itself cannot be read.
func (w *Worker) messages(ctx context.Context, in *steps.Invocation, requests []event.Request) event.QueueAnswer {
	out := event.QueueAnswer{Failures: []event.MessageID{}}
	for i := range requests {
		r := &requests[i]
		log := in.Log.With("message", r.ID)
		switch a, err := w.message(ctx, in, r); {
		case err != nil:
			reason, _ := Reason(err)
			log.Error("message comes again", "reason", reason, "error", err.Error())
			out.Failures = append(out.Failures, event.MessageID{ID: r.ID})
		case len(a.Remaining) > 0:
			log.Warn("message comes again", "done", a.Done, "remaining", len(a.Remaining))
			out.Failures = append(out.Failures, event.MessageID{ID: r.ID})
		}
	}
	in.Metrics.Add("MessagesFailed", "Count", float64(len(out.Failures)))
	return out
}

func (w *Worker) message(ctx context.Context, in *steps.Invocation, r *event.Request) (*event.Answer, error) {
	if r.Err != nil {
		return nil, r.Err
	}
	if in.Stopped() {
		return nil, context.DeadlineExceeded
	}
	return w.one(ctx, in, r)
}

// one does a request. Where that is part of a run, its answer is kept, and what it
// returns is brief.
func (w *Worker) one(ctx context.Context, in *steps.Invocation, r *event.Request) (*event.Answer, error) {
	if len(r.Keys) > 0 {
		items, err := w.Items(ctx, r.Keys)
		if err != nil {
			return nil, err
		}
		r.Batch.Items = append(r.Batch.Items, items...)
	}
	if len(r.Batch.Items) == 0 {
		return &event.Answer{}, nil // a notification of something else
	}
	a, err := w.Do(ctx, in, &r.Batch)
	if err != nil || r.Batch.Run == "" {
		return a, err
	}
	data, err := json.Marshal(a)
	if err != nil {
		return nil, err
	}
	key := fmt.Sprintf("%s%06d-%03d.json", steps.AnswerFolder(r.Batch.Run, w.Name), r.Batch.Batch, r.Batch.Attempt)
	return a.Brief(), w.Objects.Put(ctx, key, data, store.ContentType("application/json"))
}
