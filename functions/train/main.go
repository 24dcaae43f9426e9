// Train is the Lambda function that trains models of containers from their
// samples in object storage, and stores them as checkpoints.
package main

import (
	"github.com/foretide/foretide/functions/internal/runtime"
	"github.com/foretide/foretide/internal/steps/train"
)

func main() { runtime.Run("train", train.FromEnv) }
