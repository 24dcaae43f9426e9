package fleet

import (
	"reflect"
	"testing"

	"github.com/foretide/foretide/core/prophet"
	"github.com/foretide/foretide/core/prophet/fit"
	"github.com/foretide/foretide/loader/config"
)

// TestProphetSettings goes from a file to the model.
func TestProphetSettings(t *testing.T) {
	c, err := config.Parse("cpu.yaml", []byte(`
model:
  model_type: prophet
  growth: logistic
  cap: 64
  floor: 1
  changepoints: [2024-05-01, 2024-06-01T12:30]
  yearly_seasonality: false
  weekly_seasonality: true
  daily_seasonality: 12
  seasonality_mode: multiplicative
  seasonality_prior_scale: 5
  seasonalities:
  - {name: hourly, period: 0.041666, fourier_order: 2, condition_name: is_weekday}
  holidays:
  - holiday: deploy
    ds: [2024-05-02T14:05, 2024-05-09 14:05]
    duration: 15m
    upper_window: 2
  - {holiday: fair, ds: 2024-05-20, lower_window: -1, prior_scale: 3}
  holidays_mode: additive
  extra_regressors: [{name: queue, standardize: false}]
  scaling: minmax
  time_zone: Europe/Berlin
  residual_correction: false
`))
	if err != nil {
		t.Fatal(err)
	}
	trainer, err := Configured(c)
	if err != nil {
		t.Fatal(err)
	}
	m := trainer.Model.(fit.Config)
	if m.Growth != prophet.Logistic || m.Cap != 64 || m.Floor != 1 || m.Correction || m.Scaling != fit.MinMax {
		t.Errorf("%+v", m)
	}
	if m.YearlySeasonality != 0 || m.WeeklySeasonality != 3 || m.DailySeasonality != 12 {
		t.Errorf("orders %d %d %d", m.YearlySeasonality, m.WeeklySeasonality, m.DailySeasonality)
	}
	if len(m.Changepoints) != 2 || m.Changepoints[0] != 1714514400 || m.Changepoints[1] != 1717237800 {
		t.Errorf("changepoints %v", m.Changepoints)
	}
	s := fit.Seasonality{Name: "hourly", Period: 0.041666, FourierOrder: 2, PriorScale: 5, Mode: prophet.Multiplicative, Condition: "is_weekday"}
	if len(m.Seasonalities) != 1 || m.Seasonalities[0] != s {
		t.Errorf("seasonalities %+v", m.Seasonalities)
	}
	deploy := fit.Holiday{Name: "deploy", At: 1714651500, Length: 900, Upper: 2, PriorScale: 10}
	fair := fit.Holiday{Name: "fair", At: 1716156000, Lower: -1, PriorScale: 3}
	if len(m.Holidays) != 3 || m.Holidays[0] != deploy || m.Holidays[2] != fair || m.HolidaysMode != prophet.Additive {
		t.Errorf("holidays %+v", m.Holidays)
	}
	if r := (fit.Regressor{Name: "queue", PriorScale: 10, Standardize: fit.StandardizeNo, Mode: prophet.Multiplicative}); len(m.Regressors) != 1 || m.Regressors[0] != r {
		t.Errorf("regressors %+v", m.Regressors)
	}
	if m.Zone.Offset(1714651500) != 7200 || m.Zone.Offset(1704067200) != 3600 {
		t.Error("the zone is not Berlin's")
	}
}

// TestProphetDefaults: the file's defaults are the model's.
func TestProphetDefaults(t *testing.T) {
	c := config.Defaults("cpu")
	c.Model.ModelType = "prophet"
	trainer, err := Configured(c)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := trainer.Model, fit.Defaults(); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, not %+v", got, want)
	}
}
