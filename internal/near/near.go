// Package near finds the known names that a mistyped one may have meant.
package near

import (
	"slices"
	"strconv"
	"strings"
)

// Names returns at most n of the known names that are like name, the likest
// first: those that it is a part of or that are a part of it (of three letters
// or more), and those that differ in few letters (a third of its length at
// most). Case does not matter; a name that differs in case only comes first.
func Names(name string, known []string, n int) []string {
	type candidate struct {
		name string
		dist int
	}
	want := []rune(strings.ToLower(name))
	var found []candidate
	for _, k := range slices.Compact(slices.Sorted(slices.Values(known))) {
		have := []rune(strings.ToLower(k))
		d := distance(want, have)
		part := min(len(want), len(have)) >= 3 &&
			(strings.Contains(string(have), string(want)) || strings.Contains(string(want), string(have)))
		if d <= max(1, len(want)/3) && d < len(want) || part {
			if part {
				d = min(d, 2)
			}
			found = append(found, candidate{k, d})
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return a.dist - b.dist })
	var out []string
	for _, c := range found[:min(n, len(found))] {
		out = append(out, c.name)
	}
	return out
}

// Hint returns the question that ends an error message: `; did you mean "a"
// or "b"?`. It is empty where nothing is like name.
func Hint(name string, known []string) string {
	names := Names(name, known, 3)
	if len(names) == 0 {
		return ""
	}
	for i := range names {
		names[i] = strconv.Quote(names[i])
	}
	last := len(names) - 1
	if last == 0 {
		return "; did you mean " + names[0] + "?"
	}
	return "; did you mean " + strings.Join(names[:last], ", ") + " or " + names[last] + "?"
}

// distance is the number of letters to insert, delete, replace or swap with
// their neighbour that turn a into b (optimal string alignment).
func distance(a, b []rune) int {
	before, prev, cur := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			differ := 1
			if a[i-1] == b[j-1] {
				differ = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+differ)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], before[j-2]+1)
			}
		}
		before, prev, cur = prev, cur, before
	}
	return prev[len(b)]
}
