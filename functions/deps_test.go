package functions_test

import (
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/foretide/foretide/internal/testkit"
)

// TestReach: each function reaches only what it runs. One that fits no model
// compiles no trainer, one that serves none no models, and the clients of
// Prometheus and CloudWatch are in those alone that call them.
func TestReach(t *testing.T) {
	testkit.Sources(t)
	trainers := []string{"core/*/fit", "core/train", "core/optim", "internal/fleet", "internal/steps/train", "gonum.org/v1/gonum/*"}
	clients := []string{"infra/prometheus", "infra/cloudwatch"}
	models := []string{"core/models", "core/arima", "core/auto", "core/calibrate", "core/linear", "core/lstm", "core/prophet", "loader", "internal/steps/batch"}
	never := []string{"cmd/*", "infra/local", "internal/localstack", "internal/testkit", "internal/testkit/*", "testing", "github.com/tetratelabs/wazero/imports/*"}
	for name, banned := range map[string][]string{
		"collect":  slices.Concat(never, trainers, models),
		"plan":     slices.Concat(never, trainers, clients, []string{"internal/steps/batch"}),
		"train":    slices.Concat(never, clients, []string{"internal/steps/predict"}),
		"predict":  slices.Concat(never, trainers),
		"forecast": slices.Concat(never, trainers, clients, []string{"internal/steps/predict"}),
	} {
		t.Run(name, func(t *testing.T) {
			const root = "github.com/foretide/foretide/"
			out, err := exec.Command("go", "list", "-deps", root+"functions/"+name).Output()
			if err != nil {
				t.Fatalf("go list: %v", err)
			}
			deps := strings.Fields(string(out))
			if !slices.Contains(deps, root+"internal/lake") {
				t.Fatalf("go list names %d packages without internal/lake", len(deps))
			}
			for _, d := range deps {
				short := strings.TrimPrefix(d, root)
				if i := slices.IndexFunc(banned, func(p string) bool { ok, _ := path.Match(p, short); return ok }); i >= 0 {
					t.Errorf("functions/%s depends on %s, want nothing of %s", name, short, banned[i])
				}
			}
		})
	}
}
