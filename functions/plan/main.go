// Plan is the Lambda function that lists what is to be trained and forecast, as
// the manifests of a run, and adds up what became of it.
package main

import (
	"github.com/foretide/foretide/functions/internal/invoke"
	"github.com/foretide/foretide/functions/internal/settings"
)

func main() { invoke.Run("plan", settings.Margin(), settings.Plan) }
