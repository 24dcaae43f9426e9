package record

import (
	"path/filepath"
	"strconv"

	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/internal/fleet"
	"github.com/foretide/foretide/internal/runs"
	"github.com/foretide/foretide/loader/config"
)

// Dataset describes the data that a run reads.
func Dataset(path, context string, jobs []fleet.Job) runs.Dataset {
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
	return runs.Dataset{Name: filepath.Base(abs), Digest: Digest(fleet.Digest(jobs)), Source: abs, Profile: profile, Context: context}
}

// Jobs lists every metric of every frame that is wanted, as jobs.
func Jobs(frames []series.Frame, metrics []string, wanted func(container, metric string) bool) []fleet.Job {
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

// A Beginner begins the main run of a command; it returns nil where none is
// recorded.
type Beginner func(name string, params map[string]string, inputs ...runs.Dataset) *Session
