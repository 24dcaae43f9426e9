package sagemaker

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/foretide/foretide/internal/testkit"
)

// TestDeploy runs deploy_test.py, with the program that it needs. The Python which
// has the SageMaker SDK and moto is named by FORETIDE_SAGEMAKER.
func TestDeploy(t *testing.T) {
	t.Parallel()
	python := os.Getenv("FORETIDE_SAGEMAKER")
	if python == "" {
		testkit.Lacking(t, `FORETIDE_SAGEMAKER is not set: it names a Python with "sagemaker<3" and "moto[server]"`)
	}
	binary := filepath.Join(t.TempDir(), "foretide-sagemaker")
	if out, err := exec.Command("go", "build", "-o", binary, "../../cmd/foretide-sagemaker").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.Command(python, "deploy_test.py")
	cmd.Env = append(os.Environ(), "FORETIDE_SAGEMAKER_BINARY="+binary)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "\nRan 3 tests") {
		t.Fatalf("%v\n%s", err, out)
	}
}
