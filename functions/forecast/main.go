// Forecast is the Lambda function that answers one request for a forecast, over HTTP or directly.

	"github.com/foretide/foretide/functions/internal/invoke"
	"github.com/foretide/foretide/functions/internal/settings"
)

