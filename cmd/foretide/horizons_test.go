package main

import (
	"fmt"
	"strings"
	"testing"
)

// TestCoarseData: the horizons that nobody chose are the same without a
// checkpoint, in a backtest and in a checkpoint, however coarse the data, and a
// note says where they are others than the configuration's.
func TestCoarseData(t *testing.T) {
	for _, c := range []struct {
		step    int64
		ahead   []string
		missing string
	}{
		{300, []string{"300", "900", "1800"}, ""},
		{600, []string{"600", "1200", "1800"}, "data with a value every 10 min have no forecast 5 min, 15 min ahead"},
		{3600, []string{"3600"}, "data with a value every 60 min have no forecast 5 min, 15 min, 30 min ahead"},
	} {
		t.Run(fmt.Sprint(c.step), func(t *testing.T) {
			s := newSession(t)
			s.write("m.csv", head+waves("web", c.step, 600))
			predicted := func() string {
				var ahead []string
				for line := range strings.Lines(s.ok("predict", "--data", "m.csv", "--metric", "cpu", "--csv")) {
					if f := strings.Split(line, ","); f[0] == "web" {
						ahead = append(ahead, f[3])
					}
				}
				return strings.Join(ahead, " ")
			}
			want := strings.Join(c.ahead, " ")
			if got := predicted(); got != want {
				t.Errorf("without a checkpoint %s s ahead, want %s", got, want)
			}
			for _, command := range []string{"backtest", "train"} {
				_, told, code := s.run(command, "--data", "m.csv", "--metric", "cpu", "--no-run")
				if code != exitOK || strings.Contains(told, "have no forecast") != (c.missing != "") || !strings.Contains(told, c.missing) {
					t.Errorf("%s: exit code %d, it tells\n%s\nwithout %q", command, code, told, c.missing)
				}
			}
			if got := predicted(); got != want {
				t.Errorf("trained %s s ahead, want %s", got, want)
			}
		})
	}
	// Chosen ones are refused where the data cannot have them.
	s := newSession(t)
	s.write("m.csv", head+waves("web", 600, 600))
	s.write("c.yaml", "data: {prediction_horizons: [5m, 10m]}\n")
	for _, command := range []string{"backtest", "train"} {
		s.fails(exitData, "c.yaml:1:29: data.prediction_horizons: horizon 5m", command, "--data", "m.csv", "--metric", "cpu", "--config", "c.yaml", "--no-run")
	}
}
