// Predict is the Lambda function that forecasts many containers from their
// samples and checkpoints.
package main

import (
	"github.com/foretide/foretide/functions/internal/runtime"
	"github.com/foretide/foretide/internal/steps/predict"
)

func main() { runtime.Run("predict", predict.FromEnv) }
