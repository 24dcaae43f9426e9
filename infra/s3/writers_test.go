package s3_test

import (
	"bytes"
	"context"
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
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/naive"
	"github.com/foretide/foretide/infra/s3"
	"github.com/foretide/foretide/internal/testkit/servers"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/store"
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
	s, err := s3.Open(ctx, os.Getenv("FORETIDE_TEST_STORE"))
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
	versioned(t, "fleet")
	const address = "s3://fleet/prod"
	ctx := context.Background()
	s := open(t, address)
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
			data, _, err := s.Get(ctx, web, 0)
			if errors.Is(err, store.ErrNotFound) && reads == 0 {
				continue // before the first
			}
			if err != nil || len(data) < 5000 || !bytes.HasSuffix(data, noise(5000)) {
				t.Fatalf("a reader gets %d bytes: %v", len(data), err)
			}
			reads++
		}
	}
	list, err := s.Versions(ctx, web)
	if err != nil || len(list) != 2*rounds || !list[0].Current {
		t.Fatalf("%d versions of %d: %v", len(list), 2*rounds, err)
	}
	turns, before, next := 0, "", map[string]int{}
	for i := range list { // from the oldest
		data, err := s.GetVersion(ctx, web, list[len(list)-1-i].ID, 0)
		if err != nil {
			t.Fatal(err)
		}
		who, _, _ := strings.Cut(string(data), " ")
		if !bytes.Equal(data, content(who, next[who])) {
			t.Fatalf("version %d is %.10q, not round %d", i, data, next[who])
		}
		if next[who]++; who != before {
			turns++
		}
		before = who
	}
	t.Logf("%d reads meanwhile, %d turns", reads, turns)
	if reads == 0 || turns < 10 {
		t.Error("the trainers, or the reader, have not met")
	}
}

// TestKilledTrainer: a process that is killed amid an upload, or before it, leaves
// what was there.
func TestKilledTrainer(t *testing.T) {
	p := newProxy(t, versioned(t, "fleet"))
	ctx := context.Background()
	const address = "s3://fleet/prod"
	s := open(t, address)
	old := content("before", 0)
	if err := s.Put(ctx, web, old); err != nil {
		t.Fatal(err)
	}
	versions := 1
	for _, name := range []string{"amid the upload", "before the upload"} {
		t.Run(name, func(t *testing.T) {
			reached, killed := make(chan bool), make(chan bool)
			p.set(times(1, "PUT", web, func(p *proxy, w http.ResponseWriter, r *http.Request) bool {
				if name == "amid the upload" { // a part of the body reaches the real server
					r.Body = io.NopCloser(io.MultiReader(io.LimitReader(r.Body, 1000), held{reached, killed}))
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
			serves := func() {
				t.Helper()
				if data, _, err := s.Get(ctx, web, 0); err != nil || !bytes.Equal(data, old) {
					t.Errorf("%d bytes serve: %v", len(data), err)
				}
				if v, err := s.Versions(ctx, web); err != nil || len(v) != versions {
					t.Errorf("%d versions, want %d: %v", len(v), versions, err)
				}
			}
			serves()
			// The next trainer is not hindered.
			old = content("after "+name, 0)
			versions++
			if err := s.Put(ctx, web, old); err != nil {
				t.Error(err)
			}
			serves()
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
	servers.NeedS3(t)
	server, err := servers.StartS3("ulimit -f 200")
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
	s := open(t, "s3://fleet/prod?attempts=2&timeout=1s")
	if err := s.Put(ctx, web, []byte("before")); err != nil {
		t.Fatal(err)
	}
	err = s.Put(ctx, web, noise(1<<20))
	if !errors.Is(err, s3.ErrUnavailable) || !strings.Contains(err.Error(), "what was stored is as it was") {
		t.Errorf("1 MiB on a full disk: %v", err)
	}
	if data, _, err := s.Get(ctx, web, 0); err != nil || string(data) != "before" {
		t.Errorf("%q serves: %v", data, err)
	}
	if err := s.Put(ctx, web, []byte("small")); err != nil {
		t.Error(err)
	}
}

// TestNewerFormat: a checkpoint of a newer foretide is refused with a word of
// what to do, and the one before it serves after a rollback.
func TestNewerFormat(t *testing.T) {
	versioned(t, "fleet")
	ctx := context.Background()
	s := open(t, "s3://fleet/prod")
	c := naiveCheckpoint(t)
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
	if !strings.Contains(err.Error(), "use a newer foretide, or return to an earlier version (foretide checkpoint rollback)") {
		t.Error(err)
	}
	if _, err := loader.Rollback(ctx, s, loader.KeyOf(c), ""); err != nil {
		t.Fatal(err)
	}
	if got, err := loader.Read(ctx, s, loader.KeyOf(c)); err != nil || !bytes.Equal(got.Payload, c.Payload) {
		t.Error(err)
	}
}

// TestFlippedByte: a byte that changes on the server's disk is found, and a rollback
// returns to the version before.
func TestFlippedByte(t *testing.T) {
	server := versioned(t, "fleet")
	ctx := context.Background()
	b := open(t, "s3://fleet/prod")
	c := naiveCheckpoint(t)
	for _, status := range []string{"one", "two"} {
		c.Provenance.Status = status
		if _, err := loader.Save(ctx, b, c); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(server.Folder, "fleet", "prod", filepath.FromSlash(web))
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.Get(ctx, web, 0); !errors.Is(err, store.ErrDamaged) || !strings.Contains(err.Error(), "return to an earlier version") {
		t.Error(err)
	}
	if _, err := loader.Rollback(ctx, b, loader.KeyOf(c), ""); err != nil {
		t.Fatal(err)
	}
	if got, err := loader.Read(ctx, b, loader.KeyOf(c)); err != nil || got.Provenance.Status != "one" {
		t.Errorf("%+v %v", got, err)
	}
	list, err := b.Versions(ctx, web)
	if err != nil || len(list) != 3 {
		t.Fatal(list, err)
	}
	if _, err := loader.Rollback(ctx, b, loader.KeyOf(c), list[1].ID); !errors.Is(err, store.ErrDamaged) {
		t.Errorf("to the damaged version: %v, want ErrDamaged", err)
	}
}

// naiveCheckpoint returns one that serves.
func naiveCheckpoint(t *testing.T) *codec.Checkpoint {
	t.Helper()
	task := forecast.Task{Metric: "cpu", Step: 60, Horizons: []int64{300}, Levels: []float64{0.1, 0.5, 0.9}}
	return loader.NewCheckpoint(naive.Unfitted(task, 0), "web", codec.Provenance{})
}
