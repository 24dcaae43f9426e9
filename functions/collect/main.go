// Collect is the Lambda function that brings recent samples from a Prometheus
// server to object storage.
package main

import (
	"github.com/foretide/foretide/functions/internal/runtime"
	"github.com/foretide/foretide/internal/steps/collect"
)

func main() { runtime.Run("collect", collect.FromEnv) }
