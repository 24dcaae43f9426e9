package config

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// checks are what the tag check names: each returns why a value cannot be, or
// "".
var checks = map[string]func(c *Config, v any) string{
	"name":          func(_ *Config, v any) string { return checkName(v.(string), false) },
	"optional name": func(_ *Config, v any) string { return checkName(v.(string), true) },
	"step": func(_ *Config, v any) string {
		if s := v.(time.Duration); s < time.Second || s > 24*time.Hour || s%time.Second != 0 {
			return "must be whole seconds from 1s to 1d, got " + formatDuration(s)
		}
		return ""
	},
	"duration": func(_ *Config, v any) string {
		if d := v.(time.Duration); d < 0 || d%time.Second != 0 || d > maxHorizon {
			return "must be whole seconds, up to a year, got " + formatDuration(d)
		}
		return ""
	},
	"horizons":  func(c *Config, _ any) string { return checkHorizons(c.Data.PredictionHorizons, c.Data.Step) },
	"quantiles": func(_ *Config, v any) string { return checkQuantiles(v.([]float64)) },
	"bounds": func(c *Config, _ any) string {
		if lo, hi := c.Data.LowerBound, c.Data.UpperBound; lo >= hi {
			return fmt.Sprintf("must be less than upper_bound, which is %v, got %v", hi, lo)
		}
		return ""
	},
	"model": func(_ *Config, v any) string {
		if slices.Contains(families, v.(string)) {
			return ""
		}
		return fmt.Sprintf("no such model %q; the models are %s", v, strings.Join(families, ", "))
	},
	"cap": func(c *Config, _ any) string {
		floor := c.Prophet.Floor
		if math.IsInf(floor, -1) {
			floor = 0
		}
		if c.Prophet.Cap <= floor {
			return fmt.Sprintf("must be more than the floor, which is %v, got %v", floor, c.Prophet.Cap)
		}
		return ""
	},
	"moments": func(_ *Config, v any) string {
		for _, s := range v.([]string) {
			if _, ok := ParseMoment(s); !ok {
				return fmt.Sprintf("must be dates such as 2024-05-01, or times such as 2024-05-01T14:05, got %q", clip(s))
			}
		}
		return ""
	},
	"zone": func(_ *Config, v any) string {
		if _, err := time.LoadLocation(v.(string)); err != nil || v == "" || v == "Local" {
			return fmt.Sprintf("is no time zone: %q (want an IANA name such as Europe/Berlin)", v)
		}
		return ""
	},
	"seasonalities": func(c *Config, _ any) string {
		seen := map[string]bool{}
		for i := range c.Prophet.Seasonalities {
			name := c.Prophet.Seasonalities[i].Name
			if seen[name] {
				return fmt.Sprintf("has %q twice", name)
			}
			seen[name] = true
		}
		return ""
	},
	"holidays": func(c *Config, _ any) string {
		priors := map[string]float64{}
		for i := range c.Prophet.Holidays {
			h := &c.Prophet.Holidays[i]
			if before, known := priors[h.Holiday]; known && before != h.PriorScale {
				return fmt.Sprintf("has several prior scales for %q", h.Holiday)
			}
			priors[h.Holiday] = h.PriorScale
		}
		return ""
	},
	"regressors": func(c *Config, _ any) string {
		seen := map[string]bool{c.MetricName: true}
		for i := range c.Prophet.ExtraRegressors {
			name := c.Prophet.ExtraRegressors[i].Name
			if seen[name] {
				return fmt.Sprintf("has %q twice, or it is the metric itself", name)
			}
			seen[name] = true
		}
		return ""
	},
}

func checkName(name string, emptyAllowed bool) string {
	switch {
	case name == "" && !emptyAllowed:
		return "must not be empty"
	case len(name) > 1024:
		return "is longer than 1024 bytes"
	case strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0xfffd }):
		return "must be printable text"
	}
	return ""
}

// maxHorizon bounds how far ahead a configuration may look, so that sums of
// times cannot overflow.
const maxHorizon = 366 * 24 * time.Hour

func checkHorizons(hs []Span, step time.Duration) string {
	if len(hs) == 0 || len(hs) > 1000 {
		return fmt.Sprintf("must have 1 to 1000 horizons, got %d", len(hs))
	}
	previous := time.Duration(0)
	for i, h := range hs {
		d := h.Length(step)
		switch {
		case h.Steps < 0 || h.Duration < 0 || h == (Span{}):
			return fmt.Sprintf("must be more than 0, got %v", h)
		case h.Steps > int(maxHorizon/time.Second) || d > maxHorizon:
			return fmt.Sprintf("must be at most %s ahead, got %v", formatDuration(maxHorizon), h)
		case d%time.Second != 0:
			return fmt.Sprintf("must be whole seconds, got %v", h)
		case d <= previous:
			return fmt.Sprintf("must be ascending, got %v after %v", h, hs[i-1])
		}
		previous = d
	}
	return ""
}

func checkQuantiles(qs []float64) string {
	if len(qs) == 0 || len(qs) > 1000 {
		return fmt.Sprintf("must have 1 to 1000 quantiles, got %d", len(qs))
	}
	for i, q := range qs {
		if i > 0 && q <= qs[i-1] {
			return fmt.Sprintf("must be ascending, got %v after %v", q, qs[i-1])
		}
	}
	if !slices.Contains(qs, 0.5) {
		return "must have 0.5 among them, the median"
	}
	return ""
}

// momentForms are how a moment may be written.
var momentForms = []string{time.DateOnly, "2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02 15:04", time.DateTime}

// ParseMoment reads 2024-05-01, 2024-05-01T14:05 and 2024-05-01 14:05:30 of
// local time. It returns the date and time of day in UTC.
func ParseMoment(s string) (time.Time, bool) {
	for _, form := range momentForms {
		if t, err := time.Parse(form, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
