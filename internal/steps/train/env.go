package train

import (
	"os"
	"time"

	"github.com/foretide/foretide/internal/fleet"
	"github.com/foretide/foretide/internal/steps"
	"github.com/foretide/foretide/internal/steps/batch"
	"github.com/foretide/foretide/loader/config"
)

// FromEnv is the handler of the function train.
func FromEnv() (steps.Handler, error) {
	e, s, l, err := steps.Common()
	if err != nil {
		return nil, err
	}
	configs := &steps.Configs{Objects: s.Objects, Environ: os.Environ(), Check: Check}
	t := &Trainer{
		Lake: l, Store: s.Store, Config: configs.Of, Now: time.Now,
		History:   e.Duration("FORETIDE_HISTORY", 63*steps.Day, time.Hour, 3*steps.Year),
		MaxValues: e.Number("FORETIDE_MAX_VALUES", 1<<23, 1, 1<<30),
	}
	w := &batch.Worker{Name: "train", Objects: s.Objects, Do: t.Train, Items: Drifted}
	return w.Handle, e.Err
}

// Check reports whether there is a model of a configuration's family.
func Check(c *config.Config) error {
	_, err := fleet.Configured(c)
	return err
}
