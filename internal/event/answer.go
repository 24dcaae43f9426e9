package event

import (
	"slices"
	"strings"
)

// Reasons why something was not done, as answers and logs have them.
const (
	NoData     = "no_data"    // no samples of it, or none of the metric
	Deadline   = "deadline"   // the time was over
	TooLarge   = "too_large"  // more than a limit
	Invalid    = "invalid"    // the event, or a configuration, cannot be
	Checkpoint = "checkpoint" // it is damaged, or of something else
	Storage5xx = "storage"    // the store did not answer, or refused
	Sink       = "sink"       // forecasts are stored, and another system did not take them
	Failed     = "failed"     // the model, or something unforeseen
)

// A Failure is what was not done, and why.
type Failure struct {
	Container string `json:"container"`
	Metric    string `json:"metric,omitempty"`
	Reason    string `json:"reason"`
	Error     string `json:"error"`
	Retry     bool   `json:"retry"`           // it may succeed another time
	Count     int    `json:"count,omitempty"` // in a brief answer: how many, of which this is the first
}

// A Done is what was done.
type Done struct {
	Container string   `json:"container"`
	Metric    string   `json:"metric"`
	Model     string   `json:"model"`
	Status    string   `json:"status,omitempty"`
	Reasons   []string `json:"reasons,omitempty"`
	Unchanged bool     `json:"unchanged,omitempty"` // it had been done already
	Millis    float64  `json:"ms,omitempty"`
}

// An Answer is what train and predict give back: of every item, whether it is
// done. What is done is kept, whatever else failed.
type Answer struct {
	Done   int       `json:"done"` // series
	Failed []Failure `json:"failed"`
	// Remaining are the items to invoke with again: those that were not reached,
	// those whose training goes on, and those whose failure may pass.
	Remaining []Item `json:"remaining"`
	// Resumable: a training was stopped with the best so far, which is stored and
	// serves; invoked with Remaining it goes on.
	Resumable bool     `json:"resumable"`
	Results   []Done   `json:"results,omitempty"` // of small batches
	Files     []string `json:"files,omitempty"`   // that were written
}

// maxResults is how many results an answer lists one by one.
const maxResults = 100

// Add adds something that was done.
func (a *Answer) Add(d Done) {
	a.Done++
	if len(a.Results) < maxResults {
		a.Results = append(a.Results, d)
	}
}

// Fail adds something that was not done, once.
func (a *Answer) Fail(f Failure) {
	if n := len(a.Failed); n > 0 && a.Failed[n-1] == f {
		return
	}
	a.Failed = append(a.Failed, f)
	if f.Retry {
		a.Again(f.Container, f.Metric)
	}
}

// Again adds a metric of a container to what remains; "" is all of its metrics.
func (a *Answer) Again(container, metric string) {
	item := Item{Container: container}
	if metric != "" {
		item.Metrics = []string{metric}
	}
	if n := len(a.Remaining); n > 0 && metric != "" && a.Remaining[n-1].Container == container && len(a.Remaining[n-1].Metrics) > 0 {
		if last := &a.Remaining[n-1]; !slices.Contains(last.Metrics, metric) {
			last.Metrics = append(last.Metrics, metric)
		}
		return
	}
	a.Remaining = append(a.Remaining, item)
}

// Join adds another answer.
func (a *Answer) Join(b *Answer) {
	a.Done += b.Done
	a.Failed = append(a.Failed, b.Failed...)
	a.Remaining = append(a.Remaining, b.Remaining...)
	a.Resumable = a.Resumable || b.Resumable
	a.Results = append(a.Results, b.Results[:min(len(b.Results), maxResults-min(len(a.Results), maxResults))]...)
	a.Files = append(a.Files, b.Files...)
}

// Settle makes lists of none empty rather than null, and of what remains one item
// for each container.
func (a *Answer) Settle() {
	if a.Failed == nil {
		a.Failed = []Failure{}
	}
	a.Remaining = merged(a.Remaining)
}

// merged returns items without what they name twice: each container once, in the
// order in which they come, unless it has more metrics than an item may.
func merged(items []Item) []Item {
	out := make([]Item, 0, len(items))
	metrics := map[string][]string{} // of each container; none: all
	var order []string
	for _, item := range items {
		have, twice := metrics[item.Container]
		switch {
		case !twice:
			order = append(order, item.Container)
			metrics[item.Container] = slices.Clone(item.Metrics)
		case len(have) == 0 || len(item.Metrics) == 0:
			metrics[item.Container] = nil
		default:
			metrics[item.Container] = append(have, item.Metrics...)
		}
	}
	for _, c := range order {
		all := unique(metrics[c])
		for len(all) > MaxMetrics {
			out = append(out, Item{c, all[:MaxMetrics:MaxMetrics]})
			all = all[MaxMetrics:]
		}
		out = append(out, Item{c, all})
	}
	return out
}

// unique returns names in their order, each once.
func unique(names []string) []string {
	seen := map[string]bool{}
	return slices.DeleteFunc(names, func(n string) bool {
		twice := seen[n]
		seen[n] = true
		return twice
	})
}

// maxError is the most bytes of an error's text in a brief answer.
const maxError = 300

// Brief returns the answer without what is long: of the failures, one of each
// reason with how many there are. A state machine takes 256 KB of a result, and its
// run fails where there is more: as many errors as a batch has series are more, when
// the storage is down.
func (a *Answer) Brief() *Answer {
	out := &Answer{Done: a.Done, Remaining: a.Remaining, Resumable: a.Resumable}
	for _, f := range a.Failed {
		i := slices.IndexFunc(out.Failed, func(g Failure) bool { return g.Reason == f.Reason && g.Retry == f.Retry })
		if i < 0 {
			i = len(out.Failed)
			if len(f.Error) > maxError {
				f.Error = strings.ToValidUTF8(f.Error[:maxError], "") + "…"
			}
			out.Failed = append(out.Failed, f)
		}
		out.Failed[i].Count++
	}
	out.Settle()
	return out
}

// A QueueAnswer tells a queue which messages are to come again.
type QueueAnswer struct {
	Failures []MessageID `json:"batchItemFailures"`
}

// A MessageID names a message.
type MessageID struct {
	ID string `json:"itemIdentifier"`
}
