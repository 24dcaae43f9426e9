package record

import (
	"context"
	"fmt"
	"time"

	"github.com/foretide/foretide/infra/mlflow"
	"github.com/foretide/foretide/internal/runs"
	"github.com/foretide/foretide/internal/terminal"
)

// Tracking returns the folder of the runs, and the server that they are sent to;
// nil for none. A folder of the environment's takes the place of dir unless dir is
// given. A mistake in the environment is told and fails nothing.
func Tracking(getenv func(string) string, dir string, given bool, tell func(string)) (runs.Dir, *mlflow.Client) {
	target, err := mlflow.FromEnv(getenv)
	if err == nil && target.Server != nil {
		var c *mlflow.Client
		if c, err = mlflow.New(*target.Server); err == nil {
			return runs.Dir(dir), c
		}
	}
	if err != nil {
		tell(fmt.Sprintf("%v; runs are kept in %s alone", err, dir))
	}
	if target.Folder != "" && !given {
		dir = target.Folder
	}
	return runs.Dir(dir), nil
}

// Open begins the run of a command and sends it to the server while it goes on,
// where there is one; register is the name of a model to register its
// checkpoints under, "" for none. The function is to be called when the command
// is over: it waits at most so long for the server, and a second once ctx has
// ended.
func Open(ctx context.Context, o Options, server *mlflow.Client, register string, wait time.Duration, params map[string]string, inputs ...runs.Dataset) (*Session, func()) {
	if server == nil {
		s := Begin(o, params, inputs...)
		if register != "" {
			s.Main().Tag(mlflow.TagRegister, register)
			o.Tell(fmt.Sprintf("there is no tracking server to register %s on: set MLFLOW_TRACKING_URI and run %q", register, "foretide runs sync"))
		}
		return s, func() {}
	}
	u := mlflow.NewUploader(server, o.Dir, o.Tell)
	o.Changed = u.Changed
	s := Begin(o, params, inputs...)
	s.Main().Tag(mlflow.TagRegister, register)
	return s, func() {
		if ctx.Err() != nil {
			wait = min(wait, time.Second) // somebody wants it to end
		}
		if left, err := u.Close(wait); left > 0 {
			o.Tell(err.Error())
			o.Tell(fmt.Sprintf("%d runs of this command are not on the server yet: %q sends them", left, "foretide runs sync"))
		}
	}
}

// Send sends runs and returns how many it sent and how many are left. One that
// is refused stops no other; a server that is not there stops all.
func Send(ctx context.Context, client *mlflow.Client, dir runs.Dir, pending []*runs.Run, m terminal.Meter) (sent, left int, last error) {
	defer m.Finish()
	for i, r := range pending {
		err := client.Send(ctx, dir, r.ID, func(text string) { m.Note("foretide: " + text) })
		switch {
		case ctx.Err() != nil:
			return sent, len(pending) - i, ctx.Err()
		case err == nil:
			sent++
		case !mlflow.Refused(err):
			return sent, left + len(pending) - i, err
		default:
			last = err
			left++
			m.Note(fmt.Sprintf("foretide: run %s: %v", ShortID(r.ID), err))
		}
		m.Set(int64(i+1), int64(len(pending)))
	}
	return sent, left, last
}
