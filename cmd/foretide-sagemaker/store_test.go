package main

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/foretide/foretide/infra/csvfile"
	"github.com/foretide/foretide/internal/fleet"
	"github.com/foretide/foretide/loader/store"
)

// TestStoppedWhileJudging: a training that is told to stop when its last epoch is
// over stores a model that was not fitted to all of the data. It is the best so
// far and not final: gone on with, it comes to what it would have.
func TestStoppedWhileJudging(t *testing.T) {
	for _, scope := range []string{"global", "container"} {
		w := newWorld(t, nil, "web", "db")
		data, err := csvfile.Read(t.Context(), w.Data("train"), csvfile.Options{})
		if err != nil {
			t.Fatal(err)
		}
		s, err := settingsOf(small("scope", scope, "epochs", "2"))
		if err != nil {
			t.Fatal(err)
		}
		jobs, err := s.configs.Jobs(data.Frames, []string{"cpu"})
		if err != nil {
			t.Fatal(err)
		}
		train := func(bucket *folders, told func(fleet.Progress)) error {
			results, err := fleet.Train(context.Background(), jobs, bucket, fleet.Options{Progress: told, Stop: bucket.stopped, Resume: true, Unchanged: true})
			if e := fleet.Failure(results); e != nil {
				t.Fatal(e)
			}
			return err
		}
		whole := &folders{store.Folder{Path: t.TempDir()}, store.Folder{Path: t.TempDir()}, func() bool { return false }}
		if err := train(whole, nil); err != nil {
			t.Fatal(err)
		}
		var judging atomic.Bool
		kept := &folders{store.Folder{Path: t.TempDir()}, store.Folder{Path: t.TempDir()}, judging.Load}
		err = train(kept, func(p fleet.Progress) {
			if strings.HasPrefix(p.What, "judging") {
				judging.Store(true)
			}
		})
		have := files(t, kept.model.Path)
		if !errors.Is(err, context.Canceled) || len(have) == 0 || strings.Contains(namesOf(files(t, kept.Path)), ".ckpt") || !strings.Contains(namesOf(files(t, kept.Path)), ".training") {
			t.Errorf("%s: %v: the model has %s, and to go on from is %s", scope, err, namesOf(have), namesOf(files(t, kept.Path)))
		}
		judging.Store(false)
		if err := train(kept, nil); err != nil {
			t.Fatal(err)
		}
		want, got := files(t, whole.model.Path), files(t, kept.model.Path)
		for name := range want {
			if got[name] != want[name] || have[name] == want[name] {
				t.Errorf("%s: %s is another model than one that was not stopped, or was that already", scope, name)
			}
		}
	}
}
