package loader_test

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/foretide/foretide/internal/testkit"
)

// root is the module's path with a slash.
const root = "github.com/foretide/foretide/"

// TestDependencies: dependencies point down, from the command line and services to
// infra, to loader, to core. Each rule lists all that a part may depend on beside
// the standard library. functions has a test of its own, core/models one of what
// the guest reaches.
func TestDependencies(t *testing.T) {
	testkit.Sources(t)
	parquet := []string{"github.com/parquet-go/", "github.com/andybalholm/brotli", "github.com/google/uuid", "github.com/pierrec/lz4", "github.com/twpayne/go-geom"}
	aws := []string{"github.com/aws/aws-sdk-go-v2", "github.com/aws/smithy-go"}
	for _, rule := range []struct {
		name    string
		of      []string // packages
		not     []string // of these
		allowed []string // prefixes of paths
		banned  []string // suffixes of paths that are allowed otherwise
	}{
		{name: "core imports nothing of ours outside core", of: []string{"core/..."},
			allowed: []string{root + "core/", "gonum.org/", "golang.org/x/sys/cpu"}},
		{name: "the guest imports core alone", of: []string{"wasm/guest"},
			allowed: []string{root + "core/", root + "wasm/guest", "golang.org/x/sys/cpu"}, banned: []string{"/fit", "core/train", "core/optim"}},
		{name: "loader imports core and the built module, no trainer and no AWS package", of: []string{"loader"},
			allowed: []string{root + "core/", root + "loader", root + "wasm", root + "internal/near", root + "internal/panics", root + "internal/guest",
				"github.com/klauspost/compress", "github.com/tetratelabs/wazero", "golang.org/x/sys"},
			banned: []string{"/fit", "core/train", "core/optim"}},
		{name: "loader/config imports core", of: []string{"loader/config"},
			allowed: []string{root + "core/", root + "loader/config", root + "internal/near", "github.com/goccy/", "golang.org/x/sys/cpu"},
			banned:  []string{"/fit", "core/train", "core/optim"}},
		{name: "loader/store imports nothing", of: []string{"loader/store"}, allowed: []string{root + "loader/store"}},
		{name: "infra imports core and loader/store", of: []string{"infra/..."}, not: []string{"infra/s3", "infra/cloudwatch", "infra/local"},
			allowed: slices.Concat(parquet, []string{root + "core/", root + "infra/", root + "loader/store",
				root + "internal/near", root + "internal/newfile", root + "internal/runs",
				"golang.org/x/sys/cpu", "github.com/klauspost/compress", "github.com/goccy/", "github.com/prometheus/", "google.golang.org/protobuf"})},
		{name: "AWS's clients import loader/store", of: []string{"infra/s3", "infra/cloudwatch"},
			allowed: slices.Concat(aws, []string{root + "infra/s3", root + "infra/cloudwatch", root + "loader/store", root + "internal/near", root + "core/series", root + "core/kernel", root + "core/internal/",
				"github.com/goccy/go-json", "golang.org/x/sys/cpu"})},
		{name: "internal/near imports nothing", of: []string{"internal/near"}, allowed: []string{root + "internal/near"}},
	} {
		t.Run(rule.name, func(t *testing.T) {
			packages := golist(t, rule.of...)
			packages = slices.DeleteFunc(packages, func(p string) bool {
				return slices.ContainsFunc(rule.not, func(n string) bool { return p == root+n || strings.HasPrefix(p, root+n+"/") })
			})
			deps := golist(t, append([]string{"-deps"}, packages...)...)
			if len(packages) == 0 || len(deps) < len(packages)+5 {
				t.Fatalf("go list names %d packages and %d dependencies", len(packages), len(deps))
			}
			for _, d := range deps {
				host, _, _ := strings.Cut(d, "/")
				standard := !strings.Contains(host, ".")
				allowed := slices.ContainsFunc(rule.allowed, func(a string) bool { return strings.HasPrefix(d, a) })
				banned := slices.ContainsFunc(rule.banned, func(b string) bool { return strings.HasSuffix(d, b) })
				if !standard && (!allowed || banned) {
					t.Errorf("%s: %v depend on %s", rule.name, rule.of, d)
				}
			}
		})
	}
}

// golist returns the packages that go list names; ours may be without the module's
// path.
func golist(t *testing.T, args ...string) []string {
	t.Helper()
	all := []string{"list"}
	for _, a := range args {
		if !strings.HasPrefix(a, "-") && !strings.HasPrefix(a, root) {
			a = root + a
		}
		all = append(all, a)
	}
	cmd := exec.Command("go", all...)
	if slices.Contains(args, "wasm/guest") || slices.Contains(args, root+"wasm/guest") {
		cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	}
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %v: %v", all, err)
	}
	return strings.Fields(string(out))
}

// TestJSON: goccy/go-json reads and writes JSON. encoding/json is for tests, which
// check by it what go-json wrote.
func TestJSON(t *testing.T) {
	testkit.Sources(t)
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, root+"...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	users := 0
	for line := range strings.Lines(string(out)) {
		imports := strings.Fields(line)
		if slices.Contains(imports[1:], "github.com/goccy/go-json") {
			users++
		}
		if slices.Contains(imports[1:], "encoding/json") {
			t.Errorf("%s imports encoding/json, want github.com/goccy/go-json", imports[0])
		}
	}
	if users < 10 {
		t.Errorf("%d packages import go-json, want at least 10: does go list name the imports?", users)
	}
}
