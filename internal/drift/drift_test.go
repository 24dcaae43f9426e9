package drift

import (
	"slices"
	"testing"

	"github.com/foretide/foretide/loader"
)

// TestDue: a container's own checkpoint is due when its model has drifted; a shared
// one when it has for more than a tenth of the containers that were judged.
func TestDue(t *testing.T) {
	shared := loader.Key{Metric: "cpu"}
	rows := func(drifted, steady, skipped int) (out []Row) {
		for range drifted {
			out = append(out, Row{Key: shared, Drift: true, Horizons: make([]Horizon, 1)})
		}
		for range steady {
			out = append(out, Row{Key: shared, Horizons: make([]Horizon, 1)})
		}
		for range skipped {
			out = append(out, Row{Key: shared, Reason: Seen})
		}
		return out
	}
	own := func(name string, drift bool) Row {
		return Row{Key: loader.Key{Metric: "memory", Container: name}, Drift: drift, Horizons: make([]Horizon, 1)}
	}
	for _, c := range []struct {
		name string
		rows []Row
		want []loader.Key
	}{
		{"nothing", nil, nil},
		{"own", []Row{own("web", true), own("db", false), own("a", true)}, []loader.Key{own("a", true).Key, own("web", true).Key}},
		{"a tenth of the shared", rows(1, 9, 0), nil},
		{"more than a tenth", rows(2, 9, 0), []loader.Key{shared}},
		{"a tenth of the judged", rows(2, 8, 100), []loader.Key{shared}},
		{"a checkpoint that does not load", []Row{{Key: shared, Drift: true, Reason: OldCheckpoint}}, []loader.Key{shared}},
	} {
		if got := Due(c.rows); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v are due, want %v", c.name, got, c.want)
		}
	}
}
