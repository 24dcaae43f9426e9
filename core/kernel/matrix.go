package kernel

// A Matrix is where a map from In features to Out blocks of outputs lies among
// the weights of a network, laid out as this package has it.
type Matrix struct {
	At  int // first element
	In  int // features
	Out int // blocks of 16 outputs
}

// Len returns the number of elements.
func (m Matrix) Len() int { return m.In * m.Out * Block }

// Of returns the matrix's part of a slice of all weights, or of gradients.
func (m Matrix) Of(all []float32) []float32 { return all[m.At : m.At+m.Len()] }
