// Plan is the Lambda function that lists what is to be trained and forecast, as the manifests of a run, and
// adds up what became of it.
package main

	"github.com/foretide/foretide/functions/internal/invoke"
	"github.com/foretide/foretide/functions/internal/settings"
)

