package main

import (
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/infra/mlflow"
	"github.com/foretide/foretide/infra/runs"
	"github.com/foretide/foretide/internal/fleet"
	"github.com/foretide/foretide/internal/record"
	"github.com/foretide/foretide/loader/config"
)

const (
	defaultRuns       = "experiments/runs"
	defaultExperiment = "foretide"
)

// runsLong is what the help of the commands that record runs says.
const runsLong = `

What it was given and what came of it is kept as a run, in experiments/runs
unless --runs names another folder; --no-run keeps nothing. With it goes a report
(report.html) of the 60 worst series and pictures (plots) of the 6 worst, which
--no-report leaves out. "foretide runs" lists, shows and compares runs, and MLflow
reads the same folder. Where MLFLOW_TRACKING_URI names a server (http or https),
runs are sent there, too; what could not be sent is told, and "foretide runs sync"
sends it later. "foretide runs --help" has the environment.`

// recordFlags say whether and where a command is recorded.
type recordFlags struct {
	dir, experiment, name string
	register              string // train alone has it
	off                   bool
	plain                 bool // no report, no pictures
}

func (f *recordFlags) add(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringVar(&f.name, "run-name", "", "name of the run (default: of the command, the models and the metrics)")
	fs.StringVar(&f.experiment, "experiment", orDefault(os.Getenv("MLFLOW_EXPERIMENT_NAME"), defaultExperiment), "experiment that the run belongs to")
	addRuns(cmd, &f.dir)
	fs.BoolVar(&f.off, "no-run", false, "do not record a run")
	fs.BoolVar(&f.plain, "no-report", false, "keep no report and no pictures with the run")
}

// addRuns declares the flag that names the folder of runs.
func addRuns(cmd *cobra.Command, dir *string) {
	cmd.Flags().StringVar(dir, "runs", orDefault(os.Getenv("FORETIDE_RUNS"), defaultRuns), "folder of the runs")
}

// check refuses flags that contradict each other.
func (f *recordFlags) check(cmd *cobra.Command) error {
	if f.off {
		for _, name := range []string{"run-name", "experiment", "runs", "no-report"} {
			if cmd.Flags().Changed(name) {
				return usagef(cmd, "--no-run and --%s exclude each other", name)
			}
		}
	}
	if f.off && f.register != "" {
		return usagef(cmd, "--no-run and --register exclude each other")
	}
	if f.experiment == "" {
		return usagef(cmd, "--experiment is empty; name one, such as %q", defaultExperiment)
	}
	return nil
}

// record begins the run of a command; nil where none is recorded. The function
// is to be called when it is over.
func (a *app) record(cmd *cobra.Command, f *recordFlags, name string, params map[string]string, inputs ...runs.Dataset) (*record.Session, func()) {
	if f.off {
		return nil, func() {}
	}
	dir, server := a.tracking(cmd, f.dir)
	o := record.Options{
		Dir: dir, Experiment: f.experiment, Name: orDefault(f.name, name), Command: cmd.Name(), Args: a.args,
		Tell: func(text string) { a.notice("foretide: %s", text) },
	}
	if server == nil {
		s := record.Begin(o, params, inputs...)
		if f.register != "" {
			s.Main().Tag(mlflow.TagRegister, f.register)
			a.notice("foretide: there is no tracking server to register %s on: set MLFLOW_TRACKING_URI and run %q", f.register, "foretide runs sync")
		}
		return s, func() {}
	}
	u := mlflow.NewUploader(server, dir, func(text string) { a.notice("foretide: %s", text) })
	o.Changed = u.Changed
	s := record.Begin(o, params, inputs...)
	s.Main().Tag(mlflow.TagRegister, f.register)
	return s, func() {
		wait := 5 * time.Second
		if d, err := time.ParseDuration(os.Getenv("FORETIDE_TRACKING_WAIT")); err == nil && d >= 0 {
			wait = d
		}
		if cmd.Context().Err() != nil {
			wait = min(wait, time.Second) // somebody wants it to end
		}
		if left, err := u.Close(wait); left > 0 {
			a.notice("foretide: %v\nforetide: %d runs of this command are not on the server yet: %q sends them", err, left, "foretide runs sync")
		}
	}
}

// tracking returns the folder of the runs, and the server that they are sent to;
// nil for none. What the environment says wrongly is told: it fails nothing.
func (a *app) tracking(cmd *cobra.Command, dir string) (runs.Dir, *mlflow.Client) {
	target, err := mlflow.FromEnv(os.Getenv)
	if err == nil && target.Server != nil {
		var c *mlflow.Client
		if c, err = mlflow.New(*target.Server); err == nil {
			return runs.Dir(dir), c
		}
	}
	if err != nil {
		a.notice("foretide: %v; runs are kept in %s alone", err, dir)
	}
	if target.Folder != "" && !cmd.Flags().Changed("runs") {
		dir = target.Folder
	}
	return runs.Dir(dir), nil
}

// dataset describes the data that a run reads.
func dataset(path, context string, jobs []fleet.Job) runs.Dataset {
	abs, err := filepath.Abs(path)
	if err != nil {
		abs = path
	}
	points, from, to := 0, int64(0), int64(0)
	for i := range jobs {
		s, _ := jobs[i].Frame.Series(jobs[i].Config.MetricName)
		points += s.Count()
		if i == 0 {
			from, to = s.Start, s.End()
		}
		from, to = min(from, s.Start), max(to, s.End())
	}
	profile := `{"series": ` + strconv.Itoa(len(jobs)) + `, "points": ` + strconv.Itoa(points) +
		`, "from": ` + strconv.FormatInt(from, 10) + `, "to": ` + strconv.FormatInt(to, 10) + `}`
	return runs.Dataset{Name: filepath.Base(abs), Digest: record.Digest(fleet.Digest(jobs)), Source: abs, Profile: profile, Context: context}
}

// allJobs lists every metric of every frame that is wanted, as jobs.
func allJobs(frames []series.Frame, metrics []string, wanted func(container, metric string) bool) []fleet.Job {
	var out []fleet.Job
	for i := range frames {
		for _, m := range metrics {
			if frames[i].Column(m) >= 0 && wanted(frames[i].Container, m) {
				out = append(out, fleet.Job{Frame: &frames[i], Config: &config.Config{MetricName: m}})
			}
		}
	}
	return out
}
