package terminal

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// The ways to tell how far work is.
const (
	ProgressAuto  = "auto"  // a bar on a terminal, else remarks alone
	ProgressPlain = "plain" // a line every ten seconds, and one for each epoch
	ProgressJSON  = "json"  // an object on each line
	ProgressNone  = "none"
)

// ProgressWays are all of them.
var ProgressWays = []string{ProgressAuto, ProgressPlain, ProgressJSON, ProgressNone}

// A Meter tells how far long work is. It is safe for concurrent use.
type Meter interface {
	// Set says that done of total units are done; total may grow, and is 0
	// while it is not known.
	Set(done, total int64)
	// Note prints a remark in between.
	Note(text string)
	// Epoch prints what an epoch of a training came to.
	Epoch(e Epoch)
	// Finish ends the telling; nothing may follow.
	Finish()
}

// An Epoch is what one pass of a training came to.
type Epoch struct {
	Number, Most int           // which one it was, from 1, and how many there are at most
	Loss         float64       // on what is held back
	Rate         float64       // windows a second
	Left         time.Duration // if no epoch is spared by stopping early
}

// NewMeter returns what tells on w how far the work named by what is. Units are
// counted, or bytes. A way that is not one of ProgressWays tells nothing.
func NewMeter(w io.Writer, way, what string, bytes bool) Meter {
	now := time.Now()
	switch {
	case way == ProgressAuto && isTerminal(w):
		return newBar(w, what, bytes)
	case way == ProgressAuto:
		return &remarks{w: w}
	case way == ProgressPlain:
		return &lines{w: w, what: what, bytes: bytes, start: now, last: now}
	case way == ProgressJSON:
		return &objects{w: w, what: what, start: now}
	}
	return silent{}
}

// isTerminal reports whether somebody looks at what is written to w.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

type silent struct{}

func (silent) Set(int64, int64) {}
func (silent) Note(string)      {}
func (silent) Epoch(Epoch)      {}
func (silent) Finish()          {}

// text is an epoch for people.
func (e *Epoch) text() string {
	return fmt.Sprintf("epoch %d of at most %d, validation loss %.4g, %.0f windows a second, at most %s left",
		e.Number, e.Most, e.Loss, e.Rate, e.Left.Round(time.Second))
}

// bar is a progress bar with the time left, on a terminal.
type bar struct {
	mu    sync.Mutex
	w     io.Writer
	what  string
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
	return &bar{w: w, what: what, p: progressbar.NewOptions64(-1, options...), total: -1}
}

func (b *bar) Set(done, total int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if total > 0 && total != b.total {
		b.total = total
		b.p.ChangeMax64(total)
	}
	_ = b.p.Set64(done)
}

func (b *bar) Note(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	_ = b.p.Clear() // the terminal may be gone
	fmt.Fprintln(b.w, text)
}

func (b *bar) Epoch(e Epoch) { b.Note(b.what + ": " + e.text()) }

func (b *bar) Finish() {
	b.mu.Lock()
	defer b.mu.Unlock()
	_ = b.p.Finish()
}
