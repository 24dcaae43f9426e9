package link

import "encoding/binary"

// firstFunction is the number of the first function that the module defines. A
// program counter is such a number shifted by 16, and the number of a block;
// types and tables have the number alone (cmd/link/internal/wasm and
// runtime/symtab.go of Go 1.26).
const firstFunction = 0x1000

// reachable returns which functions of a module may run: those that it exports,
// those whose address is in its memory, or among its types, which have methods,
// and those that such a function calls or has the address of. One that is cut
// reaches nothing. A number that might be an address is taken for one.
func reachable(g *goModule, cut []bool, types [2]int) []bool {
	found := make([]bool, len(g.bodies))
	var queue []int
	add := func(i int) {
		if i >= 0 && i < len(found) && !found[i] {
			found[i] = true
			queue = append(queue, i)
		}
	}
	for _, i := range g.exports {
		add(i - g.imports)
	}
	for at := 0; at+8 <= len(g.memory); at += 8 {
		if x := binary.LittleEndian.Uint64(g.memory[at:]); x&0xffff == 0 && x < 1<<31 {
			add(int(x>>16) - firstFunction)
		}
	}
	for at := types[0] &^ 3; at+4 <= types[1]; at += 4 {
		add(int(binary.LittleEndian.Uint32(g.memory[at:])) - firstFunction)
	}
	for len(queue) > 0 {
		i := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		if cut[i] {
			continue
		}
		for k := range g.bodies[i].code {
			switch in := &g.bodies[i].code[k]; in.op {
			case opCall:
				add(int(in.value) - g.imports)
			case opI32Const, opI64Const:
				add(int(in.value>>16) - firstFunction)
			}
		}
	}
	return found
}
