package terminal

import (
	"fmt"
	"io"
	"math"
	"sync"
	"time"

	"github.com/goccy/go-json"
)

// remarks are what is told where nobody looks on: that the work waits for
// something, not how far it is.
type remarks struct {
	mu sync.Mutex
	w  io.Writer
}

func (r *remarks) Set(int64, int64) {}
func (r *remarks) Epoch(Epoch)      {}
func (r *remarks) Finish()          {}

func (r *remarks) Note(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Fprintln(r.w, text)
}

// lines is a line for people every ten seconds.
type lines struct {
	mu          sync.Mutex
	w           io.Writer
	what        string
	bytes       bool
	start, last time.Time
}

func (l *lines) Set(done, total int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Since(l.last) < 10*time.Second {
		return
	}
	l.last = time.Now()
	if total == 0 {
		fmt.Fprintf(l.w, "%s: %s\n", l.what, l.amount(done))
		return
	}
	fmt.Fprintf(l.w, "%s: %s of %s, %s left\n", l.what, l.amount(done), l.amount(total),
		left(time.Since(l.start), done, total).Round(time.Second))
}

func (l *lines) amount(n int64) string {
	if l.bytes {
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprint(n)
}

func (l *lines) Note(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintln(l.w, text)
}

func (l *lines) Epoch(e Epoch) { l.Note(l.what + ": " + e.text()) }
func (l *lines) Finish()       {}

// left is how long the rest will take if it goes on as so far; 0 where that is
// not known.
func left(elapsed time.Duration, done, total int64) time.Duration {
	if done <= 0 || total <= done {
		return 0
	}
	return time.Duration(float64(elapsed) / float64(done) * float64(total-done))
}

// objects is an object for programs every half second, and one at the end.
type objects struct {
	mu          sync.Mutex
	w           io.Writer
	what        string
	start, last time.Time
	done, total int64
}

func (o *objects) Set(done, total int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.done, o.total = done, total
	if time.Since(o.last) >= 500*time.Millisecond {
		o.last = time.Now()
		o.state(false)
	}
}

func (o *objects) Finish() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.state(true)
}

func (o *objects) state(finished bool) {
	elapsed := time.Since(o.start)
	o.print(struct {
		Stage    string  `json:"stage"`
		Done     int64   `json:"done"`
		Total    int64   `json:"total,omitempty"`
		Elapsed  float64 `json:"elapsed_s"`
		Left     float64 `json:"left_s,omitempty"`
		Finished bool    `json:"finished,omitempty"`
	}{o.what, o.done, o.total, elapsed.Seconds(), left(elapsed, o.done, o.total).Seconds(), finished})
}

func (o *objects) Note(text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.print(struct {
		Stage string `json:"stage"`
		Note  string `json:"note"`
	}{o.what, text})
}

func (o *objects) Epoch(e Epoch) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var loss *float64 // null where there is none
	if !math.IsNaN(e.Loss) && !math.IsInf(e.Loss, 0) {
		loss = &e.Loss
	}
	o.print(struct {
		Stage string   `json:"stage"`
		Epoch int      `json:"epoch"`
		Most  int      `json:"epochs"`
		Loss  *float64 `json:"loss"`
		Rate  float64  `json:"windows_per_s"`
		Left  float64  `json:"left_s"`
	}{o.what, e.Number, e.Most, loss, e.Rate, e.Left.Seconds()})
}

// print writes an object on a line of its own.
func (o *objects) print(v any) {
	b, err := json.Marshal(v)
	if err != nil {
		return // a rate that is not finite: nobody needs that line
	}
	fmt.Fprintf(o.w, "%s\n", b)
}
