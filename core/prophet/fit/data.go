package fit

import (
	"math"
	"slices"

	"github.com/foretide/foretide/core/prophet"
)

// Data are the rows to fit to, as in Prophet's data frame: in any order, at any
// distances, with several of one time or none.
type Data struct {
	T []int64   // Unix seconds
	Y []float64 // NaN: the row is left out
	// Columns are cap, floor, conditions and regressors by name. Those that
	// the model reads need a value in every row that has one of Y.
	Columns map[string][]float64
	// Cell is the seconds that a row stands for, from T on; 0 where it is a
	// moment. A timed event is in every cell that it touches.
	Cell int64
}

// observed returns the rows with a value, in order of time. The error is
// errRows, errTime or errValue.
func (d *Data) observed() (Data, error) {
	rows := make([]int, 0, len(d.Y))
	for i, y := range d.Y {
		if math.IsInf(y, 0) {
			return Data{}, errValue
		}
		if y == y {
			rows = append(rows, i)
		}
	}
	if len(rows) < 2 {
		return Data{}, errRows
	}
	if !slices.IsSorted(d.T) {
		slices.SortStableFunc(rows, func(a, b int) int {
			switch {
			case d.T[a] < d.T[b]:
				return -1
			case d.T[a] > d.T[b]:
				return 1
			}
			return 0
		})
	}
	out := Data{T: make([]int64, len(rows)), Y: pick(d.Y, rows), Columns: make(map[string][]float64, len(d.Columns)), Cell: d.Cell}
	for k, i := range rows {
		out.T[k] = d.T[i]
	}
	for name, c := range d.Columns {
		out.Columns[name] = pick(c, rows)
	}
	if out.T[0] == out.T[len(rows)-1] {
		return Data{}, errTime
	}
	return out, nil
}

func pick(v []float64, rows []int) []float64 {
	out := make([]float64, len(rows))
	for k, i := range rows {
		out[k] = v[i]
	}
	return out
}

// column returns a column that must have all values.
func (d *Data) column(name string) ([]float64, error) {
	c, ok := d.Columns[name]
	if !ok {
		return nil, &columnError{Name: name}
	}
	missing := 0
	for _, v := range c {
		if v-v != 0 {
			missing++
		}
	}
	if missing > 0 {
		return nil, &columnError{name, missing}
	}
	return c, nil
}

// scale sets the model's scale and floor (Prophet's initialize_scales), and
// scales y and the capacity by them.
func (b *builder) scale() error {
	d, p := &b.data, &b.params
	lo, hi := slices.Min(d.Y), slices.Max(d.Y)
	p.Scale = max(math.Abs(lo), math.Abs(hi))
	if b.config.Scaling == MinMax {
		p.Floor, p.Scale = lo, hi-lo
	}
	var floor, capacity []float64
	if b.config.Growth == prophet.Logistic {
		var err error
		if floor, capacity, err = b.limits(); err != nil {
			return err
		}
		if floor != nil {
			p.Scale = 0
			least, most := math.Inf(1), math.Inf(-1)
			for i, y := range d.Y {
				p.Scale = max(p.Scale, math.Abs(y-floor[i]))
				least, most = min(least, floor[i]), max(most, capacity[i])
			}
			if b.config.Scaling == MinMax {
				p.Scale = most - least
			}
		}
	}
	if p.Scale == 0 {
		p.Scale = 1
	}
	b.y = make([]float64, len(d.Y))
	for i, y := range d.Y {
		f := p.Floor
		if floor != nil {
			f = floor[i]
		}
		b.y[i] = (y - f) / p.Scale
		if capacity != nil {
			capacity[i] = (capacity[i] - f) / p.Scale
			if !(capacity[i] > 0) || math.IsInf(capacity[i], 0) {
				return errCap
			}
		}
	}
	b.capacity = capacity
	return nil
}

// limits returns the floor, nil where it is the model's own, and a copy of the
// capacity, and makes them inputs.
func (b *builder) limits() (floor, capacity []float64, err error) {
	d, p := &b.data, &b.params
	constant := func(v float64) []float64 {
		c := make([]float64, len(d.Y))
		for i := range c {
			c[i] = v
		}
		return c
	}
	switch {
	case d.Columns["floor"] != nil:
		if floor, err = d.column("floor"); err != nil {
			return nil, nil, err
		}
		p.FloorInput = b.input("floor", floor)
	case !math.IsInf(b.config.Floor, 0):
		floor = constant(b.config.Floor)
		p.Floor = b.config.Floor
	}
	switch {
	case d.Columns["cap"] != nil:
		if capacity, err = d.column("cap"); err != nil {
			return nil, nil, err
		}
	case !math.IsInf(b.config.Cap, 0):
		capacity = constant(b.config.Cap)
	default:
		return nil, nil, errCap
	}
	p.CapInput = b.input("cap", capacity)
	return floor, slices.Clone(capacity), nil
}

// input makes a column an input, once, and returns its index.
func (b *builder) input(name string, column []float64) int {
	for i := range b.params.Inputs {
		if b.params.Inputs[i].Name == name {
			return i
		}
	}
	b.params.Inputs = append(b.params.Inputs, prophet.Input{Name: name, Typical: column[len(column)-1]})
	b.columns = append(b.columns, column)
	return len(b.columns) - 1
}
