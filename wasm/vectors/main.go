// Command vectors makes the test vectors of the binary interface: bytes that go
// in, and what the module answers (wasm/ABI.md).
//
//	go run ./wasm/vectors        # the answers of wasm/foretide.wasm to what is there
//	go run ./wasm/vectors -fit   # fit the checkpoints anew, too
//
// The data are the demo's (see NOTICE).
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/goccy/go-json"

	"github.com/foretide/foretide/core/models"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/internal/guest"
	"github.com/foretide/foretide/wasm"
)

// A vector is a call and its outcome.
type vector struct {
	Says    string `json:"says"`
	Call    string `json:"call"`
	Handle  int32  `json:"handle,omitempty"`
	In      string `json:"in,omitempty"`
	Returns int32  `json:"returns"`
	Out     string `json:"out,omitempty"`
	Message string `json:"message,omitempty"`

	bytes []byte // of In
}

func main() {
	dir := flag.String("dir", filepath.Join("wasm", "testdata"), "folder of the vectors")
	fit := flag.Bool("fit", false, "fit the checkpoints anew")
	flag.Parse()
	if err := run(*dir, *fit); err != nil {
		fmt.Fprintln(os.Stderr, "vectors:", err)
		os.Exit(1)
	}
}

func run(dir string, fit bool) error {
	ctx := context.Background()
	frame, err := demoFrame(ctx)
	if err != nil {
		return err
	}
	if fit {
		if err := checkpoints(dir, frame); err != nil {
			return err
		}
	}
	if err := table(dir); err != nil {
		return err
	}
	vectors, err := calls(dir, frame)
	if err != nil {
		return err
	}
	// Answers are numbered, so that a call more renames those after it.
	old, err := filepath.Glob(filepath.Join(dir, "*.out"))
	if err != nil {
		return err
	}
	for _, path := range old {
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	return answer(ctx, dir, vectors)
}

// table writes the families and their traits for the tests of other languages.
func table(dir string) error {
	type family struct {
		Name       string `json:"name"`
		Checkpoint int32  `json:"checkpoint,omitempty"` // its handle in the vectors
		models.Traits
	}
	var all []family
	for _, f := range models.Families() {
		all = append(all, family{f.Name, int32(slices.Index(families, f.Name) + 1), f.Traits})
	}
	b, err := json.MarshalIndent(all, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "models.json"), append(b, '\n'), 0o644)
}

// answer writes what the module answers to the calls.
func answer(ctx context.Context, dir string, vectors []vector) error {
	m, err := guest.Compile(ctx, wasm.Module, guest.Config{MemoryPages: 1 << 12})
	if err != nil {
		return err
	}
	defer m.Close(ctx)
	instance, err := m.New(ctx)
	if err != nil {
		return err
	}
	for i := range vectors {
		v := &vectors[i]
		var out []byte
		v.Returns, out, err = instance.Call(nil, "foretide_"+v.Call, v.Handle, takesHandle(v.Call), v.bytes, v.In != "")
		if err != nil {
			return fmt.Errorf("%s: %w", v.Says, err)
		}
		if v.Returns < 0 {
			v.Message = string(out)
		} else if len(out) > 0 {
			v.Out = fmt.Sprintf("%02d-%s.out", i, v.Call)
			if err := os.WriteFile(filepath.Join(dir, v.Out), out, 0o644); err != nil {
				return err
			}
		}
		fmt.Printf("%-60s %d, %d bytes\n", v.Says, v.Returns, len(out))
	}
	var list bytes.Buffer
	e := json.NewEncoder(&list)
	e.SetEscapeHTML(false)
	e.SetIndent("", "\t")
	if err := e.Encode(vectors); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "vectors.json"), list.Bytes(), 0o644)
}

// takesHandle reports whether a call has a handle.
func takesHandle(call string) bool {
	return call != "load" && call != "clean" && call != "checkpoint_name"
}

// step is that of the checkpoints, seconds.
const step = 300

func tail(f *series.Frame, cells, before int) series.Frame {
	n := f.Len() - before
	return f.Slice(max(0, n-cells), n)
}
