package codec

import (
	"errors"
	"math"
)

// A Checkpoint is a fitted model with what is to be known about it.
type Checkpoint struct {
	Kind       string    // the decoder of the payload: "naive.1" …
	Metric     string    // what it forecasts
	Container  string    // of whom; "" where one model serves every container
	Step       int64     // seconds between the cells it expects
	Horizons   []int64   // seconds ahead, ascending
	Levels     []float64 // quantile probabilities, ascending in (0,1)
	Provenance Provenance
	Payload    []byte // the model's own fields, uncompressed
}

// Provenance says where a model comes from. It has no time of writing: the
// same data and configuration give the same bytes.
type Provenance struct {
	Version    string   // of the Foretide that wrote it
	Model      string   // the family that was asked for: "arima" …
	Config     string   // effective configuration, as YAML
	Seed       uint64   // of every random choice
	Containers []string // whose histories it was fitted to
	DataStart  int64    // Unix seconds at which the history's first cell begins
	DataEnd    int64    // Unix seconds at which its last cell ends
	Points     int64    // observed values in it
	DataDigest string   // of the history, as "sha256:…"
	Status     string   // how the fit ended: "converged" …
	Summary    string   // the chosen model, for people: "ARIMA(2,1,2) with drift"
	Notes      []string // problems of the data, choices made
	Scores     []Score  // on the validation part, one for each horizon
	// Losses are the validation losses of a model trained by epochs, from the
	// first epoch on; empty without.
	Losses []float64
}

// A Score is how good the forecasts of one horizon were on the validation
// part. A number that was not computed is NaN.
type Score struct {
	Ahead    int64   // seconds
	Count    int64   // forecasts that were compared with what happened
	MAE      float64 // mean absolute error, in the metric's unit
	RMSE     float64 // root of the mean squared error, in the metric's unit
	Ratio    float64 // MAE as a ratio to persistence's on the same rows
	R2       float64
	SMAPE    float64 // percent
	MASE     float64
	Coverage float64 // share of actual values inside the 80 % interval
	Width    float64 // mean width of the 80 % interval, in the metric's unit
}

// ErrHeader reports that a checkpoint's description is impossible. It comes
// with what is wrong in a *HeaderError.
var ErrHeader = errors.New("codec: impossible checkpoint header")

// A HeaderError says what is impossible in a checkpoint's description.
type HeaderError struct{ Problem string }

// Error says what is impossible.
func (e *HeaderError) Error() string { return ErrHeader.Error() + ": " + e.Problem }

// Is makes a HeaderError an ErrHeader.
func (e *HeaderError) Is(target error) bool { return target == ErrHeader }

// Check returns a *HeaderError where c cannot be the description of a model:
// kind, metric, step, horizons and levels are required.
func (c *Checkpoint) Check() error {
	switch {
	case c.Kind == "":
		return &HeaderError{"no kind"}
	case c.Metric == "":
		return &HeaderError{"no metric"}
	case c.Step <= 0:
		return &HeaderError{"step is not positive"}
	case len(c.Horizons) == 0:
		return &HeaderError{"no horizon"}
	case len(c.Levels) == 0:
		return &HeaderError{"no quantile level"}
	}
	last := int64(0)
	for _, h := range c.Horizons {
		if h <= last {
			return &HeaderError{"horizons are not positive and ascending"}
		}
		if h%c.Step != 0 {
			return &HeaderError{"a horizon is not a multiple of the step"}
		}
		last = h
	}
	below := 0.0
	for _, l := range c.Levels {
		if !(l > below && l < 1) {
			return &HeaderError{"quantile levels are not ascending within (0,1)"}
		}
		below = l
	}
	return nil
}

// Field numbers of the header, of Provenance and of Score. They are listed in
// the package's documentation and are only ever added to.

func (c *Checkpoint) writeHeader(w *Writer) {
	w.String(1, c.Kind)
	w.String(2, c.Metric)
	w.String(3, c.Container)
	w.Int(4, c.Step)
	w.Ints(5, c.Horizons)
	w.Floats(6, c.Levels)
	w.Message(7, c.Provenance.write)
}

func (c *Checkpoint) readHeader(r *Reader) {
	for r.Next() {
		switch r.Field() {
		case 1:
			c.Kind = r.String()
		case 2:
			c.Metric = r.String()
		case 3:
			c.Container = r.String()
		case 4:
			c.Step = r.Int()
		case 5:
			c.Horizons = r.Ints()
		case 6:
			c.Levels = r.Floats()
		case 7:
			r.Message(c.Provenance.read)
		}
	}
}

func (p *Provenance) write(w *Writer) {
	w.String(1, p.Version)
	w.String(2, p.Model)
	w.String(3, p.Config)
	w.Uint(4, p.Seed)
	for _, s := range p.Containers {
		w.String(5, s)
	}
	w.Int(6, p.DataStart)
	w.Int(7, p.DataEnd)
	w.Int(8, p.Points)
	w.String(9, p.DataDigest)
	w.String(10, p.Status)
	w.String(11, p.Summary)
	for _, s := range p.Notes {
		w.String(12, s)
	}
	for i := range p.Scores {
		w.Message(13, p.Scores[i].write)
	}
	if len(p.Losses) > 0 {
		w.Floats(14, p.Losses)
	}
}

func (p *Provenance) read(r *Reader) {
	for r.Next() {
		switch r.Field() {
		case 1:
			p.Version = r.String()
		case 2:
			p.Model = r.String()
		case 3:
			p.Config = r.String()
		case 4:
			p.Seed = r.Uint()
		case 5:
			p.Containers = append(p.Containers, r.String())
		case 6:
			p.DataStart = r.Int()
		case 7:
			p.DataEnd = r.Int()
		case 8:
			p.Points = r.Int()
		case 9:
			p.DataDigest = r.String()
		case 10:
			p.Status = r.String()
		case 11:
			p.Summary = r.String()
		case 12:
			p.Notes = append(p.Notes, r.String())
		case 13:
			r.Message(func(r *Reader) { p.Scores = append(p.Scores, readScore(r)) })
		case 14:
			p.Losses = r.Floats()
		}
	}
}

// fields returns the numbers of the score; number i is field 3+i.
func (s *Score) fields() [8]*float64 {
	return [...]*float64{&s.MAE, &s.RMSE, &s.Ratio, &s.R2, &s.SMAPE, &s.MASE, &s.Coverage, &s.Width}
}

func (s *Score) write(w *Writer) {
	w.Int(1, s.Ahead)
	w.Int(2, s.Count)
	for i, v := range s.fields() {
		w.Float(3+i, *v)
	}
}

func readScore(r *Reader) Score {
	var s Score
	numbers := s.fields()
	for _, v := range numbers {
		*v = math.NaN()
	}
	for r.Next() {
		switch f := r.Field(); {
		case f == 1:
			s.Ahead = r.Int()
		case f == 2:
			s.Count = r.Int()
		case f < 3+len(numbers):
			*numbers[f-3] = r.Float()
		}
	}
	return s
}
