package terminal

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode"
)

// Minutes prints seconds ahead as people say them: "5 min", "90 s".
func Minutes(seconds int64) string {
	if seconds%60 != 0 {
		return fmt.Sprintf("%d s", seconds)
	}
	return fmt.Sprintf("%d min", seconds/60)
}

// Ahead names a horizon in the name of a metric: "5min", "90s".
func Ahead(seconds int64) string {
	return strings.ReplaceAll(Minutes(seconds), " ", "")
}

// Plain prints a number with so many decimals.
func Plain(v float64, decimals int) string {
	if math.IsNaN(v) {
		return "-"
	}
	return fmt.Sprintf("%.*f", decimals, v)
}

// List joins names for people; a long list is cut.
func List(names []string) string {
	const most = 12
	if len(names) == 0 {
		return "none"
	}
	if len(names) > most {
		return strings.Join(names[:most], ", ") + ", …"
	}
	return strings.Join(names, ", ")
}

// Stamp prints Unix seconds in UTC.
func Stamp(unix int64) string { return time.Unix(unix, 0).UTC().Format("2006-01-02 15:04:05Z") }

// Clean takes out of a text what would move a terminal's cursor.
func Clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
}

// Counted prints a number of things.
func Counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
