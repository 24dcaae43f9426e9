package kernel

// MulAdd adds the product of activations and weights:
//
//	dst[o][r][·] += Σ_k src[k/16][r][k%16] · w[o][k][·]
//
// for o < out blocks, r < rows and k < in. src has Blocks(in) blocks, w has out
// times in rows of 16.
func MulAdd(dst, src, w []float32, rows, in, out int) {
	if rows <= 0 || in <= 0 || out <= 0 {
		return
	}
	dst = dst[:out*rows*Block]
	src = src[:Blocks(in)*rows*Block]
	w = w[:out*in*Block]
	mulAdd(dst, src, w, rows, in, out)
}

// OuterAdd adds the gradient of the weights, of several steps at once:
//
//	dw[o][k][·] += Σ_t Σ_r src[t·srcStep + (k/16)·rows·16 + r·16 + k%16] · g[t·gStep + o·rows·16 + r·16 + ·]
//
// for o < out blocks, k < in, t < steps and r < rows, t outermost. srcStep and
// gStep are in elements and may be negative, for sequences that run
// backwards; src and g begin at element srcAt and gAt of their slices.
func OuterAdd(dw, src, g []float32, rows, in, out, steps, srcAt, srcStep, gAt, gStep int) {
	if rows <= 0 || in <= 0 || out <= 0 || steps <= 0 {
		return
	}
	dw = dw[:out*in*Block]
	within(src, srcAt, srcStep, steps, Blocks(in)*rows*Block)
	within(g, gAt, gStep, steps, out*rows*Block)
	for n := max(stretch/rows, 1); steps > 0; steps -= n {
		n = min(n, steps)
		outerAdd(dw, src, g, rows, in, out, n, srcAt, srcStep, gAt, gStep)
		srcAt += n * srcStep
		gAt += n * gStep
	}
}

// stretch is how many rows of src and g, over several steps, OuterAdd adds up
// before it comes back to the same weights: few enough to stay in the
// first-level cache, even where the steps lie a power of two apart and share
// its lines.
const stretch = 64

// within panics where steps pieces of n elements from at on, step apart, do
// not all lie in x.
func within(x []float32, at, step, steps, n int) {
	_ = x[at : at+n]
	last := at + (steps-1)*step
	_ = x[last : last+n]
}

// Transpose packs weights from in inputs to out blocks of outputs as weights
// from these outputs to the inputs: dst[k/16][o][k%16] = w[o/16][k][o%16].
// The inputs beyond in that pad dst's last block are zero.
func Transpose(dst, w []float32, in, out int) {
	dst = dst[:Blocks(in)*out*Block*Block]
	w = w[:out*in*Block]
	if in%Block != 0 {
		clear(dst[(Blocks(in)-1)*out*Block*Block:])
	}
	for o := range out {
		for k := range in {
			row := w[(o*in+k)*Block:][:Block]
			to := dst[(k/Block*out+o)*Block*Block+k%Block:]
			for j, x := range row {
				to[j*Block] = x
			}
		}
	}
}

// SumRows adds up the rows: dst[o][·] += Σ_r src[o][r][·]. It is the gradient
// of a bias.
func SumRows(dst, src []float32, rows, out int) {
	if rows <= 0 || out <= 0 {
		return
	}
	sumRows(dst[:out*Block], src[:out*rows*Block], rows, out)
}

// GatesForward makes one step of an LSTM from the sums of its gates, for units
// blocks of hidden units:
//
//	i, f, o = sigmoid, g = tanh            (in place, in gates)
//	c = f·before + i·g,   tanhC = tanh c,  h = o·tanhC
//
// gates has 4·units blocks; before is c of the step before. c may be before.
func GatesForward(h, c, tanhC, gates, before []float32, rows, units int) {
	if rows <= 0 || units <= 0 {
		return
	}
	n := units * rows * Block
	gatesForward(h[:n], c[:n], tanhC[:n], gates[:4*n], before[:n], rows, units)
}

// GatesBackward makes one step back: from the gradients of h and of c it makes
// those of the sums of the gates, in place in gates, and leaves in dc that of
// the step before's c. gates and tanhC are as GatesForward left them.
func GatesBackward(gates, dc, dh, tanhC, before []float32, rows, units int) {
	if rows <= 0 || units <= 0 {
		return
	}
	n := units * rows * Block
	gatesBackward(gates[:4*n], dc[:n], dh[:n], tanhC[:n], before[:n], rows, units)
}

// An AdamStep has the constants of one step of AdamW (Loshchilov and Hutter
// 2019, algorithm 2, as PyTorch computes it).
type AdamStep struct {
	Rate         float32 // learning rate
	Beta1, Beta2 float32 // decay of the moments
	Epsilon      float32
	Decay        float32 // decoupled weight decay, times Rate
	Correct1     float32 // 1/(1-Beta1^t) at step t ≥ 1
	Correct2     float32 // 1/sqrt(1-Beta2^t)
	Scale        float32 // of the gradient, such as from clipping
}

// Adam makes a step: with g = Scale·grad,
//
//	m = Beta1·m + (1-Beta1)·g,  v = Beta2·v + (1-Beta2)·g²
//	w = w·(1-Rate·Decay) - Rate·Correct1·m / (sqrt(v)·Correct2 + Epsilon)
func Adam(w, m, v, grad []float32, s *AdamStep) {
	n := len(w)
	adam(w, m[:n], v[:n], grad[:n], s)
}

// Copy copies n pieces of size elements, a multiple of Block: piece i is
// src[i·srcStep:][:size] and goes to dst[i·dstStep:]. Steps are not negative;
// with a srcStep of 0 all pieces are the same.
func Copy(dst, src []float32, n, size, dstStep, srcStep int) {
	if n <= 0 || size <= 0 {
		return
	}
	if size%Block != 0 {
		panic("kernel: pieces are not of whole blocks")
	}
	within(dst, 0, dstStep, n, size)
	within(src, 0, srcStep, n, size)
	copyPieces(dst, src, n, size, dstStep, srcStep)
}

// Sigmoid sets dst to 1/(1+exp(-src)), element by element; dst may be src. The
// result lies in [0, 1]; its error is below 1e-7, absolute, and for src > -87
// below 1.5e-7, relative.
func Sigmoid(dst, src []float32) { sigmoids(dst, src[:len(dst)]) }

// Tanh sets dst to tanh(src), element by element; dst may be src. The result
// lies in [-1, 1]; its error is below 1.8e-7, relative, and so absolute too.
func Tanh(dst, src []float32) { tanhs(dst, src[:len(dst)]) }
