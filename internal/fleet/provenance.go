package fleet

import (
	"crypto/sha256"
	"encoding/hex"
	"math"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/core/train"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/config"
)

func provenance(c *config.Config, histories []series.Frame, r *train.Report) codec.Provenance {
	p := codec.Provenance{
		Version:    loader.Version,
		Model:      c.Model.ModelType,
		Config:     c.YAML(),
		Seed:       c.Training.Seed,
		DataStart:  histories[0].Start,
		DataEnd:    histories[0].Time(histories[0].Len()),
		Points:     int64(r.Points),
		DataDigest: digest(histories, c.MetricName),
		Status:     r.Fit.Status.String(),
		Summary:    r.Fit.Summary,
		Notes:      r.Notes,
		Losses:     r.Losses,
	}
	for i := range histories {
		h := &histories[i]
		p.Containers = append(p.Containers, h.Container)
		p.DataStart, p.DataEnd = min(p.DataStart, h.Start), max(p.DataEnd, h.Time(h.Len()))
	}
	nan := math.NaN()
	for _, h := range r.Horizons {
		s := codec.Score{
			Ahead: h.Ahead, Count: int64(h.Rows), MAE: h.MAE, Ratio: h.Ratio, Coverage: h.Coverage80,
			RMSE: nan, R2: nan, SMAPE: nan, MASE: nan, Width: nan,
		}
		if r.Containers != nil {
			s.MAE = nan // of containers in many units
		}
		if h.Rows == 0 {
			s.MAE, s.Ratio, s.Coverage = nan, nan, nan
		}
		p.Scores = append(p.Scores, s)
	}
	return p
}

// digest identifies the histories of a metric: of each its grid and its values,
// as little-endian 64-bit words.
func digest(histories []series.Frame, metric string) string {
	h := sha256.New()
	for i := range histories {
		s, _ := histories[i].Series(metric)
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
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}
