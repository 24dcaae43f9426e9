package fit_test

import (
	"errors"
	"fmt"

	"github.com/foretide/foretide/core/models"
	"github.com/foretide/foretide/core/models/fit"
)

// A family is chosen by its name, as configurations and the command line do.
func ExampleTrainer() {
	trainer, err := fit.Trainer("linear", fit.Defaults())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(trainer.Name(), trainer.Global(), models.Of("lstm").Epochs)

	_, err = fit.Trainer("arma", fit.Defaults())
	var unknown *fit.UnknownError
	fmt.Println(errors.As(err, &unknown))
	// Output:
	// linear false true
	// true
}
