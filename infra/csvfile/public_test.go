package csvfile

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"os/exec"
	"strings"
	"testing"

	"github.com/foretide/foretide/internal/testkit"
)

// dump prints a line for each series that evaluate.py reads: container,
// metric, step, start, length and the SHA-256 of the values as little-endian
// doubles, missing ones with the bits 0x7ff8000000000001 of Go's NaN. From 3.12
// on Python's sum compensates for rounding; it is made the plain sum here.
const dump = `
import functools, hashlib, operator, struct, sys
sys.path.insert(0, sys.argv[1])
import evaluate
evaluate.sum = lambda vs: functools.reduce(operator.add, vs, 0)
missing = (0x7ff8000000000001).to_bytes(8, "little")
for container, metric, step, start, values in evaluate.read_series(sys.argv[2]):
    h = hashlib.sha256(b"".join(missing if v is None else struct.pack("<d", v) for v in values))
    print(container, metric, step, start, len(values), h.hexdigest())
`

// TestPublicData: every series of the evaluation data is read as evaluate.py
// reads it, bit by bit: same step, start, length, gaps and means.
func TestPublicData(t *testing.T) {
	t.Parallel()
	data := testkit.Folder(t, testkit.Data)
	eval := testkit.Folder(t, testkit.Eval)
	d, err := Read(context.Background(), data, Options{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for i := range d.Frames {
		f := &d.Frames[i]
		for _, m := range f.Metrics {
			s, _ := f.Series(m)
			s = s.Trim()
			b := make([]byte, 0, 8*len(s.Values))
			for _, v := range s.Values {
				b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
			}
			sum := sha256.Sum256(b)
			got[f.Container+" "+m] = fmt.Sprintf("%d %d %d %s", s.Step, s.Start, s.Len(), hex.EncodeToString(sum[:]))
		}
	}
	out, err := exec.Command("python3", "-c", dump, eval, data).Output()
	if err != nil {
		t.Fatalf("python3: %v", err)
	}
	n := 0
	for lines := bufio.NewScanner(strings.NewReader(string(out))); lines.Scan(); n++ {
		name, metric, want := cut3(lines.Text())
		if got[name+" "+metric] != want {
			t.Errorf("%s %s:\n got %s\nwant %s", name, metric, got[name+" "+metric], want)
		}
	}
	if n != len(got) || n < 200 {
		t.Errorf("%d series here, %d there", len(got), n)
	}
}

// cut3 cuts a line after its first and second word.
func cut3(line string) (a, b, rest string) {
	a, rest, _ = strings.Cut(line, " ")
	b, rest, _ = strings.Cut(rest, " ")
	return a, b, rest
}
