package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/foretide/foretide/internal/fleet"
	"github.com/foretide/foretide/internal/terminal"
	"github.com/foretide/foretide/loader/config"
)

// MissingHorizons says for people, once for each step of the data, which of the
// configuration's horizons cannot be had and which there are in their place.
// Where Task refuses the horizons, its error says why.
func MissingHorizons(jobs []fleet.Job) (told []string) {
	type kind struct {
		config *config.Config
		step   int64
	}
	var seen []kind
	for _, j := range jobs {
		k := kind{j.Config, j.Frame.Step}
		if slices.Contains(seen, k) {
			continue
		}
		seen = append(seen, k)
		task, err := fleet.Task(k.config, k.step)
		if err != nil {
			continue
		}
		var missing []int64
		for _, h := range k.config.Horizons() {
			if s := int64(h / time.Second); !slices.Contains(task.Horizons, s) {
				missing = append(missing, s)
			}
		}
		if len(missing) == 0 {
			continue
		}
		text := "data with a value every " + terminal.Minutes(k.step) + " have no forecast " + aheads(missing) + " ahead; forecasts are " +
			aheads(task.Horizons) + " ahead (data.prediction_horizons names others)"
		if !slices.Contains(told, text) {
			told = append(told, text)
		}
	}
	return told
}

// aheads lists seconds as people say them.
func aheads(seconds []int64) string {
	var out []string
	for _, s := range seconds {
		out = append(out, terminal.Minutes(s))
	}
	return strings.Join(out, ", ")
}

// OfStep returns the jobs whose containers have a value every so many seconds,
// and says for people which others there are; "" for none.
func OfStep(jobs []fleet.Job, step int64) (out []fleet.Job, others string) {
	count := map[int64]int{}
	for _, j := range jobs {
		if j.Frame.Step == step {
			out = append(out, j)
		} else {
			count[j.Frame.Step]++
		}
	}
	var text []string
	for _, s := range slices.Sorted(maps.Keys(count)) {
		text = append(text, fmt.Sprintf("%s with a value every %d s", terminal.Counted(count[s], "container"), s))
	}
	return out, strings.Join(text, ", ")
}
