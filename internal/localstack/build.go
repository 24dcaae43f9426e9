package localstack

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// BuildFlags are what the bootstraps are built with. Without lambda.norpc the linker
// keeps the runtime of years ago, and net/rpc with it.
var BuildFlags = []string{"-trimpath", "-tags", "lambda.norpc", "-ldflags", "-s -w"}

// BuildInto compiles functions of the module's folder functions/ into dir/NAME/
// bootstrap, as they ship; goarch "" is this machine's. It returns the paths.
func BuildInto(ctx context.Context, dir, goarch string, names ...string) (map[string]string, error) {
	out := map[string]string{}
	for _, name := range names {
		path := filepath.Join(dir, name, "bootstrap")
		args := append([]string{"build"}, BuildFlags...)
		cmd := exec.CommandContext(ctx, "go", append(args, "-o", path, "github.com/foretide/foretide/functions/"+name)...)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
		if goarch != "" {
			cmd.Env = append(cmd.Env, "GOARCH="+goarch)
		}
		if text, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("building %s: %w\n%s", name, err, strings.TrimSpace(string(text)))
		}
		out[name] = path
	}
	return out, nil
}
