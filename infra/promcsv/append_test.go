package promcsv

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/foretide/foretide/infra/prometheus"
)

// halves returns the options of an export, what it writes when it is made in
// one go, and what its first half writes, as bytes of a file named as o.Path.
func halves(t *testing.T, name string) (o Options, whole string, half []byte) {
	t.Helper()
	o = options(t, server(t), began, began+2400)
	o.Match, o.Path = `instance=~"[hn]."`, filepath.Join(filepath.Dir(o.Path), name)
	export(t, o)
	whole = readText(t, o.Path)
	o.End = time.Unix(began+1200, 0)
	export(t, o)
	half, err := os.ReadFile(o.Path)
	if err != nil {
		t.Fatal(err)
	}
	o.End, o.Append = time.Unix(began+2400, 0), true
	return o, whole, half
}

func TestAppend(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"m.csv", "m.csv.gz"} {
		t.Run(name, func(t *testing.T) {
			o, whole, _ := halves(t, name)
			s := export(t, o)
			if got := readText(t, o.Path); got != whole {
				t.Errorf("continued has %d bytes, want the %d of a file made in one go", len(got), len(whole))
			}
			if s.Had.Unix() != began+1200 || s.From.Unix() != began+1215 || s.To.Unix() != began+2400 {
				t.Errorf("got %+v, want what follows %d up to %d", s, began+1200, began+2400)
			}
			before, err := os.ReadFile(o.Path)
			if err != nil {
				t.Fatal(err)
			}
			if s := export(t, o); s.Rows != 0 || s.Had.Unix() != began+2400 {
				t.Errorf("with nothing new: got %+v, want no row after %d", s, began+2400)
			}
			if after, err := os.ReadFile(o.Path); err != nil || !bytes.Equal(before, after) {
				t.Errorf("with nothing new the file is another (%v)", err)
			}
			onlyFile(t, o.Path)
		})
	}
}

// TestAppendNew: without a file, or with an empty one, append begins it.
func TestAppendNew(t *testing.T) {
	t.Parallel()
	o := options(t, server(t), began, began+600)
	o.Append = true
	export(t, o)
	want := readText(t, o.Path)
	if err := errors.Join(os.WriteFile(o.Path, nil, 0), os.Chmod(o.Path, 0o660)); err != nil {
		t.Fatal(err)
	}
	export(t, o)
	if got := readText(t, o.Path); got != want {
		t.Errorf("an empty file becomes %d bytes, want the %d of a missing one", len(got), len(want))
	}
	if info, err := os.Stat(o.Path); err != nil || info.Mode().Perm() != 0o660 {
		t.Errorf("the file's mode is now %v (%v)", info.Mode(), err)
	}
}

// TestAppendToCut: wherever a file was cut off, continued it is what it would
// have been.
func TestAppendToCut(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"m.csv", "m.csv.gz"} {
		t.Run(name, func(t *testing.T) {
			o, whole, half := halves(t, name)
			random := rand.New(rand.NewPCG(1, 2))
			cuts := []int{1, 2, 9, 12, 70, len(half) - 1, len(half) - 3, len(half) - 9}
			for range 12 {
				cuts = append(cuts, 100+random.IntN(len(half)-100))
			}
			if !strings.HasSuffix(name, ".gz") { // behind the first row of the last time stamp
				last := bytes.LastIndex(half, []byte("\n1714522785,")) + 1 // began+1185
				cuts = append(cuts, last+bytes.IndexByte(half[last:], '\n')+1)
			}
			for _, n := range cuts {
				if err := os.WriteFile(o.Path, half[:n], 0o644); err != nil {
					t.Fatal(err)
				}
				export(t, o)
				if got := readText(t, o.Path); got != whole {
					t.Errorf("cut after %d of %d bytes: %d bytes of text, want %d", n, len(half), len(got), len(whole))
				}
			}
		})
	}
}

// TestAppendToTwice: a compressed file of several streams, cut in the last.
func TestAppendToTwice(t *testing.T) {
	t.Parallel()
	o, whole, _ := halves(t, "m.csv.gz")
	o.End = time.Unix(began+1800, 0)
	export(t, o)
	twice, err := os.ReadFile(o.Path)
	if err != nil {
		t.Fatal(err)
	}
	o.End = time.Unix(began+2400, 0)
	for _, cut := range []int{0, 1, 5, 8, 40, 300} {
		if err := os.WriteFile(o.Path, twice[:len(twice)-cut], 0o644); err != nil {
			t.Fatal(err)
		}
		export(t, o)
		if readText(t, o.Path) != whole {
			t.Errorf("cut by %d bytes: not the same as made in one go", cut)
		}
	}
}

// TestAppendKeepsLost: rows of a damaged end that the server no longer has stay.
func TestAppendKeepsLost(t *testing.T) {
	t.Parallel()
	o := options(t, server(t), began, began+60)
	o.Match, o.Append = `name="webapp"`, true
	head := "timestamp,container,cpu,memory,disk_read,disk_write,net_rx,net_tx\n"
	lost := "1714521615,gone,1,2,3,4,5,6\n1714521615,webapp,1,2,3,4,5,6\n1714521"
	if err := os.WriteFile(o.Path, []byte(head+lost), 0o644); err != nil {
		t.Fatal(err)
	}
	export(t, o)
	text := readText(t, o.Path)
	if !strings.Contains(text, "\n1714521615,gone,1,2,3,4,5,6\n") || strings.Contains(text, "webapp,1,2,3") || strings.Count(text, "1714521615,webapp") != 1 {
		t.Errorf("the file is now\n%s", text)
	}
}

// TestAppendToOther: what Export did not write is refused and left as it is.
func TestAppendToOther(t *testing.T) {
	t.Parallel()
	o, _, half := halves(t, "m.csv")
	head, _, _ := strings.Cut(string(half), "\n")
	var flipped bytes.Buffer
	z := gzip.NewWriter(&flipped)
	if _, err := z.Write(half); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	flipped.Bytes()[flipped.Len()/2] ^= 0x10
	for _, tt := range []struct{ name, content, text string }{
		{"columns", "timestamp,container,cpu\n", "has the columns timestamp,container,cpu, but timestamp,container,cpu,memory"},
		{"text", "hello\nworld\n", "has the columns hello"},
		{"one word", "hello", `it begins "hello"`},
		{"backwards", head + "\n1714521630,a,,1,,,,\n1714521615,a,,1,,,,\n", "m.csv:3: not a row in order of time"},
		{"no stamp", head + "\nyesterday,a,,1,,,,\n", "m.csv:2: not a row in order of time: yesterday,a"},
		{"long line", head + "\n" + strings.Repeat("1", 2<<20), "m.csv:2: line is too long"},
		{"damaged", flipped.String(), "m.csv"},
	} {
		if err := os.WriteFile(o.Path, []byte(tt.content), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := Export(context.Background(), o)
		if !errors.Is(err, ErrFile) || !strings.Contains(err.Error(), tt.text) {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.text)
		}
		if now, err := os.ReadFile(o.Path); err != nil || string(now) != tt.content {
			t.Errorf("%s: the file was changed (%v)", tt.name, err)
		}
		onlyFile(t, o.Path)
	}
}

// list returns the names of the files beside path, and of path.
func list(t *testing.T, path string) (names []string) {
	t.Helper()
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range left {
		names = append(names, f.Name())
	}
	return names
}

// onlyFile checks that nothing lies beside a file.
func onlyFile(t *testing.T, path string) {
	t.Helper()
	for _, name := range list(t, path) {
		if name != filepath.Base(path) {
			t.Errorf("left behind: %s", name)
		}
	}
}

// interrupted exports the long stretch and is interrupted in the middle.
func interrupted(t *testing.T, o Options) error {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	o.Progress = func(p prometheus.Progress) {
		if p.Rows > longSamples/4 {
			cancel()
		}
	}
	_, err := Export(ctx, o)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("interrupted: %v", err)
	}
	return err
}

func TestInterrupted(t *testing.T) {
	t.Parallel()
	o := options(t, server(t), longBegan, longBegan+longSamples*scrape-scrape)
	export(t, o)
	whole := readText(t, o.Path)
	interrupted(t, o)
	if readText(t, o.Path) != whole {
		t.Error("the file that was there is another")
	}
	onlyFile(t, o.Path)
	os.Remove(o.Path)
	interrupted(t, o)
	onlyFile(t, o.Path)
	if _, err := os.Stat(o.Path); !os.IsNotExist(err) {
		t.Errorf("a part is there: %v", err)
	}
	// With Append what was fetched stays, and the rest follows.
	first := o
	first.End = o.Start.Add(time.Hour)
	export(t, first)
	o.Append = true
	if err := interrupted(t, o); !strings.Contains(err.Error(), "kept up to 2024-") {
		t.Errorf("got %v, want up to when rows are kept", err)
	}
	if n := strings.Count(readText(t, o.Path), "\n") - 1; n < longSamples/4 || n == longSamples {
		t.Errorf("%d rows are kept", n)
	}
	export(t, o)
	if got := readText(t, o.Path); got != whole {
		t.Errorf("continued after an interruption: %d bytes, want the %d of a file made in one go", len(got), len(whole))
	}
}

// TestStream: rows on a stream are those of a file.
func TestStream(t *testing.T) {
	t.Parallel()
	o := options(t, server(t), longBegan, longBegan+86400)
	export(t, o)
	var b bytes.Buffer
	whole := readText(t, o.Path)
	o.Path, o.Out = "", &b
	export(t, o)
	if b.String() != whole {
		t.Errorf("the stream has %d bytes, want the %d of the file", b.Len(), len(whole))
	}
	short := &shortWriter{left: 100_000}
	o.Out = short
	if _, err := Export(context.Background(), o); !errors.Is(err, errShort) {
		t.Errorf("a stream that fails: got %v, want %v", err, errShort)
	}
	if !strings.HasPrefix(whole, short.got.String()) || !strings.HasSuffix(short.got.String(), "\n") {
		t.Error("a stream that fails ends within a row")
	}
}

var errShort = errors.New("no more")

// shortWriter takes whole writes until it is full.
type shortWriter struct {
	left int
	got  bytes.Buffer
}

func (w *shortWriter) Write(p []byte) (int, error) {
	if w.left -= len(p); w.left < 0 {
		return 0, errShort
	}
	return w.got.Write(p)
}
