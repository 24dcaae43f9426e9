package serving

import (
	"encoding/json"
	"os"
	"os/exec"
	"testing"

	"github.com/foretide/foretide/internal/testkit/servers"
)

// TestRules: the rules of infra/grafana are good, and alerts come and stay away as rules_test.yml
// says.
func TestRules(t *testing.T) {
	t.Parallel()
	servers.NeedPrometheus(t)
	for _, args := range [][]string{{"check", "rules", "rules.yml"}, {"test", "rules", "rules_test.yml"}} {
		cmd := exec.Command("promtool", args...)
		cmd.Dir = "../../infra/grafana"
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("promtool %v: %v\n%s", args, err, out)
		}
	}
}

// TestDashboard: panels have an id and a place of their own.
func TestDashboard(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("../../infra/grafana/dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		UID    string
		Panels []struct {
			ID      int
			Title   string
			GridPos struct{ X, Y, W, H int }
		}
	}
	if err := json.Unmarshal(b, &d); err != nil || d.UID == "" || len(d.Panels) < 10 {
		t.Fatalf("%v %+v", err, d)
	}
	ids, taken := map[int]bool{}, map[[2]int]string{}
	for _, p := range d.Panels {
		if ids[p.ID] || p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("panel %q has the id %d of another, or reaches over the edge", p.Title, p.ID)
		}
		ids[p.ID] = true
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" {
					t.Fatalf("panels %q and %q overlap", p.Title, other)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
	}
}
