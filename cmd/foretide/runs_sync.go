package main

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/foretide/foretide/infra/mlflow"
	"github.com/foretide/foretide/internal/record"
	"github.com/foretide/foretide/internal/runs"
	"github.com/foretide/foretide/internal/terminal"
)

const runsEnv = `
Environment, as MLflow's own clients read it:
  MLFLOW_TRACKING_URI                                  http(s)://server, or a folder of runs
  MLFLOW_TRACKING_USERNAME, MLFLOW_TRACKING_PASSWORD   basic authentication
  MLFLOW_TRACKING_TOKEN                                bearer authentication
  MLFLOW_TRACKING_SERVER_CERT_PATH                     certificates to trust (PEM)
  MLFLOW_TRACKING_INSECURE_TLS                         true: trust any certificate
  MLFLOW_HTTP_REQUEST_TIMEOUT                          seconds
  MLFLOW_EXPERIMENT_NAME                               experiment of new runs
  FORETIDE_RUNS                                        folder of the runs
  FORETIDE_TRACKING_WAIT                               how long train and backtest wait at their end for the
                                                       server to have all (default: 5s)
Secrets are never printed.
`

type runsSyncFlags struct {
	runsFlags
	register string
}

func (a *app) runsSyncCommand() *cobra.Command {
	var f runsSyncFlags
	cmd := &cobra.Command{
		Use:   "sync [RUN...]",
		Short: "Send runs to the tracking server that it does not have in full",
		Long: `Sync sends to the server of MLFLOW_TRACKING_URI what it lacks of the runs that
have ended: all of them, or those that are named, with the runs that they are
parts of. Nothing is sent twice. A run that goes on, or was killed, is sent only
where it is named.`,
		Example: `  MLFLOW_TRACKING_URI=http://localhost:5000 foretide runs sync
  foretide runs sync latest --register capacity`,
		RunE: func(cmd *cobra.Command, args []string) error { return a.runsSync(cmd, &f, args) },
	}
	f.add(cmd)
	cmd.Flags().StringVar(&f.register, "register", "", "register the checkpoints of the one run that is named as a version of this model")
	return cmd
}

func (a *app) runsSync(cmd *cobra.Command, f *runsSyncFlags, names []string) error {
	if f.register != "" && len(names) != 1 {
		return usagef(cmd, "--register is for one run: name it")
	}
	target, err := mlflow.FromEnv(os.Getenv)
	if err != nil {
		return &usageError{command: cmd.CommandPath(), err: err}
	}
	if target.Server == nil {
		return usagef(cmd, "there is no server: set MLFLOW_TRACKING_URI to its URL, such as http://localhost:5000")
	}
	target.Server.Attempts = 3
	client, err := mlflow.New(*target.Server)
	if err != nil {
		return &usageError{command: cmd.CommandPath(), err: err}
	}
	dir, all, err := f.open(cmd, a)
	if err != nil {
		return err
	}
	pending, err := record.Unsent(func(r *runs.Run) bool { return client.Sent(dir, r) }, all, names)
	if err != nil {
		return err
	}
	if f.register != "" {
		if err := dir.Tag(pending[0].ID, mlflow.TagRegister, f.register); err != nil {
			return err
		}
	}
	return a.sendAll(cmd.Context(), client, dir, pending, f.json)
}

// sendAll sends runs with progress.
func (a *app) sendAll(ctx context.Context, client *mlflow.Client, dir runs.Dir, pending []*runs.Run, asJSON bool) error {
	sent, failed, last := record.Send(ctx, client, dir, pending, a.meter("sending", false))
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if asJSON {
		if err := terminal.WriteJSON(a.out, struct {
			Server string `json:"server"`
			Sent   int    `json:"sent"`
			Left   int    `json:"left"`
		}{client.Server(), sent, failed}); err != nil {
			return err
		}
	} else if last == nil {
		fmt.Fprintf(a.out, "%d runs sent to %s; it has all that have ended\n", sent, client.Server())
	}
	if last != nil {
		return fmt.Errorf("%d of %d runs are not sent: %w", failed, len(pending), last)
	}
	return nil
}
