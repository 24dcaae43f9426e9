package report

import (
	"fmt"
	"math"
	"strconv"
)

// duration writes seconds for people: "45 s", "5 min", "36 h", "9 days".
func duration(s int64) string {
	switch {
	case s < 120 && s != 60 || s%60 != 0 && s < 7200:
		return strconv.FormatInt(s, 10) + " s"
	case s < 7200:
		return strconv.FormatInt((s+30)/60, 10) + " min"
	case s < 3*86400:
		return strconv.FormatInt((s+1800)/3600, 10) + " h"
	}
	return strconv.FormatInt((s+43200)/86400, 10) + " days"
}

// short writes a value with three significant digits and k, M, G … from ten
// thousand on.
func short(v float64) string {
	a := math.Abs(v)
	for _, u := range []struct {
		size float64
		name string
	}{{1e15, "P"}, {1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e4, "k"}} {
		if a >= u.size {
			if u.name == "k" {
				u.size = 1e3
			}
			return strconv.FormatFloat(v/u.size, 'g', 3, 64) + u.name
		}
	}
	if a >= 1000 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

func percent(part, whole int) string {
	p := 100 * float64(part) / float64(whole)
	if p < 10 {
		return fmt.Sprintf("%.1f %%", p)
	}
	return fmt.Sprintf("%.0f %%", p)
}
