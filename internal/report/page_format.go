package report

import (
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/foretide/foretide/internal/terminal"
)

// value writes a value of a metric as terminal.Number does.
func value(v float64) string {
	if !finite(v) {
		return "–"
	}
	return terminal.Number(v)
}

func fixed(v float64, decimals int) string {
	if !finite(v) {
		return "–"
	}
	return strconv.FormatFloat(v, 'f', decimals, 64)
}

// ratio writes a ratio of errors: three decimals, fewer where it is large.
func ratio(v float64) string {
	switch {
	case v >= 1e4:
		return strconv.FormatFloat(v, 'e', 1, 64)
	case v >= 1000:
		return fixed(v, 0)
	case v >= 10:
		return fixed(v, 1)
	}
	return fixed(v, 3)
}

// share writes a share in percent.
func share(v float64) string {
	if !finite(v) {
		return "–"
	}
	return strconv.FormatFloat(100*v, 'f', 0, 64) + " %"
}

// change says how much lower or higher than 1 a ratio is.
func change(v float64) string {
	switch {
	case !finite(v):
		return "–"
	case v <= 1:
		return strconv.FormatFloat(100*(1-v), 'f', 0, 64) + " % lower"
	}
	return strconv.FormatFloat(100*(v-1), 'f', 0, 64) + " % higher"
}

func day(unix int64) string   { return time.Unix(unix, 0).UTC().Format("2006-01-02") }
func stamp(unix int64) string { return time.Unix(unix, 0).UTC().Format("2006-01-02 15:04 UTC") }

// ahead writes a horizon.
func ahead(s int64) string {
	if s%60 != 0 {
		return strconv.FormatInt(s, 10) + " s"
	}
	return strconv.FormatInt(s/60, 10) + " min"
}

// span writes seconds for people.
func span(s int64) string {
	switch {
	case s%86400 == 0:
		return plural(s/86400, "day")
	case s%3600 == 0:
		return plural(s/3600, "hour")
	case s%60 == 0:
		return plural(s/60, "minute")
	}
	return plural(s, "second")
}

func plural(n int64, what string) string {
	if n != 1 {
		what += "s"
	}
	return grouped(n) + " " + what
}

// grouped writes a whole number with a thin space between thousands.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "\u2009" + s[i:]
	}
	return s
}

// capitalised makes the first letter a capital.
func capitalised(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

// reasonText says what reasons mean.
var reasonText = map[string]string{
	"short_history":        "too little history to fit or validate the model; a naive one stands in",
	"short_window":         "the recent past is shorter than the model asks for",
	"no_long":              "the days before are missing or short, so daily and weekly patterns are known less well",
	"all_missing":          "the window has no observed value; the forecast is the level of the training data",
	"constant":             "the window or the history has a single value",
	"stale":                "the last observed value is older than the shortest horizon",
	"not_better":           "at some horizon the model did not beat the last value in training; a naive one stands in",
	"shrunk":               "training gave the model a weight below one; the rest is the last value",
	"not_finite":           "the model's numbers were not finite; a naive forecast stands in",
	"fit_failed":           "estimation failed; a naive forecast stands in",
	"no_checkpoint":        "no checkpoint serves this container and metric; a built-in model stands in",
	"shared_model":         "the metric's shared checkpoint serves the container, which it was not fitted to",
	"uncalibrated":         "too few errors to calibrate the intervals; they are a rough guess",
	"interpolated_horizon": "the horizon lies between two that the model has",
	"no_input":             "the data lack a column that the model reads beside the metric",
	"no_hour":              "nothing is known of an hour before the target",
	"no_day":               "nothing is known of the same time a day before",
	"no_week":              "nothing is known of the same time a week before",
	"old_checkpoint":       "the checkpoint was made with another network in the box, and is to be trained again; the network in the box stands in",
}
