package plan

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/goccy/go-json"
	"golang.org/x/sync/errgroup"

	"github.com/foretide/foretide/internal/event"
	"github.com/foretide/foretide/internal/steps"
	"github.com/foretide/foretide/loader/store"
)

// A Summary adds the answers of a run up.
type Summary struct {
	Run     string `json:"run"`
	Key     string `json:"key"` // where it is kept, with all failures
	Train   Part   `json:"train"`
	Predict Part   `json:"predict"`
}

// A Part is one kind of work of a run.
type Part struct {
	Batches   int             `json:"batches"`  // that there are
	Answered  int             `json:"answered"` // that ended
	Done      int             `json:"done"`     // series
	Failures  int             `json:"failures"`
	Remaining int             `json:"remaining"`        // items that were left when the tries were over
	Failed    []event.Failure `json:"failed,omitempty"` // in the answer the first few
}

const (
	maxManifest = 512 << 20
	maxAnswer   = 8 << 20
	maxListed   = 20 // failures that the answer lists
)

func (p *Planner) summarize(ctx context.Context, run string) (*Summary, error) {
	b := event.Batch{Items: []event.Item{{Container: "x"}}, Run: run}
	if err := b.Check(); err != nil {
		return nil, err
	}
	s := &Summary{Run: run, Key: steps.RunFolder + run + "/summary.json"}
	var err error
	if s.Train, err = p.part(ctx, run, "train"); err != nil {
		return nil, err
	}
	if s.Predict, err = p.part(ctx, run, "predict"); err != nil {
		return nil, err
	}
	data, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	if err := p.Lake.Objects.Put(ctx, s.Key, data, store.ContentType("application/json")); err != nil {
		return nil, err
	}
	for _, part := range []*Part{&s.Train, &s.Predict} {
		part.Failed = part.Failed[:min(len(part.Failed), maxListed)]
	}
	return s, nil
}

// An answered batch is what a summary needs of an event.Answer: the results, which
// are most of it, are not kept, and what remains is counted.
type answered struct {
	Done      int             `json:"done"`
	Failed    []event.Failure `json:"failed"`
	Remaining []struct{}      `json:"remaining"`
}

// part adds up the answers of one kind of work. Of a batch that was tried several
// times, what its last try left counts.
func (p *Planner) part(ctx context.Context, run, name string) (Part, error) {
	var out Part
	data, _, err := p.Lake.Objects.Get(ctx, steps.RunFolder+run+"/"+name+".json", maxManifest)
	if errors.Is(err, store.ErrNotFound) {
		return out, nil
	} else if err != nil {
		return out, err
	}
	var batches []struct{} // counted
	if err := json.Unmarshal(data, &batches); err != nil {
		return out, fmt.Errorf("%s: the manifest cannot be read: %w", name, err)
	}
	out.Batches = len(batches)
	objects, err := store.All(ctx, p.Lake.Objects, steps.AnswerFolder(run, name))
	if err != nil {
		return out, err
	}
	answers := make([]answered, len(objects))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(32)
	for i := range objects {
		g.Go(func() error {
			data, _, err := p.Lake.Objects.Get(ctx, objects[i].Name, maxAnswer)
			if err == nil {
				err = json.Unmarshal(data, &answers[i])
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return out, err
	}
	for i := range answers {
		out.Done += answers[i].Done
		last := i+1 == len(answers) || batchOf(objects[i].Name) != batchOf(objects[i+1].Name)
		if !last {
			for _, f := range answers[i].Failed {
				if !f.Retry { // not tried again
					out.Failed = append(out.Failed, f)
				}
			}
			continue
		}
		out.Answered++
		out.Failed = append(out.Failed, answers[i].Failed...)
		out.Remaining += len(answers[i].Remaining)
	}
	out.Failures = len(out.Failed)
	return out, nil
}

// batchOf returns the number of the batch that an answer's key has.
func batchOf(key string) string {
	n, _, _ := strings.Cut(path.Base(key), "-")
	return n
}
