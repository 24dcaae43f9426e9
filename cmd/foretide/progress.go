package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progresses are the ways to tell how far work is: the values of --progress.
var progresses = []string{"auto", "plain", "json", "none"}

// A meter tells how far long work is. It is safe for concurrent use.
type meter interface {
	// set says that done of total units are done; total may grow, and is 0
	// while it is not known.
	set(done, total int64)
	// note prints a remark in between.
	note(text string)
	// finish ends the telling; nothing may follow.
	finish()
}

// meter returns what tells how far the work named by what is, in the way that
// the flags and the error stream ask for. Units are counted, or bytes.
func (a *app) meter(what string, bytes bool) meter {
	how := a.progress
	if a.quiet {
		how = "none"
	}
	if how == "auto" {
		how = "plain"
		if f, ok := a.err.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
			how = "bar"
		}
	}
	switch how {
	case "bar":
		return newBar(a.err, what, bytes)
	case "plain":
		return &lines{w: a.err, what: what, start: time.Now(), last: time.Now()}
	case "json":
		return &lines{w: a.err, what: what, start: time.Now(), json: true}
	}
	return silent{}
}

type silent struct{}

func (silent) set(int64, int64) {}
func (silent) note(string)      {}
func (silent) finish()          {}

// bar is a progress bar with the time left, on a terminal.
type bar struct {
	mu    sync.Mutex
	w     io.Writer
	p     *progressbar.ProgressBar
	total int64
}

func newBar(w io.Writer, what string, bytes bool) *bar {
	options := []progressbar.Option{
		progressbar.OptionSetWriter(w), progressbar.OptionSetDescription(what),
		progressbar.OptionShowCount(), progressbar.OptionSetPredictTime(true),
		progressbar.OptionFullWidth(), progressbar.OptionClearOnFinish(),
		progressbar.OptionThrottle(100 * time.Millisecond),
	}
	if bytes {
		options = append(options, progressbar.OptionShowBytes(true))
	}
	return &bar{w: w, p: progressbar.NewOptions64(-1, options...), total: -1}
}

func (b *bar) set(done, total int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if total > 0 && total != b.total {
		b.total = total
		b.p.ChangeMax64(total)
	}
	_ = b.p.Set64(done)
}

func (b *bar) note(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	_ = b.p.Clear() // the terminal may be gone
	fmt.Fprintln(b.w, text)
}

func (b *bar) finish() {
	b.mu.Lock()
	defer b.mu.Unlock()
	_ = b.p.Finish()
}

// lines is progress where there is no terminal: a line every ten seconds for
// people, or one every half second, and at the end, as JSON for programs.
type lines struct {
	mu          sync.Mutex
	w           io.Writer
	what        string
	start, last time.Time
	done, total int64
	json        bool
}

func (l *lines) set(done, total int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done, l.total = done, total
	every := 10 * time.Second
	if l.json {
		every = 500 * time.Millisecond
	}
	if time.Since(l.last) >= every {
		l.print()
	}
}

func (l *lines) note(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.json {
		b, _ := json.Marshal(struct {
			Stage string `json:"stage"`
			Note  string `json:"note"`
		}{l.what, text})
		text = string(b)
	}
	fmt.Fprintf(l.w, "%s\n", text)
}

func (l *lines) finish() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.json {
		l.print()
	}
}

func (l *lines) print() {
	l.last = time.Now()
	elapsed := time.Since(l.start)
	left := time.Duration(0)
	if l.done > 0 && l.total > l.done {
		left = time.Duration(float64(elapsed) / float64(l.done) * float64(l.total-l.done))
	}
	if l.json {
		b, _ := json.Marshal(struct {
			Stage   string  `json:"stage"`
			Done    int64   `json:"done"`
			Total   int64   `json:"total,omitempty"`
			Elapsed float64 `json:"elapsed_s"`
			Left    float64 `json:"left_s,omitempty"`
		}{l.what, l.done, l.total, elapsed.Seconds(), left.Seconds()})
		fmt.Fprintf(l.w, "%s\n", b)
		return
	}
	if l.total == 0 {
		fmt.Fprintf(l.w, "%s: %d\n", l.what, l.done)
		return
	}
	fmt.Fprintf(l.w, "%s: %d of %d, %s left\n", l.what, l.done, l.total, left.Round(time.Second))
}

// notice prints a remark for people beside the results.
func (a *app) notice(format string, args ...any) {
	if !a.quiet {
		fmt.Fprintf(a.err, format+"\n", args...)
	}
}
