// Plan is the Lambda function that lists what is to be trained and forecast, as
// the manifests of a run, and adds up what became of it.
package main

import (
	"github.com/foretide/foretide/functions/internal/runtime"
	"github.com/foretide/foretide/internal/steps/plan"
)

func main() { runtime.Run("plan", plan.FromEnv) }
