package linear

import (
	"math"
	"slices"

	"github.com/foretide/foretide/core/codec"
	"github.com/foretide/foretide/core/feature"
	"github.com/foretide/foretide/core/forecast"
)

// A shift is what the weights of a horizon have moved by since they were fitted.
// It is kept in single precision, so that a state is small and restores the same
// bits.
type shift [feature.DirectCount]float32

// A value that came true moves the weights a step down the gradient of its
// absolute error, normalised (Nagumo and Noda 1967, "A learning method for system
// identification", with the error's sign): the forecast that was wrong by more
// than a tenth of the usual change becomes better by followRate of that change,
// less where its inputs are small. At each step a share followPull of what was
// learnt is forgotten, so that the weights never stray from those fitted by more
// than followRate/followPull/√DirectCount = 0.11 usual changes, as a vector.
// benchmarks/linear has what else was tried.
const (
	followRate = 0.02
	followPull = 0.03
	followFull = 10 // by the usual change: the inverse of the error that a whole step is taken for
)

// Update implements forecast.Updater: it needs the window. A refit drops what was
// learned.
func (f *Fitted) Update(w *forecast.Window, actuals []forecast.Actual) (forecast.Fitted, int, error) {
	if w == nil {
		return f, 0, nil
	}
	recent, long, err := w.Check(&f.spec)
	if err != nil {
		return f, 0, err
	}
	var d feature.Direct
	var scratch forecast.Scratch
	d.Reset(recent, long, &scratch)
	last, scale := d.Last(), d.Scale()
	out, used := f.copied(), 0
	for _, a := range actuals {
		i := slices.Index(f.spec.Horizons, a.Ahead)
		if i < 0 || !(f.at[i].Usual > 0) {
			continue
		}
		if y := (a.Value - last) / scale; finite(y) {
			var inputs [feature.DirectCount]float64
			d.Fill(inputs[:], a.Ahead)
			out.see(i, &inputs, y)
			used++
		}
	}
	out.apply()
	return out, used, nil
}

// copied returns a copy with room for what is learnt of its own.
func (f *Fitted) copied() *Fitted {
	out := *f
	out.learnt, out.now = make([]shift, len(f.at)), make([][feature.DirectCount]float64, len(f.at))
	copy(out.learnt, f.learnt)
	out.apply()
	return &out
}

// see makes the step of a horizon for a change of y scales.
func (f *Fitted) see(i int, inputs *[feature.DirectCount]float64, y float64) {
	usual := f.at[i].Usual
	e := y - of(&f.now[i], inputs)
	norm := 0.0
	for _, x := range inputs {
		norm += x * x
	}
	step := followRate * usual * min(max(followFull*e/usual, -1), 1) / max(norm, float64(len(inputs)))
	if !finite(step) {
		return
	}
	for j, x := range inputs {
		f.learnt[i][j] = float32((1-followPull)*float64(f.learnt[i][j]) + step*x)
	}
}

// apply makes the weights that are served.
func (f *Fitted) apply() {
	for i := range f.at {
		for j, w := range f.at[i].Weights {
			f.now[i][j] = w + float64(f.learnt[i][j])
		}
	}
}

// AppendState implements forecast.Updater (fields of core/codec): 1 what tells these
// weights from those of another fit; 2 what they have moved by, one horizon after
// the other.
func (f *Fitted) AppendState(dst []byte) []byte {
	if f.learnt == nil {
		return dst
	}
	w := codec.NewWriter(dst)
	w.Uint(1, f.fingerprint())
	data := make([]float32, 0, feature.DirectCount*len(f.learnt))
	for i := range f.learnt {
		data = append(data, f.learnt[i][:]...)
	}
	w.Floats32(2, data)
	return w.Bytes()
}

// WithState implements forecast.Updater. What was learnt of another fit is left
// out.
func (f *Fitted) WithState(state []byte) (forecast.Fitted, error) { return f.withState(state) }

func (f *Fitted) withState(state []byte) (*Fitted, error) {
	var whose uint64
	var data []float32
	r := codec.NewReader(state)
	for r.Next() {
		switch r.Field() {
		case 1:
			whose = r.Uint()
		case 2:
			data = r.Floats32()
		}
	}
	if err := r.Err(); err != nil {
		return f, err
	}
	if data == nil || whose != f.fingerprint() {
		return f, nil
	}
	if len(data) != feature.DirectCount*len(f.at) {
		return f, forecast.ErrPayload
	}
	out := f.copied()
	for i := range out.learnt {
		limit := followRate / followPull * f.at[i].Usual
		for j := range out.learnt[i] {
			x := data[i*feature.DirectCount+j]
			if !(math.Abs(float64(x)) <= limit) {
				return f, forecast.ErrPayload
			}
			out.learnt[i][j] = x
		}
	}
	out.apply()
	return out, nil
}

// fingerprint is a hash of the weights as they were fitted (FNV-1a of their bits,
// eight bytes at a time).
func (f *Fitted) fingerprint() uint64 {
	h := uint64(14695981039346656037)
	for i := range f.at {
		for _, w := range f.at[i].Weights {
			h = (h ^ math.Float64bits(w)) * 1099511628211
		}
	}
	return h
}

var _ forecast.Updater = (*Fitted)(nil)
