package parquet

import (
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
)

// A group is the columns of a group of rows. Names are numbers into a list.
type group struct {
	container, metric names
	times             []int64
	values            []float64
	namesOnly         bool // values are not read
}

// names is a column of text.
type names struct {
	list  []string
	index []int32 // into list, by row
}

func (n *names) at(row int) string { return n.list[n.index[row]] }

func (g *group) rows() int { return len(g.times) }

// run returns the rows of one series from the given row on.
func (g *group) run(from int) Run {
	to := from + 1
	for to < len(g.times) && g.container.index[to] == g.container.index[from] && g.metric.index[to] == g.metric.index[from] {
		to++
	}
	run := Run{Container: g.container.at(from), Metric: g.metric.at(from), Times: g.times[from:to:to]}
	if !g.namesOnly {
		run.Values = g.values[from:to:to]
	}
	return run
}

// read decodes a group of rows, into g's storage.
func (g *group) read(rows parquet.RowGroup) (err error) {
	defer guard(&err)
	chunks := rows.ColumnChunks()
	g.times, g.values = g.times[:0], g.values[:0]
	if err := errors.Join(
		g.container.read(chunks[0]),
		g.metric.read(chunks[1]),
		pages(chunks[2], func(p parquet.Page) error { d := p.Data(); g.times = append(g.times, d.Int64()...); return nil }),
		g.readValues(chunks[3]),
	); err != nil {
		return err
	}
	n := len(g.times)
	if !g.namesOnly && len(g.values) != n || len(g.container.index) != n || len(g.metric.index) != n {
		return fmt.Errorf("%w: its columns have different lengths", ErrFile)
	}
	return nil
}

func (g *group) readValues(c parquet.ColumnChunk) error {
	if g.namesOnly {
		return nil
	}
	return pages(c, func(p parquet.Page) error { d := p.Data(); g.values = append(g.values, d.Double()...); return nil })
}

// pages calls do for each page of a column.
func pages(c parquet.ColumnChunk, do func(parquet.Page) error) error {
	all := c.Pages()
	defer all.Close()
	for {
		p, err := all.ReadPage()
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = do(p)
			parquet.Release(p)
		}
		if err != nil {
			return fmt.Errorf("%w: %w", ErrFile, err)
		}
	}
}

// read decodes a column of text, which has one dictionary.
func (n *names) read(c parquet.ColumnChunk) error {
	n.list, n.index = n.list[:0], n.index[:0]
	return pages(c, func(p parquet.Page) error {
		d := p.Dictionary()
		if d == nil {
			return errors.New("a column of names has no dictionary")
		}
		for i := len(n.list); i < d.Len(); i++ {
			n.list = append(n.list, d.Index(int32(i)).String())
		}
		data := p.Data()
		for _, i := range data.Int32() {
			if i < 0 || int(i) >= len(n.list) {
				return errors.New("a name is not in its dictionary")
			}
			n.index = append(n.index, i)
		}
		return nil
	})
}
