package fit

import (
	"errors"
	"strings"
	"testing"

	"github.com/foretide/foretide/core/models"
)

// TestTable: every family can be fitted, under its own name, as its traits say.
func TestTable(t *testing.T) {
	if len(table) != len(models.Names()) {
		t.Errorf("got %d families that can be fitted, want %v", len(table), models.Names())
	}
	for _, f := range models.Families() {
		t.Run(f.Name, func(t *testing.T) {
			got, err := Trainer(f.Name, Defaults())
			if err != nil {
				t.Fatal(err)
			}
			if got.Name() != f.Name || got.Global() != f.Global || got.Config.Calibrate.Both != f.Mixed {
				t.Errorf("got %s, global %v, mixed %v; want %+v", got.Name(), got.Global(), got.Config.Calibrate.Both, f)
			}
		})
	}
}

func TestUnknown(t *testing.T) {
	_, err := Trainer("arma", Defaults())
	var unknown *UnknownError
	if !errors.As(err, &unknown) || unknown.Name != "arma" || !strings.Contains(err.Error(), strings.Join(models.Names(), ", ")) {
		t.Errorf("got %v", err)
	}
}
