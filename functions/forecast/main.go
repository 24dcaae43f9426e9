// Forecast is the Lambda function that answers a request for a forecast, over
// HTTP or directly.
package main

import (
	"github.com/foretide/foretide/functions/internal/gateway"
	"github.com/foretide/foretide/functions/internal/runtime"
)

func main() { runtime.Run("forecast", gateway.FromEnv) }
