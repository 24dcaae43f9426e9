// Package prophetjson reads models that Prophet has written (model_to_json of
// prophet.serialize): their parameters, without a refit.
package prophetjson

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-json"

	"github.com/foretide/foretide/core/prophet"
	"github.com/foretide/foretide/core/series"
)

// ErrModel marks bytes that are not a fitted model of Prophet's, or one that
// cannot be served.
var ErrModel = errors.New("not a serialised Prophet model")

func wrong(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrModel, fmt.Sprintf(format, args...))
}

// model are the attributes that are read, of many. Series and frames are JSON
// within JSON.
type model struct {
	Growth          string     `json:"growth"`
	Start           *float64   `json:"start"`
	TScale          float64    `json:"t_scale"`
	YScale          float64    `json:"y_scale"`
	YMin            float64    `json:"y_min"`
	Scaling         string     `json:"scaling"`
	LogisticFloor   bool       `json:"logistic_floor"`
	SeasonalityMode string     `json:"seasonality_mode"`
	HolidaysMode    string     `json:"holidays_mode"`
	Country         *string    `json:"country_holidays"`
	ChangepointsT   []float64  `json:"changepoints_t"`
	Seasonalities   ordered    `json:"seasonalities"`
	Regressors      ordered    `json:"extra_regressors"`
	Holidays        *string    `json:"holidays"`
	History         *string    `json:"history"`
	Names           *string    `json:"train_holiday_names"`
	Params          parameters `json:"params"`
}

// parameters have a row for each sample, one where it is the posterior mode.
type parameters struct {
	K     [][]float64 `json:"k"`
	M     [][]float64 `json:"m"`
	Delta [][]float64 `json:"delta"`
	Sigma [][]float64 `json:"sigma_obs"`
	Beta  [][]float64 `json:"beta"`
}

// UnmarshalJSON takes single numbers, too, which some versions write.
func (p *parameters) UnmarshalJSON(b []byte) error {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(b, &all); err != nil {
		return err
	}
	for name, to := range map[string]*[][]float64{"k": &p.K, "m": &p.M, "delta": &p.Delta, "sigma_obs": &p.Sigma, "beta": &p.Beta} {
		raw, ok := all[name]
		if !ok {
			continue
		}
		var flat []float64
		if json.Unmarshal(raw, &flat) == nil {
			for _, v := range flat {
				*to = append(*to, []float64{v})
			}
			continue
		}
		if err := json.Unmarshal(raw, to); err != nil {
			return err
		}
	}
	return nil
}

// ordered is an OrderedDict: its keys, and a mapping.
type ordered struct {
	keys   []string
	values map[string]properties
}

type properties struct {
	Period       float64 `json:"period"`
	FourierOrder int     `json:"fourier_order"`
	Mode         string  `json:"mode"`
	Condition    *string `json:"condition_name"`
	Mu           float64 `json:"mu"`
	Std          float64 `json:"std"`
}

func (o *ordered) UnmarshalJSON(b []byte) error {
	return json.Unmarshal(b, &[]any{&o.keys, &o.values})
}

// Decode returns the model whose serialisation it is given. Times are taken as
// local time of the zone, in which seasonalities and holidays are; the trend
// goes by the clock of the zone's first row. Errors wrap ErrModel.
func Decode(data []byte, zone series.Zone) (*prophet.Curve, error) {
	var m model
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, wrong("%v", err)
	}
	p, err := m.params(zone)
	if err != nil {
		return nil, err
	}
	c, err := prophet.NewCurve(*p)
	if err != nil {
		return nil, wrong("its numbers make no model")
	}
	return c, nil
}

func (m *model) params(zone series.Zone) (*prophet.Params, error) {
	growth := slices.Index([]string{"linear", "logistic", "flat"}, m.Growth)
	switch {
	case growth < 0:
		return nil, wrong("growth is %q", m.Growth)
	case m.Start == nil || math.Abs(*m.Start) > 1e12:
		return nil, wrong("it has no start")
	case m.Country != nil:
		return nil, wrong("its holidays are those of a country (%s), whose dates are not in it; give them as holidays", *m.Country)
	}
	start := int64(math.Floor(*m.Start))
	p := &prophet.Params{Growth: prophet.Growth(growth), Start: start - zone.Offset(start), Span: m.TScale, Scale: m.YScale,
		Zone: zone, CapInput: prophet.None, FloorInput: prophet.None}
	if m.Scaling == "minmax" && !m.LogisticFloor {
		p.Floor = m.YMin
	}
	var err error
	one := func(rows [][]float64, name string) float64 {
		v, e := mean(rows, name)
		if e == nil && len(v) != 1 {
			e = wrong("%s has %d values", name, len(v))
		}
		if e != nil {
			err = errors.Join(err, e)
			return 0
		}
		return v[0]
	}
	p.K, p.M, p.Sigma = one(m.Params.K, "k"), one(m.Params.M, "m"), one(m.Params.Sigma, "sigma_obs")
	if err != nil {
		return nil, err
	}
	p.Changes = m.ChangepointsT
	if p.Delta, err = mean(m.Params.Delta, "delta"); err != nil {
		return nil, err
	}
	beta, err := mean(m.Params.Beta, "beta")
	if err != nil {
		return nil, err
	}
	t := &terms{model: m, params: p, beta: beta}
	return p, t.all()
}

// mean returns the means of the samples.
func mean(rows [][]float64, name string) ([]float64, error) {
	if len(rows) == 0 {
		return nil, wrong("it has no %s: it is not fitted", name)
	}
	out := make([]float64, len(rows[0]))
	for _, r := range rows {
		if len(r) != len(out) {
			return nil, wrong("samples of %s differ in length", name)
		}
		for i, v := range r {
			out[i] += v / float64(len(rows))
		}
	}
	return out, nil
}

// moment reads a time as pandas writes it, as local time of the zone.
func moment(s string, zone *series.Zone) (int64, bool) {
	for _, form := range []string{"2006-01-02T15:04:05.999999999", time.RFC3339Nano, time.DateOnly} {
		if t, err := time.Parse(form, s); err == nil {
			u := t.Unix()
			return u - zone.Offset(u-zone.Offset(u)), true
		}
	}
	// Some versions of pandas write milliseconds.
	if ms, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64); err == nil && ms > -1<<50 && ms < 1<<50 {
		return ms/1000 - zone.Offset(ms/1000), true
	}
	return 0, false
}
