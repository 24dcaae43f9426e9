// Collect is the Lambda function that brings recent samples from a Prometheus
// server to object storage.
package main

import (
	"github.com/foretide/foretide/functions/internal/collecting"
	"github.com/foretide/foretide/functions/internal/invoke"
	"github.com/foretide/foretide/functions/internal/settings"
)

func main() { invoke.Run("collect", settings.Margin(), collecting.FromEnv) }
