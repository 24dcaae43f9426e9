package testkit

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
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
		if hasModules(name, strings.Join(modules, ", ")) {
			return name
		}
	}
	Lacking(t, "there is no Python with "+strings.Join(modules, ", ")+" ("+Interpreter+" can name one)")
	return ""
}

// asked is what has been found out by interpreter and modules: to import PyTorch
// takes seconds.
var asked sync.Map

// hasModules reports whether a Python has the modules.
func hasModules(name, modules string) bool {
	key := [2]string{name, modules}
	if known, ok := asked.Load(key); ok {
		return known.(bool)
	}
	ok := exec.Command(name, "-c", "import "+modules).Run() == nil
	asked.Store(key, ok)
	return ok
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
