package main

import (
	"context"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/internal/fleet"
	"github.com/foretide/foretide/internal/record"
	"github.com/foretide/foretide/internal/report"
	"github.com/foretide/foretide/internal/terminal"
	"github.com/foretide/foretide/loader/store"
)

// defaultStore is the folder of the checkpoints unless a flag says otherwise.
const defaultStore = "checkpoints"

type trainFlags struct {
	settings
	record      recordFlags
	data, store string
	json        bool
	resume      bool
}

func (a *app) trainCommand() *cobra.Command {
	var f trainFlags
	cmd := &cobra.Command{
		Use:   "train",
		Short: "Train a model for each container and metric, and store it as a checkpoint",
		Long: `Train fits a model to every container's history of a metric, judges it on the
history's last part, which it was not fitted to, calibrates its intervals there,
and writes a checkpoint. Where the model does not beat the last value, a naive
one stands in, and the table says so: "by" has the model that serves, "+ naive"
where the mean of both does, and "× 0.80" where a fifth is the last value.` + runsLong + dataLong,
		Example: `  foretide train --data metrics.csv.gz --metric cpu
  foretide train --data metrics.csv.gz --metric cpu,memory --model arima
  foretide train --data metrics.csv.gz --metric cpu --config configs/cpu.yaml --container webapp`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.train(cmd, &f) },
	}
	fs := cmd.Flags()
	fs.StringVar(&f.data, "data", "", "metrics file, or folder of them (CSV, .gz)")
	fs.StringVar(&f.store, "store", defaultStore, storeHelp+"for the checkpoints")
	fs.BoolVar(&f.json, "json", false, "print JSON")
	fs.BoolVar(&f.resume, "resume", false, "go on with trainings by epochs (lstm) that were interrupted")
	f.add(cmd, "train")
	f.addModel(cmd)
	f.record.add(cmd)
	fs.StringVar(&f.record.register, "register", "", "register the checkpoints as a version of this model on the tracking server")
	return cmd
}

func (a *app) train(cmd *cobra.Command, f *trainFlags) error {
	if err := needData(cmd, f.data); err != nil {
		return err
	}
	if err := f.check(); err != nil {
		return err
	}
	if err := f.record.check(cmd); err != nil {
		return err
	}
	bucket, err := writableStore(cmd.Context(), f.store)
	if err != nil {
		return err
	}
	jobs, err := f.jobs(cmd, a, f.data)
	if err != nil {
		return err
	}
	begin, done := a.beginner(cmd, &f.record)
	rec := record.BeginTraining(begin, jobs, f.data, f.store, f.record.plain)
	out, err := a.trainFleet(cmd.Context(), jobs, rec.Keeping(bucket), fleet.Options{Resume: f.resume, Progress: rec.Progress, Done: rec.Done})
	if err == nil {
		rec.Looks(cmd.Context(), f.data, bucket, out, func() terminal.Meter { return a.meter("reporting what was trained", false) })
	}
	rec.Finish(out, err)
	done()
	if err != nil {
		return err
	}
	return a.trained(f.store, out, f.json)
}

// trained prints what was trained, or judged, and stored.
func (a *app) trained(store string, out []fleet.Result, asJSON bool) error {
	if asJSON {
		if err := report.WriteTrainedJSON(a.out, store, out); err != nil {
			return err
		}
	} else {
		report.WriteTrained(a.out, out)
	}
	if err := fleet.Failure(out); err != nil {
		return err
	}
	done := 0
	for i := range out {
		if out[i].Err != nil {
			a.notice("foretide: not trained: %v", out[i].Err)
			continue
		}
		done++
	}
	a.notice("%d of %d checkpoints are in %s", done, len(out), store)
	return nil
}

// trainFleet trains on all cores, with progress.
func (a *app) trainFleet(ctx context.Context, jobs []fleet.Job, bucket store.Bucket, o fleet.Options) ([]fleet.Result, error) {
	t := &telling{app: a}
	defer t.finish()
	t.tell(fleet.Progress{What: "training", Total: len(jobs)})
	// The first signal asks a training by epochs for the best that it has, the
	// second ends everything.
	hard, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	go func() {
		<-ctx.Done()
		<-signals // the one that ended ctx
		<-signals
		cancel()
	}()
	o.Workers = runtime.GOMAXPROCS(0)
	also := o.Progress
	o.Progress = func(p fleet.Progress) {
		t.tell(p)
		if also != nil {
			also(p)
		}
	}
	o.Stop = func() bool { return ctx.Err() != nil }
	out, err := fleet.Train(hard, jobs, bucket, o)
	for i := range out {
		if r := &out[i]; err != nil && r.Name != "" && r.Report.Fit.Status == forecast.Interrupted {
			a.notice("%s of %s: the best of the training so far is stored; train --resume goes on with it", r.Metric, r.Container)
		}
	}
	return out, err
}
