package fleet

import (
	"crypto/sha256"
	"encoding/hex"
	"math"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/core/train"
	"github.com/foretide/foretide/internal/version"
	"github.com/foretide/foretide/loader/config"
)

func provenance(c *config.Config, history *series.Frame, r *train.Report) codec.Provenance {
	p := codec.Provenance{
		Version:    version.Version,
		Model:      c.Model.ModelType,
		Config:     c.YAML(),
		Seed:       c.Training.Seed,
		Containers: []string{history.Container},
		DataStart:  history.Start,
		DataEnd:    history.Time(history.Len()),
		Points:     int64(r.Points),
		DataDigest: digest(history, c.MetricName),
		Status:     r.Fit.Status.String(),
		Summary:    r.Fit.Summary,
		Notes:      r.Notes,
	}
	nan := math.NaN()
	for _, h := range r.Horizons {
		s := codec.Score{
			Ahead: h.Ahead, Count: int64(h.Rows), MAE: h.MAE, Ratio: h.Ratio, Coverage: h.Coverage80,
			RMSE: nan, R2: nan, SMAPE: nan, MASE: nan, Width: nan,
		}
		if h.Rows == 0 {
			s.MAE, s.Ratio, s.Coverage = nan, nan, nan
		}
		p.Scores = append(p.Scores, s)
	}
	return p
}

// digest identifies the history of a metric: its grid and its values, as
// little-endian 64-bit words.
func digest(f *series.Frame, metric string) string {
	s, _ := f.Series(metric)
	h := sha256.New()
	b := codec.AppendUint64(nil, uint64(s.Start))
	b = codec.AppendUint64(b, uint64(s.Step))
	for _, v := range s.Values {
		b = codec.AppendUint64(b, math.Float64bits(v))
		if len(b) >= 1<<15 {
			h.Write(b)
			b = b[:0]
		}
	}
	h.Write(b)
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}
