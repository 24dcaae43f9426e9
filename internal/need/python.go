package need

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Interpreter is the variable that names the Python which tests are to use.
const Interpreter = "FORETIDE_PYTHON"

// Python returns a Python that has the modules: the one that FORETIDE_PYTHON
// names, that of benchmarks/install, or the system's.
func Python(t testing.TB, modules ...string) string {
	t.Helper()
	names := []string{os.Getenv(Interpreter)}
	if names[0] == "" {
		names = []string{fromTop("benchmarks/.venv/bin/python"), "/usr/bin/python3", "python3"}
	}
	for _, name := range names {
		if exec.Command(name, "-c", "import "+strings.Join(modules, ", ")).Run() == nil {
			return name
		}
	}
	Lacking(t, "there is no Python with "+strings.Join(modules, ", ")+" ("+Interpreter+" can name one)")
	return ""
}

// fromTop returns a path in the module's top folder.
func fromTop(path string) string {
	dir, err := os.Getwd()
	for err == nil && dir != filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, path)
		}
		dir = filepath.Dir(dir)
	}
	return path
}
