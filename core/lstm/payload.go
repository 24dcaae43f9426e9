package lstm

import (
	"slices"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/lstm/network"
)

// Kind names the decoder of the payload.
const Kind = "lstm.1"

// MaxOthers bounds the other metrics that a payload may name.
const MaxOthers = 64

// Kind returns "lstm.1".
func (f *Fitted) Kind() string { return Kind }

// AppendPayload appends the model's bytes (fields of core/codec):
//
//	1  task (forecast.Task.Write)
//	2  shape: 1 steps, 2 hidden, 3 layers, 4 bidirectional, 5 width of the heads
//	3  another metric, once for each
//	4  number of features of a head, 5 of those that skip it: what the version
//	   of core/feature has that the model was trained on
//	6  weights, as package network lays them out: IEEE 754 binary16, 2 bytes each
//	7  epochs after which training found it best
//
// A Fitted has been rounded to binary16 when it was made (see Round), so it
// comes back as it was.
func (f *Fitted) AppendPayload(dst []byte) []byte {
	s := f.net.Shape()
	w := codec.NewWriter(dst)
	w.Message(1, f.spec.Task.Write)
	w.Message(2, func(w *codec.Writer) {
		w.Int(1, int64(s.Steps))
		w.Int(2, int64(s.Hidden))
		w.Int(3, int64(s.Layers))
		w.Bool(4, s.Bidirectional)
		w.Int(5, int64(s.Width))
	})
	for _, m := range f.others {
		w.String(3, m)
	}
	w.Int(4, int64(s.Features))
	w.Int(5, int64(s.Skip))
	w.Data(6, codec.AppendHalves(make([]byte, 0, 2*len(f.net.Weights)), f.net.Weights))
	w.Int(7, int64(f.epochs))
	return w.Bytes()
}

// Decode returns the model whose payload AppendPayload wrote. An error is one
// of core/codec's, or forecast.ErrPayload and its kin where the bytes are no
// model. Nothing is allocated that the payload's length does not warrant.
func Decode(payload []byte) (*Fitted, error) {
	var task forecast.Task
	var shape network.Shape
	var others []string
	var data []byte
	var features, skip, epochs int64
	r := codec.NewReader(payload)
	for r.Next() {
		switch r.Field() {
		case 1:
			r.Message(func(r *codec.Reader) { task = forecast.ReadTask(r) })
		case 2:
			r.Message(func(r *codec.Reader) { shape = readShape(r) })
		case 3:
			others = append(others, r.String())
		case 4:
			features = r.Int()
		case 5:
			skip = r.Int()
		case 6:
			data = r.Data()
		case 7:
			epochs = r.Int()
		}
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	if err := task.Check(); err != nil {
		return nil, err
	}
	if len(others) > MaxOthers || slices.Contains(others, task.Metric) ||
		len(task.Horizons) > network.MaxHorizons || len(task.Levels) > network.MaxLevels {
		return nil, forecast.ErrPayload
	}
	shape = Complete(shape, &task, others)
	if epochs < 0 || epochs > 1<<30 || int64(shape.Features) != features || int64(shape.Skip) != skip || !shape.Check() || len(data) != 2*shape.Size() {
		return nil, forecast.ErrPayload
	}
	net := network.New(shape)
	if !codec.Halves(net.Weights, data) {
		return nil, forecast.ErrPayload
	}
	return New(task, others, net).After(int(epochs)), nil
}

func readShape(r *codec.Reader) network.Shape {
	var s network.Shape
	// Beyond any limit a number stays beyond it.
	number := func() int { return int(min(max(r.Int(), -1), 1<<30)) }
	for r.Next() {
		switch r.Field() {
		case 1:
			s.Steps = number()
		case 2:
			s.Hidden = number()
		case 3:
			s.Layers = number()
		case 4:
			s.Bidirectional = r.Bool()
		case 5:
			s.Width = number()
		}
	}
	return s
}

// Round rounds the weights to what a payload holds, binary16, so that a model
// forecasts the same before it is stored and after.
func Round(n *network.Network) { codec.RoundHalves(n.Weights) }
