// Predict is the Lambda function that forecasts many containers from their
// samples and checkpoints.
package main

import (
	"github.com/foretide/foretide/functions/internal/invoke"
	"github.com/foretide/foretide/functions/internal/pushing"
	"github.com/foretide/foretide/functions/internal/settings"
)

func main() { invoke.Run("predict", settings.Margin(), pushing.FromEnv) }
