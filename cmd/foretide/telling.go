package main

import (
	"fmt"
	"time"

	"github.com/foretide/foretide/internal/fleet"
	"github.com/foretide/foretide/internal/terminal"
)

// A telling shows the progress of a fleet's training: one meter for each thing
// that is going on, and a line for each epoch.
type telling struct {
	app   *app
	what  string
	meter terminal.Meter

	began    time.Time // of what is told of
	windows  int
	total    int
	epochAt  time.Time
	epochWin int
}

// tell takes progress in.
func (t *telling) tell(p fleet.Progress) {
	if p.What != t.what || t.meter == nil {
		t.finish()
		now := time.Now()
		*t = telling{app: t.app, what: p.What, meter: t.app.meter(p.What, false), began: now, epochAt: now}
	}
	if p.Epoch != nil {
		t.epoch(p)
		return
	}
	t.windows, t.total = p.Done, p.Total
	t.meter.Set(int64(p.Done), int64(p.Total))
}

// epoch prints what an epoch came to, and how long the rest will take if none
// is spared by stopping early.
func (t *telling) epoch(p fleet.Progress) {
	now := time.Now()
	rate := float64(t.windows-t.epochWin) / now.Sub(t.epochAt).Seconds()
	left := time.Duration(float64(now.Sub(t.began)) / float64(max(t.windows, 1)) * float64(t.total-t.windows))
	t.epochAt, t.epochWin = now, t.windows
	t.meter.Epoch(terminal.Epoch{Number: p.Epoch.Done, Most: p.Epoch.Total, Loss: p.Epoch.Loss, Rate: rate, Left: left})
}

func (t *telling) finish() {
	if t.meter != nil {
		t.meter.Finish()
	}
}

// meter returns what tells how far the work named by what is, in the way that
// the flags ask for. Units are counted, or bytes.
func (a *app) meter(what string, bytes bool) terminal.Meter {
	way := a.progress
	if a.quiet && way == terminal.ProgressAuto {
		way = terminal.ProgressNone
	}
	return terminal.NewMeter(a.err, way, what, bytes)
}

// notice prints a remark for people beside the results.
func (a *app) notice(format string, args ...any) {
	if !a.quiet {
		fmt.Fprintf(a.err, format+"\n", args...)
	}
}

// notices prints several remarks.
func (a *app) notices(texts []string) {
	for _, text := range texts {
		a.notice("foretide: %s", text)
	}
}
