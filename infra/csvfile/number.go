package csvfile

import (
	"math"
	"strconv"
	"time"
)

// pow10 are the powers of ten that float64 holds exactly.
var pow10 = [...]float64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10,
	1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

// parseFloat returns the float64 nearest to a decimal number, as
// strconv.ParseFloat does. A plain number whose digits are below 2^53 with at
// most 22 decimals is one exact division (Clinger, "How to Read Floating Point
// Numbers Accurately", 1990); all others go to strconv. Hexadecimal numbers
// and digits with underscores are not numbers here. ok is false for all other
// text; infinities and NaN are what special makes of them.
func parseFloat(s []byte) (v float64, ok bool) {
	i, neg := 0, false
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		neg = s[0] == '-'
		i = 1
	}
	var digits uint64
	first := i
	for ; i < len(s) && s[i]-'0' <= 9; i++ {
		digits = digits*10 + uint64(s[i]-'0')
	}
	n, decimals := i-first, 0
	if i < len(s) && s[i] == '.' {
		i++
		from := i
		for ; i < len(s) && s[i]-'0' <= 9; i++ {
			digits = digits*10 + uint64(s[i]-'0')
		}
		decimals = i - from
		n += decimals
	}
	if i < len(s) || n == 0 || n > 19 || digits >= 1<<53 {
		return parseSlow(s)
	}
	v = float64(digits)
	if decimals > 0 {
		v /= pow10[decimals]
	}
	if neg {
		v = -v
	}
	return v, true
}

// parseSlow parses numbers with exponents, many digits, and special words.
func parseSlow(s []byte) (float64, bool) {
	for _, c := range s {
		if c-'0' > 9 && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E' {
			return special(s)
		}
	}
	v, err := strconv.ParseFloat(string(s), 64)
	if err != nil && !math.IsInf(v, 0) {
		return 0, false
	}
	return v, true
}

// special returns the value of the words that exporters write for a missing
// value (NaN) or an infinity.
func special(s []byte) (float64, bool) {
	var lower [9]byte
	if len(s) > len(lower) {
		return 0, false
	}
	for i, c := range s {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		lower[i] = c
	}
	switch string(lower[:len(s)]) {
	case "nan", "+nan", "-nan", "null", "none", "na", "n/a", "<na>":
		return math.NaN(), true
	case "inf", "+inf", "infinity", "+infinity":
		return math.Inf(1), true
	case "-inf", "-infinity":
		return math.Inf(-1), true
	}
	return 0, false
}

// trim returns s without spaces and tabs at its ends.
func trim(s []byte) []byte {
	for len(s) > 0 && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	for len(s) > 0 && (s[len(s)-1] == ' ' || s[len(s)-1] == '\t') {
		s = s[:len(s)-1]
	}
	return s
}

// Timestamps from here on are not seconds: 10^11 s is the year 5138, and as
// milliseconds 1973.
const maxSeconds = 1e11

// The forms of a time that are read beside Unix seconds. Those without a zone
// are UTC. Go reads fractions of a second in each.
var timeLayouts = []string{
	time.RFC3339,
	"2006-01-02 15:04:05Z07:00",
	"2006-01-02 15:04:05 Z07:00",
	"2006-01-02T15:04:05Z0700",
	"2006-01-02 15:04:05Z0700",
	"2006-01-02 15:04:05 -0700 MST",
}

var naiveLayouts = []string{
	"2006-01-02T15:04:05",
	"2006-01-02 15:04:05",
	"2006-01-02T15:04",
	"2006-01-02 15:04",
}

// A stamp is how a timestamp was read.
type stamp uint8

const (
	badStamp   stamp = iota
	unixStamp        // Unix seconds
	zonedStamp       // a date and time with a zone
	naiveStamp       // a date and time without a zone, taken as UTC
	hugeStamp        // a number, but too large to be seconds
)

// parseTime reads Unix seconds, whole or with a fraction, or an ISO 8601 date
// and time. A fraction of a second is dropped, towards the past.
func parseTime(s []byte) (int64, stamp) {
	var t int64
	for i, c := range s {
		if c-'0' > 9 || i == 18 {
			return parseTimeSlow(s)
		}
		t = t*10 + int64(c-'0')
	}
	if len(s) == 0 {
		return 0, badStamp
	}
	if t >= maxSeconds {
		return t, hugeStamp
	}
	return t, unixStamp
}

func parseTimeSlow(s []byte) (int64, stamp) {
	if len(s) >= 16 && s[4] == '-' && s[7] == '-' {
		return parseDate(string(s))
	}
	v, ok := parseFloat(s)
	switch {
	case !ok || math.IsNaN(v) || math.IsInf(v, 0):
		return 0, badStamp
	case math.Abs(v) >= maxSeconds:
		return int64(min(max(v, -9e18), 9e18)), hugeStamp
	}
	return int64(math.Floor(v)), unixStamp
}

func parseDate(s string) (int64, stamp) {
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t.Unix(), zonedStamp
		}
	}
	for _, layout := range naiveLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t.Unix(), naiveStamp
		}
	}
	return 0, badStamp
}

// timeError says what is wrong with a timestamp.
func timeError(file string, line int64, column string, s []byte, kind stamp, t int64) *Error {
	e := &Error{File: file, Line: line, Column: column, Value: string(s), Err: ErrTime}
	switch {
	case len(s) == 0:
		e.Text = "the timestamp is empty; every row needs one, in Unix seconds (1722467370) or as RFC 3339 (2024-07-31T23:09:30Z)"
	case kind == hugeStamp:
		unit, by := timeUnit(t)
		e.Err = ErrTimeUnit
		e.Text = clip(string(s)) + " looks like " + unit + ", but timestamps are Unix seconds: divide the column by " + by
	default:
		e.Text = clip(string(s)) + " is not a timestamp; write Unix seconds (1722467370) or RFC 3339 (2024-07-31T23:09:30Z)"
	}
	return e
}

// timeUnit guesses the unit of a number that is too large for seconds from
// the years 1973 to 5138 in each unit.
func timeUnit(t int64) (unit, perSecond string) {
	switch {
	case t < 1e14 && t > -1e14:
		return "milliseconds", "1000"
	case t < 1e17 && t > -1e17:
		return "microseconds", "1000000"
	}
	return "nanoseconds", "1000000000"
}
