// Command generate writes the assembly of core/kernel and what calls it; see
// generate.go there. For amd64 it is written by avo, which allots the
// registers; for arm64 as text.
package main

import (
	"flag"
	"log"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// block is the number of features that lie side by side, in bytes.
const block = 16 * 4

// A set is a set of instructions.
type set struct {
	name   string
	bytes  int // of a vector
	height int // most rows of a tile
	vector func() VecVirtual

	data map[string]Mem // all constants, in memory
	held map[string]Op  // those of the function at hand
}

var sets = map[string]*set{
	"avx2":   {name: "AVX2", bytes: 32, height: 6, vector: YMM},
	"avx512": {name: "AVX512", bytes: 64, height: 8, vector: ZMM},
}

// widths returns the numbers of blocks that a tile of height rows can be wide,
// as far as the registers go.
func (s *set) widths(height int) []int {
	most := 4 // of height times width, for more than one block
	if s.bytes == block {
		most = 16
	}
	w := []int{1}
	for c := 2; c <= 8 && height*c <= most; c *= 2 {
		w = append(w, c)
	}
	return w
}

func main() {
	name := flag.String("set", "", "avx2, avx512, neon, switch or peak")
	flag.Parse()
	switch *name {
	case "switch":
		check(writeSwitch("../tiles_amd64.go", sets["avx2"], sets["avx512"]))
		check(writeSwitch("../tiles_arm64.go", neonSet))
		return
	case "neon":
		check(writeNEON("../neon_arm64"))
		return
	case "peak":
		ConstraintExpr("!noasm")
		sets["avx2"].peak()
		sets["avx512"].peak()
		Generate()
		return
	}
	s := sets[*name]
	if s == nil {
		log.Fatalf("unknown set %q", *name)
	}
	ConstraintExpr("!noasm")
	for h := 1; h <= s.height; h++ {
		for _, w := range s.widths(h) {
			s.mulTile(h, w)
			s.outerTile(h, w)
		}
	}
	s.sumRows()
	s.gatesForward()
	s.gatesBackward()
	s.unary("sigmoids", s.sigmoid)
	s.unary("tanhs", s.tanh)
	s.adam()
	Generate()
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
