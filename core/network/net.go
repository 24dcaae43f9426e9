package network

import (
	"slices"
	"strconv"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/feature"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/internal/mlp"
)

// A Net is a trained network that is not yet of any task. It is immutable and
// safe for concurrent use.
type Net struct {
	net    *mlp.Network
	levels []float64 // of its outputs
	detail string
}

// NewNet returns a Net around a network, which it keeps, with weights rounded to
// what a payload holds. It panics where the shape is not ShapeOf's.
func NewNet(net *mlp.Network, levels []float64) *Net {
	shape := net.Shape()
	if shape != ShapeOf(shape.Hidden, levels) {
		panic("network: network is not of the features' shape")
	}
	codec.RoundHalves(net.Weights)
	return &Net{net: net, levels: slices.Clone(levels), detail: describe(&shape)}
}

// ShapeOf returns the shape of a network with hidden layers of such widths.
func ShapeOf(hidden [mlp.MaxHidden]int, levels []float64) mlp.Shape {
	return mlp.Shape{Inputs: feature.WideCount, Skip: feature.WideSkip, Hidden: hidden,
		Levels: len(levels), Median: slices.Index(levels, 0.5)}
}

// MLP returns the network; its weights must not be changed.
func (n *Net) MLP() *mlp.Network { return n.net }

// Levels returns the probabilities of its quantiles; do not modify them.
func (n *Net) Levels() []float64 { return n.levels }

// describe names a network for people: "network 192-192-96".
func describe(s *mlp.Shape) string {
	d := Name
	for i, w := range s.Hidden[:s.Layers()] {
		if i == 0 {
			d += " "
		} else {
			d += "-"
		}
		d += strconv.Itoa(w)
	}
	return d
}

// Write writes the network (fields of core/codec):
//
//	1  width of a hidden layer, once for each
//	2  levels of the quantiles
//	3  number of inputs, 4 of those of the linear map: what the version of
//	   core/feature has that it was trained on
//	5  weights, as package mlp lays them out: IEEE 754 binary16, 2 bytes each
func (n *Net) Write(w *codec.Writer) {
	s := n.net.Shape()
	for _, width := range s.Hidden[:s.Layers()] {
		w.Int(1, int64(width))
	}
	w.Floats(2, n.levels)
	w.Int(3, int64(s.Inputs))
	w.Int(4, int64(s.Skip))
	w.Data(5, codec.AppendHalves(make([]byte, 0, 2*len(n.net.Weights)), n.net.Weights))
}

// ReadNet reads what Write wrote. An error is one of core/codec's, or
// forecast.ErrPayload where the fields are no network. Nothing is allocated that
// the data's length does not warrant.
func ReadNet(r *codec.Reader) (*Net, error) {
	var hidden [mlp.MaxHidden]int
	var levels []float64
	var data []byte
	var inputs, skip int64
	layers := 0
	for r.Next() {
		switch r.Field() {
		case 1:
			if layers < len(hidden) {
				hidden[layers] = int(min(max(r.Int(), -1), 1<<20))
			}
			layers++
		case 2:
			levels = r.Floats()
		case 3:
			inputs = r.Int()
		case 4:
			skip = r.Int()
		case 5:
			data = r.Data()
		}
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	shape := ShapeOf(hidden, levels)
	task := forecast.Task{Step: 1, Horizons: []int64{1}, Levels: levels}
	if layers > len(hidden) || int64(shape.Inputs) != inputs || int64(shape.Skip) != skip ||
		task.Check() != nil || !shape.Check() || len(data) != 2*shape.Size() {
		return nil, forecast.ErrPayload
	}
	net := mlp.New(shape)
	if !codec.Halves(net.Weights, data) {
		return nil, forecast.ErrPayload
	}
	return NewNet(net, levels), nil
}
