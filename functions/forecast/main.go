// Forecast is the Lambda function that answers a request for a forecast, over
// HTTP or directly.
package main

import (
	"github.com/foretide/foretide/functions/internal/invoke"
	"github.com/foretide/foretide/functions/internal/settings"
)

func main() { invoke.Run("forecast", settings.Margin(), settings.Forecast) }
