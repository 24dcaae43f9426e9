// Predict is the Lambda function that forecasts many containers from their samples and checkpoints.

	"github.com/foretide/foretide/functions/internal/invoke"
	"github.com/foretide/foretide/functions/internal/settings"
)

