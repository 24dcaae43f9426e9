package config

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

const events = `model:
  model_type: prophet
  holidays:
  - {holiday: deploy, ds: ["2024-05-02T14:05"], duration: 15m, upper_window: 2}
  - {holiday: "a: b", ds: 2024-05-20, prior_scale: 3}
  seasonalities: [{name: hourly, period: 0.0416, fourier_order: 2}]
  extra_regressors: [{name: queue, mode: multiplicative}]
  weekly_seasonality: false
  daily_seasonality: 7
  changepoints: 2024-05-01
`

// TestTablesAreShownAndReadBack, and by flags and JSON.
func TestTablesAreShownAndReadBack(t *testing.T) {
	c, err := Parse("f.yaml", []byte(events))
	if err != nil {
		t.Fatal(err)
	}
	h := c.Prophet.Holidays
	if len(h) != 2 || h[0].Holiday != "deploy" || h[0].Duration != 15*time.Minute || h[0].UpperWindow != 2 || h[1].Holiday != "a: b" || h[1].PriorScale != 3 {
		t.Errorf("holidays %+v", h)
	}
	again, err := Parse("again.yaml", []byte(c.Show()))
	if err != nil {
		t.Fatalf("%v in\n%s", err, c.Show())
	}
	if !reflect.DeepEqual(c.Prophet, again.Prophet) {
		t.Errorf("read back %+v, not %+v", again.Prophet, c.Prophet)
	}
	j, err := c.MarshalJSON()
	if err != nil || !strings.Contains(string(j), `"upper_window":2`) || !strings.Contains(string(j), `"daily_seasonality":7`) {
		t.Errorf("%v: %s", err, j)
	}
	d := c.Clone()
	if err := d.Apply(Flag("holidays", "holidays", "[{holiday: x, ds: [2024-01-01]}]"), Flag("changepoints", "changepoints", "2024-01-01,2024-02-01")); err != nil {
		t.Fatal(err)
	}
	if len(d.Prophet.Holidays) != 1 || len(d.Prophet.Changepoints) != 2 || len(c.Prophet.Holidays) != 2 {
		t.Errorf("%+v, and the original %+v", d.Prophet, c.Prophet)
	}
	d.Prophet.Holidays[0].Holiday = "y"
	if e := d.Clone(); e.Prophet.Holidays[0].Holiday != "y" {
		t.Error("a clone has other holidays")
	} else if e.Prophet.Holidays[0].Holiday = "z"; d.Prophet.Holidays[0].Holiday != "y" {
		t.Error("a clone shares its holidays")
	}
}

func TestProphetErrors(t *testing.T) {
	for _, c := range []struct{ model, want string }{
		{"growth: quadratic", `f.yaml:1:17: model.growth: must be one of ["linear" "logistic" "flat"], got "quadratic"`},
		{"cap: -1", "f.yaml:1:14: model.cap: must be more than the floor, which is 0, got -1"},
		{"changepoints: [may]", `model.changepoints: must be dates such as 2024-05-01, or times such as 2024-05-01T14:05, got "may"`},
		{"weekly_seasonality: sometimes", `must be auto, true, false or a number of harmonics, got the text "sometimes"`},
		{"holidays: [{ds: 2024-01-01}]", "f.yaml:1:20: model.holidays: needs holiday"},
		{"holidays: [{holiday: a, ds: 2024-01-01, lower_window: 1}]", "model.holidays: lower_window must be from -1000 to 0, got 1"},
		{"holidays: [{holiday: a, ds: 2024-01-01, when: 1}]", `has an unknown key "when"; the keys here are holiday, ds,`},
		{"holidays: [a]", `must be a list of mappings, got the text "a"`},
		{"seasonalities: [{name: a, period: 0, fourier_order: 1}]", "period must be more than 0 days, got 0"},
		{"seasonalities: [{name: a, period: x, fourier_order: 1}]", `period must be a number, got the text "x"`},
		{"extra_regressors: [{name: cpu}]", "or it is the metric itself"},
		{"time_zone: Mars/Olympus", `model.time_zone: is no time zone: "Mars/Olympus"`},
		{"residual_correction: 1", "must be true or false, got 1"},
	} {
		_, err := Parse("f.yaml", []byte("model: {"+c.model+"}"))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v\nwant %s", c.model, err, c.want)
		}
	}
}
