package main

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-json"
)

// A table is text in aligned columns.
type table struct {
	rows  [][]string
	width []int
	align map[int]bool // columns that stand right
}

func newTable(head ...string) *table {
	t := &table{align: map[int]bool{}}
	t.row(head...)
	return t
}

// right aligns columns to the right: numbers.
func (t *table) right(columns ...int) {
	for _, c := range columns {
		t.align[c] = true
	}
}

func (t *table) row(cells ...string) {
	for i, c := range cells {
		if i == len(t.width) {
			t.width = append(t.width, 0)
		}
		t.width[i] = max(t.width[i], utf8.RuneCountInString(c))
	}
	t.rows = append(t.rows, cells)
}

func (t *table) write(w io.Writer) {
	var b strings.Builder
	for _, cells := range t.rows {
		line := ""
		for i, c := range cells {
			pad := strings.Repeat(" ", t.width[i]-utf8.RuneCountInString(c))
			if t.align[i] {
				line += pad + c + "  "
			} else {
				line += c + pad + "  "
			}
		}
		b.WriteString(strings.TrimRight(line, " "))
		b.WriteByte('\n')
	}
	_, _ = io.WriteString(w, b.String())
}

// number prints a value of a metric with four significant digits, and with
// k, M, G … from ten thousand on.
func number(v float64) string {
	a := math.Abs(v)
	switch {
	case math.IsNaN(v):
		return "-"
	case a < 1e4:
		return significant(v)
	}
	for _, u := range []struct {
		size float64
		name string
	}{{1e15, "P"}, {1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if a >= u.size {
			return significant(v/u.size) + u.name
		}
	}
	return significant(v)
}

func significant(v float64) string {
	if v == 0 {
		return "0"
	}
	a := math.Abs(v)
	if a < 1e-3 {
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
	decimals := max(0, 3-int(math.Floor(math.Log10(a))))
	return strconv.FormatFloat(v, 'f', decimals, 64)
}

func ratio(v float64) string {
	if math.IsNaN(v) || v == 0 {
		return "-"
	}
	return strconv.FormatFloat(v, 'f', 3, 64)
}

func share(v float64) string {
	if math.IsNaN(v) {
		return "-"
	}
	return fmt.Sprintf("%.0f %%", 100*v)
}

// writeJSON prints v as indented JSON.
func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// markdown prints the table as Markdown.
func (t *table) markdown(w io.Writer) {
	var b strings.Builder
	for n, cells := range t.rows {
		b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
		if n > 0 {
			continue
		}
		for i := range cells {
			if t.align[i] {
				b.WriteString("|--:")
			} else {
				b.WriteString("|---")
			}
		}
		b.WriteString("|\n")
	}
	_, _ = io.WriteString(w, b.String())
}
