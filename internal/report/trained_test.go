package report

import (
	"testing"

	"github.com/foretide/foretide/core/calibrate"
)

func TestServedBy(t *testing.T) {
	t.Parallel()
	for want, h := range map[string]calibrate.HorizonReport{
		"auto":         {Source: "model", Weight: 1},
		"auto × 0.80":  {Source: "model", Weight: 0.8},
		"naive":        {Source: "fallback", Weight: 1},
		"auto + naive": {Source: "both", Weight: 1},
		"persistence":  {Source: "persistence", Weight: 1},
	} {
		if got := servedBy("auto", &h); got != want {
			t.Errorf("%+v: %q, want %q", h, got, want)
		}
	}
}
