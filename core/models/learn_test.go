package models_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/foretide/foretide/core/auto"
	autofit "github.com/foretide/foretide/core/auto/fit"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/general"
	linearfit "github.com/foretide/foretide/core/linear/fit"
	"github.com/foretide/foretide/core/models"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/core/train"
)

// TestUpdateLearns: what comes true moves the weights of a combination behind the
// gate, the state holds them, and a renewal keeps them.
func TestUpdateLearns(t *testing.T) {
	h := []series.Frame{history()}
	combined := autofit.Config{Members: []forecast.Model{linearfit.Defaults(), general.Model{}}, Guard: general.Name}
	trained, _, err := train.Defaults().Fit(combined, h, task(), forecast.Options{})
	if err != nil {
		t.Fatal(err)
	}
	before := trained.Model().(*auto.Fitted)
	if len(before.AppendState(nil)) == 0 {
		t.Error("nothing was learnt from the validation part")
	}
	w := forecast.WindowOf(&h[0], trained.Spec().Needs)
	var dst forecast.Forecast
	if err := trained.Forecast(&dst, &w); err != nil {
		t.Fatal(err)
	}
	ahead := trained.Spec().Horizons[0]
	parts := dst.Find(ahead).Parts
	if len(parts) != 2 || parts[0] == parts[1] || !strings.Contains(dst.Find(ahead).Detail, " %)") {
		t.Fatalf("made of %v: %q", parts, dst.Find(ahead).Detail)
	}
	var now forecast.Fitted = trained
	for range 30 { // the second member is right, again and again
		var used int
		if now, used, err = now.(forecast.Updater).Update(&w, []forecast.Actual{{Ahead: ahead, Value: parts[1]}}); err != nil || used != 1 {
			t.Fatal(used, err)
		}
	}
	var after forecast.Forecast
	if err := now.Forecast(&after, &w); err != nil {
		t.Fatal(err)
	}
	if a, b := after.Median(after.Find(ahead)), dst.Median(dst.Find(ahead)); a == b {
		t.Errorf("the median is still %v of %v", a, parts)
	}
	// The linear member, which has seen that its forecast was wrong, moves as well.
	if p := after.Find(ahead).Parts; p[0] == parts[0] || p[1] != parts[1] {
		t.Errorf("the members forecast %v, and %v before", p, parts)
	}
	state := now.(forecast.Updater).AppendState(nil)
	restored, err := trained.WithState(state)
	if err != nil {
		t.Fatal(err)
	}
	sameForecasts(t, restored, now)
	decoded, err := models.Decode(now.Kind(), now.AppendPayload(nil))
	if err != nil {
		t.Fatal(err)
	}
	sameForecasts(t, decoded, now)
	if !bytes.Equal(decoded.(forecast.Updater).AppendState(nil), state) || len(state) > 700 {
		t.Errorf("a state of %d bytes, or another", len(state))
	}
	renewed, err := train.Trainer{Config: train.Defaults(), Model: combined}.Renew(now, h, task(), forecast.Options{})
	if err != nil {
		t.Fatal(err)
	}
	// The weights of the members outlast a renewal; what the linear one has learnt
	// is part of what it is now fitted to.
	var again forecast.Forecast
	if err := renewed.Forecast(&again, &w); err != nil || again.At[0].Detail != after.At[0].Detail {
		t.Errorf("renewed, it has forgotten: %v, %q, not %q", err, again.At[0].Detail, after.At[0].Detail)
	}
	if a, b := len(renewed.(forecast.Updater).AppendState(nil)), len(state); a >= b {
		t.Errorf("renewed, it has a state of %d bytes, and of %d before", a, b)
	}
}
