// Collect is the Lambda function that brings recent samples from a Prometheus server to object storage.

	"github.com/foretide/foretide/functions/internal/invoke"
	"github.com/foretide/foretide/functions/internal/settings"
)

