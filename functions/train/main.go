// Train is the Lambda function that trains models of containers from their
// samples in object storage, and stores them as checkpoints.
package main

import (
	"github.com/foretide/foretide/functions/internal/invoke"
	"github.com/foretide/foretide/functions/internal/settings"
)

func main() { invoke.Run("train", settings.Margin(), settings.Train) }
