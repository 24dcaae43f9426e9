package auto

import (
	"testing"

	"github.com/foretide/foretide/core/forecast"
)

// A watcher is a member that counts what it has seen.
type watcher struct {
	forecast.Fitted
	seen byte
}

func (w watcher) Update(_ *forecast.Window, actuals []forecast.Actual) (forecast.Fitted, int, error) {
	if len(actuals) > 9 {
		return nil, 0, forecast.ErrStep
	}
	w.seen += byte(len(actuals))
	return w, len(actuals), nil
}

func (w watcher) AppendState(dst []byte) []byte {
	if w.seen == 0 {
		return dst
	}
	return append(dst, w.seen)
}

func (w watcher) WithState(state []byte) (forecast.Fitted, error) {
	if len(state) != 1 {
		return nil, forecast.ErrPayload
	}
	w.seen = state[0]
	return w, nil
}

// TestUpdate: a member that is an Updater is told, and its state is within the
// combination's.
func TestUpdate(t *testing.T) {
	f, err := New([]forecast.Fitted{member("linear", 5, 1, 2, 3), watcher{Fitted: member("network", 5, 1, 4, 9)}}, -1)
	if err != nil {
		t.Fatal(err)
	}
	seen := func(f forecast.Fitted) byte { return f.(*Fitted).members[1].(watcher).seen }
	g, n, err := f.Update(&forecast.Window{}, make([]forecast.Actual, 3))
	if err != nil || n != 3 || seen(g) != 3 || seen(f) != 0 {
		t.Fatal(err, seen(g), seen(f))
	}
	for _, m := range []forecast.Fitted{g, told(t, g.(*Fitted), outcomes(9, 4)...)} {
		state := m.(*Fitted).AppendState(nil)
		restored, err := f.WithState(state)
		if err != nil || seen(restored) != 3 || seen(m) != 3 {
			t.Errorf("restored: %v", err)
		}
		one, _ := New(f.members[:1], -1)
		if _, err := one.WithState(state); err == nil {
			t.Error("the state of a member that is not there is taken")
		}
	}
	if _, _, err := f.Update(&forecast.Window{}, make([]forecast.Actual, 10)); err != forecast.ErrStep {
		t.Error(err)
	}
}
