// Package plain writes numbers and names in messages. It does what strconv and
// slices do too, for the few cases that the core has, in a tenth of the code:
// what these bring along would be a twentieth of the WebAssembly guest.
package plain

import (
	"math"
	"strconv"
)

// Two gives x with two decimals: "0.25", "-1.50". Of a number within a rounding
// error of the middle between two, it is either. Numbers beyond ±1e15 are
// given as such.
func Two(x float64) string {
	switch {
	case math.IsNaN(x):
		return "NaN"
	case x >= 1e15:
		return ">1e15"
	case x <= -1e15:
		return "<-1e15"
	}
	sign := ""
	if math.Signbit(x) {
		sign, x = "-", -x
	}
	whole := math.Floor(x)
	part := int64(math.RoundToEven((x - whole) * 100))
	if part == 100 {
		whole, part = whole+1, 0
	}
	digits := strconv.FormatInt(part, 10)
	if part < 10 {
		digits = "0" + digits
	}
	return sign + strconv.FormatInt(int64(whole), 10) + "." + digits
}

// Quote gives s in double quotes, with a backslash before these and itself, and
// control characters as \xNN.
//
//go:noinline
func Quote(s string) string {
	const hex = "0123456789abcdef"
	b := make([]byte, 0, len(s)+2)
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ' || c == 0x7f:
			b = append(b, '\\', 'x', hex[c>>4], hex[c&15])
		default:
			b = append(b, c)
		}
	}
	return string(append(b, '"'))
}

// List joins words by commas, without package strings, whose tables of letters
// are 20 kB of a guest.
func List(words []string) string {
	out := ""
	for i, w := range words {
		if i > 0 {
			out += ", "
		}
		out += w
	}
	return out
}

// SortStable sorts x, in time that grows with the square of its length; equal
// elements keep their order.
func SortStable[T any](x []T, less func(a, b T) bool) {
	for i := 1; i < len(x); i++ {
		for j := i; j > 0 && less(x[j], x[j-1]); j-- {
			x[j], x[j-1] = x[j-1], x[j]
		}
	}
}
