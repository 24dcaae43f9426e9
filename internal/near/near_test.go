package near

import (
	"slices"
	"testing"
)

func TestNames(t *testing.T) {
	t.Parallel()
	metrics := []string{"cpu", "memory", "disk_read", "disk_write", "net_rx", "net_tx"}
	containers := []string{"ccc/cluster2", "ccc/cluster20", "ccc/cluster28", "web-frontend", "web-backend", "db"}
	for _, c := range []struct {
		name  string
		known []string
		want  []string
	}{
		{"memroy", metrics, []string{"memory"}},
		{"mem", metrics, []string{"memory"}},
		{"CPU", metrics, []string{"cpu"}},
		{"cpus", metrics, []string{"cpu"}},
		{"net_rt", metrics, []string{"net_rx", "net_tx"}},
		{"net_rx_bytes", metrics, []string{"net_rx"}},
		{"latency", metrics, nil},
		{"", metrics, nil},
		{"db", nil, nil},
		{"bd", containers, []string{"db"}},
		{"xy", containers, nil},
		{"cluster28", containers, []string{"ccc/cluster28"}},
		{"ccc/cluster29", containers, []string{"ccc/cluster2", "ccc/cluster20", "ccc/cluster28"}},
		{"web", containers, []string{"web-backend", "web-frontend"}},
	} {
		if got := Names(c.name, c.known, 3); !slices.Equal(got, c.want) {
			t.Errorf("%q: got %q, want %q", c.name, got, c.want)
		}
	}
	if got := Names("net_rt", metrics, 1); len(got) != 1 {
		t.Errorf("one of two: got %q", got)
	}
}

func TestHint(t *testing.T) {
	t.Parallel()
	known := []string{"alpha1", "alpha2", "alpha3", "beta"}
	for name, want := range map[string]string{
		"betta": `; did you mean "beta"?`,
		"alpha": `; did you mean "alpha1", "alpha2" or "alpha3"?`,
		"gamma": "",
	} {
		if got := Hint(name, known); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"kitten", "sitting", 3},
		{"abcd", "abdc", 1}, {"ca", "abc", 3}, {"é", "e", 1},
	} {
		if got := distance([]rune(c.a), []rune(c.b)); got != c.want {
			t.Errorf("%q to %q: got %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
