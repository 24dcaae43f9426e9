//go:build !wasip1

package models

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/foretide/foretide/internal/testkit"
)

// TestNoNames: outside the table and the families' own folders, no program
// compares with a family's name or lists families; it reads traits.
func TestNoNames(t *testing.T) {
	testkit.Sources(t)
	const root = "../.."
	files := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		if d.IsDir() {
			own := rel == "core/models" || rel == "benchmarks" || slices.Contains(Names(), strings.TrimPrefix(rel, "core/"))
			if own || d.Name() == "testdata" || d.Name() != "." && d.Name() != ".." && strings.HasPrefix(d.Name(), ".") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || rel == "loader/config/families.go" || rel == "cmd/foretide/demo.go" {
			return nil // a list that is tested against Names, and the models that the demo shows
		}
		files++
		for _, at := range namesIn(t, path, nil) {
			t.Errorf("%s names a family; want a trait of core/models", at)
		}
		return nil
	})
	if err != nil || files < 300 {
		t.Fatalf("read %d files: %v", files, err)
	}
}

// TestDocs: the page about models has a row for each family.
func TestDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/models.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range Names() {
		if !strings.Contains(string(page), "\n| `"+name+"` |") {
			t.Errorf("docs/models.md has no row for %s", name)
		}
	}
}

// TestNamesIn: what TestNoNames looks for is found.
func TestNamesIn(t *testing.T) {
	const head = "package p\nfunc f(model string) bool { "
	for source, want := range map[string]int{
		`return model == "arima" }`:                                   1,
		`return lstm.Name != model }`:                                 1,
		`switch model { case "naive": return true }; return false}`:   1,
		`return slices.Contains([]string{"lstm", "network"}, model)}`: 1,
		`return model == "auto" }`:                                    1,
		`progress := model; return progress == "auto" }`:              0,
		`return model != "" }`:                                        0,
	} {
		if got := namesIn(t, "p.go", head+source); len(got) != want {
			t.Errorf("%s: got %v, want %d", source, got, want)
		}
	}
}

// namesIn returns where a file compares with a family's name or lists several.
func namesIn(t *testing.T, path string, source any) []string {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, source, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	found := func(n ast.Node) { out = append(out, set.Position(n.Pos()).String()) }
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryExpr:
			if n.Op == token.EQL || n.Op == token.NEQ {
				if isName(n.X, n.Y) || isName(n.Y, n.X) {
					found(n)
				}
			}
		case *ast.SwitchStmt:
			for _, c := range n.Body.List {
				if slices.ContainsFunc(c.(*ast.CaseClause).List, func(e ast.Expr) bool { return isName(e, n.Tag) }) {
					found(c)
				}
			}
		case *ast.CompositeLit:
			several := 0
			for _, e := range n.Elts {
				if kv, ok := e.(*ast.KeyValueExpr); ok {
					e = kv.Key
				}
				if isName(e, nil) {
					several++
				}
			}
			if several > 1 {
				found(n)
			}
		}
		return true
	})
	return out
}

// isName reports whether an expression is a family's name. "auto" and "linear"
// have other meanings too: they count where they are compared with a model.
func isName(e, with ast.Expr) bool {
	switch e := e.(type) {
	case *ast.SelectorExpr:
		pkg, ok := e.X.(*ast.Ident)
		return ok && e.Sel.Name == "Name" && slices.Contains(Names(), pkg.Name)
	case *ast.BasicLit:
		name, err := strconv.Unquote(e.Value)
		if err != nil || e.Kind != token.STRING || !slices.Contains(Names(), name) {
			return false
		}
		return name != "auto" && name != "linear" || ofModel(with)
	}
	return false
}

// ofModel reports whether an expression's last identifier is a model's.
func ofModel(e ast.Expr) bool {
	if s, ok := e.(*ast.SelectorExpr); ok {
		e = s.Sel
	}
	id, ok := e.(*ast.Ident)
	return ok && (strings.Contains(strings.ToLower(id.Name), "model") || strings.Contains(strings.ToLower(id.Name), "family"))
}
