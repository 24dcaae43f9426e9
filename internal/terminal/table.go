package terminal

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-json"
)

// A Table is text in aligned columns.
type Table struct {
	rows  [][]string
	width []int
	align map[int]bool // columns that stand right
}

// NewTable returns a table with a head.
func NewTable(head ...string) *Table {
	t := &Table{align: map[int]bool{}}
	t.Row(head...)
	return t
}

// Right aligns columns to the right: numbers.
func (t *Table) Right(columns ...int) {
	for _, c := range columns {
		t.align[c] = true
	}
}

// Row adds a line.
func (t *Table) Row(cells ...string) {
	for i, c := range cells {
		if i == len(t.width) {
			t.width = append(t.width, 0)
		}
		t.width[i] = max(t.width[i], utf8.RuneCountInString(c))
	}
	t.rows = append(t.rows, cells)
}

// Write prints the table.
func (t *Table) Write(w io.Writer) {
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

// Number prints a value of a metric with four significant digits, and with
// k, M, G … from ten thousand on.
func Number(v float64) string {
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

// Ratio prints a ratio of errors; "-" for none.
func Ratio(v float64) string {
	if math.IsNaN(v) || v == 0 {
		return "-"
	}
	return strconv.FormatFloat(v, 'f', 3, 64)
}

// Share prints a share as a percentage.
func Share(v float64) string {
	if math.IsNaN(v) {
		return "-"
	}
	return fmt.Sprintf("%.0f %%", 100*v)
}

// WriteJSON prints v as indented JSON.
func WriteJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// Markdown prints the table as Markdown.
func (t *Table) Markdown(w io.Writer) {
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

// A Real is a number that JSON shows as null where it is NaN or infinite.
type Real float64

// MarshalJSON implements json.Marshaler.
func (r Real) MarshalJSON() ([]byte, error) {
	if v := float64(r); math.IsNaN(v) || math.IsInf(v, 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(r))
}
