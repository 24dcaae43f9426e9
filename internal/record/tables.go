package record

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/foretide/foretide/internal/runs"
	"github.com/foretide/foretide/internal/terminal"
)

// WriteList prints a line for each run, with some of its metrics. All are the
// runs that parts are counted among.
func WriteList(w io.Writer, all, shown []*runs.Run, metrics []string) {
	several := slices.ContainsFunc(shown, func(r *runs.Run) bool { return r.Experiment != shown[0].Experiment })
	head := []string{"run", "name", "state", "began", "took", "parts"}
	if several {
		head = append(head, "experiment")
	}
	t := terminal.NewTable(append(head, metrics...)...)
	t.Right(4, 5)
	for i := range metrics {
		t.Right(len(head) + i)
	}
	count := map[string]int{}
	for _, r := range all {
		count[r.Parent()]++
	}
	for _, r := range shown {
		n := ""
		if c := count[r.ID]; c > 0 {
			n = strconv.Itoa(c)
		}
		row := []string{ShortID(r.ID), terminal.Clean(r.Name), state(r), terminal.Stamp(r.Start.Unix()), lasting(took(r)), n}
		if several {
			row = append(row, terminal.Clean(r.Experiment))
		}
		for _, m := range metrics {
			row = append(row, valueText(ValueOf(r, m)))
		}
		t.Row(row...)
	}
	t.Write(w)
}

// WriteRun prints a run for people, with its parts and files.
func WriteRun(w io.Writer, dir runs.Dir, r *runs.Run, of []*runs.Run, files []runs.Artifact) {
	fmt.Fprintf(w, "%s  %s\n%s, %s, took %s, experiment %s\n", r.ID, terminal.Clean(r.Name), state(r), terminal.Stamp(r.Start.Unix()), lasting(took(r)), terminal.Clean(r.Experiment))
	if p := r.Parent(); p != "" {
		fmt.Fprintf(w, "part of %s\n", terminal.Clean(p))
	}
	for _, in := range r.Inputs {
		fmt.Fprintf(w, "read %s, digest %s\n", terminal.Clean(in.Source), terminal.Clean(in.Digest))
	}
	if text := r.Tags[TagError]; text != "" {
		fmt.Fprintf(w, "failed: %s\n", terminal.Clean(text))
	}
	t := terminal.NewTable("parameter", "")
	for _, k := range slices.Sorted(maps.Keys(r.Params)) {
		t.Row(terminal.Clean(k), terminal.Clean(r.Params[k]))
	}
	for _, k := range slices.Sorted(maps.Keys(r.Tags)) {
		if strings.HasPrefix(k, "foretide.") && k != TagError {
			t.Row(terminal.Clean(k), terminal.Clean(r.Tags[k]))
		}
	}
	section(w, t)
	if len(r.Metrics) > 0 {
		t := terminal.NewTable("metric", "value", "curve")
		t.Right(1)
		for _, k := range r.Names() {
			t.Row(terminal.Clean(k), valueText(ValueOf(r, k)), curveText(r.Metrics[k]))
		}
		section(w, t)
	}
	if len(of) > 0 {
		t := terminal.NewTable("part", "name", "state", "model", "ratio", "coverage80")
		t.Right(4, 5)
		for _, p := range of {
			t.Row(ShortID(p.ID), terminal.Clean(p.Name), state(p), terminal.Clean(p.Tags[TagModel]), valueText(ValueOf(p, "ratio")), valueText(ValueOf(p, "coverage80")))
		}
		section(w, t)
	}
	if len(files) > 0 {
		t := terminal.NewTable("file", "bytes")
		t.Right(1)
		for _, file := range files {
			t.Row(terminal.Clean(file.Name), fmt.Sprint(file.Size))
		}
		section(w, t)
		if folder, err := dir.Folder(r.ID); err == nil {
			fmt.Fprintf(w, "\nThe files are in %s/artifacts.\n", folder)
		}
	}
}

// curveText is a small curve and what it goes from and to; "" for one value.
func curveText(points []runs.Point) string {
	if len(points) < 2 {
		return ""
	}
	v := make([]float64, len(points))
	for i, p := range points {
		v[i] = p.Value
	}
	first, last := points[0], points[len(points)-1]
	return fmt.Sprintf("%s  %s to %s in steps %d to %d", terminal.Spark(v, 32), terminal.Number(first.Value), terminal.Number(last.Value), first.Step, last.Step)
}
