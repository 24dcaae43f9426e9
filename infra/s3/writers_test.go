package s3_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/infra/s3"
	"github.com/foretide/foretide/internal/testkit/s3test"
	"github.com/foretide/foretide/loader"
)

const rounds = 200

// TestMain makes the test binary a trainer where a test runs it as a process of
// its own: it puts what it is told, as often as it is told.
func TestMain(m *testing.M) {
	name := os.Getenv("FORETIDE_TEST_TRAINER")
	if name == "" {
		os.Exit(m.Run())
	}
	ctx := context.Background()
	s, err := s3.OpenStore(ctx, os.Getenv("FORETIDE_TEST_STORE"))
	if err != nil {
		panic(err)
	}
	n, _ := strconv.Atoi(os.Getenv("FORETIDE_TEST_ROUNDS"))
	for i := range n {
		if err := s.Put(ctx, web, content(name, i)); err != nil {
			panic(err)
		}
	}
}

// content is what a trainer stores in a round.
func content(name string, round int) []byte {
	return append(fmt.Appendf(nil, "%s %d ", name, round), noise(5000)...)
}

// trainer starts a process, in the environment of the test.
func trainer(t *testing.T, name, store string, rounds int) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "FORETIDE_TEST_TRAINER="+name, "FORETIDE_TEST_STORE="+store, fmt.Sprint("FORETIDE_TEST_ROUNDS=", rounds))
	out := new(bytes.Buffer)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, out
}

// TestConcurrentTrainers: two processes write the same checkpoint 200 times
// each. Every result is a version of its own, whole, and in the order in which
// its trainer wrote; readers meanwhile get whole ones.
func TestConcurrentTrainers(t *testing.T) {
	s3test.New(t, "fleet")
	const address = "s3://fleet/prod?keep=1000"
	ctx := context.Background()
	s := open(t, address).Store()
	a, outA := trainer(t, "a", address, rounds)
	b, outB := trainer(t, "b", address, rounds)
	done := make(chan error, 1)
	go func() { done <- errors.Join(a.Wait(), b.Wait()) }()
	reads := 0
	for running := true; running; {
		select {
		case err := <-done:
			if err != nil {
				t.Fatalf("%v\n%s%s", err, outA, outB)
			}
			running = false
		case <-time.After(5 * time.Millisecond):
			data, _, err := s.Get(ctx, web)
			if errors.Is(err, loader.ErrNotFound) && reads == 0 {
				continue // before the first
			}
			if err != nil || len(data) < 5000 || !bytes.HasSuffix(data, noise(5000)) {
				t.Fatalf("a reader gets %d bytes: %v", len(data), err)
			}
			reads++
		}
	}
	list, err := s.Versions(ctx, web)
	if err != nil || len(list) != 2*rounds || list[0].Number != 2*rounds || !list[0].Current {
		t.Fatalf("%d versions, the last is %d: %v", len(list), list[0].Number, err)
	}
	number := map[string]int64{}
	for _, v := range list {
		number[v.Digest] = v.Number
	}
	turns, who := 0, make([]string, 2*rounds+1)
	for _, name := range []string{"a", "b"} {
		last := int64(0)
		for i := range rounds {
			n := number[fmt.Sprintf("%x", sha256.Sum256(content(name, i)))]
			if n <= last {
				t.Fatalf("round %d of %s is version %d, after %d", i, name, n, last)
			}
			last, who[n] = n, name
		}
	}
	for i := 2; i < len(who); i++ {
		if who[i] != who[i-1] {
			turns++
		}
	}
	t.Logf("%d reads meanwhile, %d turns", reads, turns)
	if reads == 0 || turns < 10 {
		t.Error("the trainers, or the reader, have not met")
	}
}

// TestKilledTrainer: a process that is killed amid an upload, or between the
// upload and making it current, leaves what was there.
func TestKilledTrainer(t *testing.T) {
	p := newProxy(t, s3test.New(t, "fleet"))
	ctx := context.Background()
	const address = "s3://fleet/prod"
	s := open(t, address).Store()
	old := content("before", 0)
	if err := s.Put(ctx, web, old); err != nil {
		t.Fatal(err)
	}
	for name, at := range map[string]struct{ method, part string }{
		"amid the upload":     {"PUT", ".versions"},
		"before the exchange": {"PUT", "prod/cpu/"},
	} {
		t.Run(name, func(t *testing.T) {
			reached, killed := make(chan bool), make(chan bool)
			p.set(times(1, at.method, at.part, func(p *proxy, w http.ResponseWriter, r *http.Request) bool {
				if at.part == ".versions" { // a part of the body reaches the real server
					all := r.Body
					r.Body = io.NopCloser(io.MultiReader(io.LimitReader(all, 1000), held{reached, killed}))
					p.forward.ServeHTTP(w, r)
					return true
				}
				reached <- true
				<-killed
				panic(http.ErrAbortHandler)
			}))
			defer p.set(nil)
			cmd, _ := trainer(t, "killed", address, 1)
			select {
			case <-reached:
			case <-time.After(time.Minute):
				t.Fatal("the trainer does not write")
			}
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait() // "signal: killed"
			close(killed)
			p.set(nil)
			if data, _, err := s.Get(ctx, web); err != nil || !bytes.Equal(data, old) {
				t.Errorf("%d bytes serve: %v", len(data), err)
			}
			if v, err := s.Versions(ctx, web); err != nil || v[0].Digest != fmt.Sprintf("%x", sha256.Sum256(old)) {
				t.Error(v, err)
			}
			// The next trainer is not hindered.
			old = content("after "+name, 0)
			if err := s.Put(ctx, web, old); err != nil {
				t.Error(err)
			}
			if data, _, err := s.Get(ctx, web); err != nil || !bytes.Equal(data, old) {
				t.Errorf("%d bytes serve: %v", len(data), err)
			}
		})
	}
}

// held is a body that comes to a stop.
type held struct{ reached, killed chan bool }

func (h held) Read([]byte) (int, error) {
	select {
	case h.reached <- true:
		<-h.killed
	case <-h.killed:
	}
	return 0, io.ErrUnexpectedEOF
}

// TestFullServer: where the server's disk takes no more, what was there stays.
// A limit on the size of its files stands for the disk.
func TestFullServer(t *testing.T) {
	s3test.Need(t)
	server, err := s3test.Start("ulimit -f 200")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	for name, value := range server.Env() {
		t.Setenv(name, value)
	}
	if err := server.CreateBucket("fleet"); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	s := open(t, "s3://fleet/prod?attempts=2&timeout=1s").Store()
	if err := s.Put(ctx, web, []byte("before")); err != nil {
		t.Fatal(err)
	}
	err = s.Put(ctx, web, noise(1<<20))
	if !errors.Is(err, s3.ErrUnavailable) || !strings.Contains(err.Error(), "what was stored is as it was") {
		t.Errorf("1 MiB on a full disk: %v", err)
	}
	if data, _, err := s.Get(ctx, web); err != nil || string(data) != "before" {
		t.Errorf("%q serves: %v", data, err)
	}
	if err := s.Put(ctx, web, []byte("small")); err != nil {
		t.Error(err)
	}
}

// TestNewerFormat: a checkpoint of a newer foretide is refused with a word of
// what to do, and the one before it serves after a rollback.
func TestNewerFormat(t *testing.T) {
	s3test.New(t, "fleet")
	ctx := context.Background()
	s := open(t, "s3://fleet/prod").Store()
	c := &codec.Checkpoint{Kind: "naive.1", Metric: "cpu", Container: "web", Step: 60, Horizons: []int64{300}, Levels: []float64{0.5}, Payload: []byte("payload")}
	if _, err := loader.Save(ctx, s, c); err != nil {
		t.Fatal(err)
	}
	b, err := loader.Encode(c)
	if err != nil {
		t.Fatal(err)
	}
	b[8]++ // the major version
	b = codec.AppendUint32(b[:len(b)-4], crc32.Checksum(b[:len(b)-4], crc32.MakeTable(crc32.Castagnoli)))
	if err := s.Put(ctx, web, b); err != nil {
		t.Fatal(err)
	}
	_, err = loader.Read(ctx, s, loader.KeyOf(c))
	if !errors.Is(err, codec.ErrVersion) || !strings.Contains(err.Error(), "s3://fleet/prod/cpu/web.ckpt") {
		t.Error(err)
	}
	if !strings.Contains(err.Error(), "use a newer foretide, or \"foretide checkpoint rollback\"") {
		t.Error(err)
	}
	if _, err := s.Rollback(ctx, web, 0); err != nil {
		t.Fatal(err)
	}
	if got, err := loader.Read(ctx, s, loader.KeyOf(c)); err != nil || string(got.Payload) != "payload" {
		t.Error(err)
	}
}

// TestFlippedByte: a byte that changes on the server's disk is found, in a
// version and in the index.
func TestFlippedByte(t *testing.T) {
	server := s3test.New(t, "fleet")
	ctx := context.Background()
	s := open(t, "s3://fleet/prod").Store()
	for _, text := range []string{"one", "two"} {
		if err := s.Put(ctx, web, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	flip := func(file string) {
		t.Helper()
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		b[len(b)/2] ^= 1
		if err := os.WriteFile(file, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	folder := filepath.Join(server.Folder, "fleet", "prod")
	two, err := filepath.Glob(filepath.Join(folder, ".versions", web, fmt.Sprintf("%x.*", sha256.Sum256([]byte("two")))))
	if err != nil || len(two) != 1 {
		t.Fatal(two, err)
	}
	flip(two[0])
	if _, _, err := s.Get(ctx, web); !errors.Is(err, codec.ErrDamaged) || !strings.Contains(err.Error(), "version 2 is not as it was written; \"foretide checkpoint rollback cpu/web.ckpt\"") {
		t.Error(err)
	}
	if v, err := s.Rollback(ctx, web, 0); err != nil || v.Number != 1 {
		t.Fatal(v, err)
	}
	if data, _, err := s.Get(ctx, web); err != nil || string(data) != "one" {
		t.Errorf("%q serves: %v", data, err)
	}
	flip(filepath.Join(folder, web))
	if _, _, err := s.Get(ctx, web); !errors.Is(err, codec.ErrDamaged) || !strings.Contains(err.Error(), "index of versions is not as it was written") {
		t.Error(err)
	}
	if v, err := s.Rollback(ctx, web, 1); err != nil || v.Number != 1 {
		t.Fatal(v, err)
	}
	if data, _, err := s.Get(ctx, web); err != nil || string(data) != "one" {
		t.Errorf("%q serves: %v", data, err)
	}
	if err := s.Put(ctx, web, []byte("three")); err != nil {
		t.Error(err)
	}
}
