package loader_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestDependencies: dependencies point one way. Whoever imports the loader
// compiles the serving half of the core and zstd, and nothing else of ours or
// of others' (gonum, for one, is for fitting alone); the core and the outside
// systems do not know the loader.
//
// infra/s3 and infra/cloudwatch import AWS's client; loader/store is a leaf.
func TestDependencies(t *testing.T) {
	const root = "github.com/foretide/foretide/"
	for from, allowed := range map[string][]string{
		"core/...": {root + "core/", "gonum.org/", "golang.org/x/sys/cpu"},
		"loader":   {root + "core/", "golang.org/x/sys/cpu", root + "loader", root + "wasm", root + "internal/near", root + "internal/guest", "github.com/klauspost/compress", "github.com/tetratelabs/wazero", "golang.org/x/sys"},
		"infra/...": {root + "core/", root + "infra/", root + "internal/near", root + "internal/newfile", root + "internal/gauges", root + "internal/runs", "golang.org/x/sys/cpu", "github.com/klauspost/compress", "github.com/goccy/go-json", "github.com/goccy/go-yaml", "github.com/prometheus/", "google.golang.org/protobuf",
			"github.com/parquet-go/", "github.com/andybalholm/brotli", "github.com/google/uuid", "github.com/pierrec/lz4", "github.com/twpayne/go-geom"},
		"infra/s3":      {root + "infra/s3", root + "internal/near", root + "loader/store", "github.com/aws/aws-sdk-go-v2", "github.com/aws/smithy-go"},
		"loader/store":  {root + "loader/store"},
		"internal/near": {root + "internal/near"},
	} {
		args := []string{"list", "-deps", root + from}
		if from == "infra/..." {
			args = append(args[:2], others(t, root)...)
		}
		out, err := exec.Command("go", args...).Output()
		if err != nil {
			t.Fatalf("go list %s: %v", from, err)
		}
		deps := strings.Fields(string(out))
		if len(deps) < 10 {
			t.Errorf("%s: go list names only %v", from, deps)
		}
		for _, d := range deps {
			host, _, _ := strings.Cut(d, "/")
			ours := !strings.Contains(host, ".")
			for _, a := range allowed {
				ours = ours || strings.HasPrefix(d, a)
			}
			if !ours {
				t.Errorf("%s depends on %s", from, d)
			}
			if from == "loader" && strings.HasPrefix(d, root+"core/") && strings.HasSuffix(d, "/fit") {
				t.Errorf("%s depends on %s, which fits and does not serve", from, d)
			}
		}
	}
}

// others are the packages below infra without s3, and without the programs of
// infra/local, which start others.
func others(t *testing.T, root string) []string {
	out, err := exec.Command("go", "list", root+"infra/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(strings.Fields(string(out)), func(p string) bool {
		return p == root+"infra/s3" || p == root+"infra/cloudwatch" || strings.HasPrefix(p, root+"infra/local")
	})
}

// TestJSON: goccy/go-json reads and writes JSON. encoding/json is for tests, which
// check by it what go-json wrote, and for package loader, whose importers need not
// compile go-json.
func TestJSON(t *testing.T) {
	const root = "github.com/foretide/foretide/"
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
		if slices.Contains(imports[1:], "encoding/json") && imports[0] != root+"loader" {
			t.Errorf("%s imports encoding/json, want github.com/goccy/go-json", imports[0])
		}
	}
	if users < 10 {
		t.Errorf("%d packages import go-json, want at least 10: does go list name the imports?", users)
	}
}
