package prometheus

import (
	"math"
	"slices"
	"strings"

	"github.com/foretide/foretide/core/series"
)

// A table turns series, as the server gives them, into rows. It holds the samples of one page.
type table struct {
	width   int
	columns []int // of each asked column, its place in the row
	network []bool
	only    bool // nothing but networks is asked for
	samples []sample
	ids     map[string]int32 // of containers and pods
	names   []string
	member  []int32 // of each container, the id of its pod, or -1
	wrote   []bool  // of each id, whether a row has it
	hosts   map[hostKey]string
	cells   []int // values written, by asked column
}

type hostKey struct {
	id     int32
	column int
}

// A sample is one value of a page. id is of a pod where pod is set.
type sample struct {
	t      int64
	v      float64
	id     int32
	column uint16
	pod    bool
}

func (b *table) init(header []string, ask []column) {
	b.width, b.only = len(header), true
	for _, c := range ask {
		b.columns = append(b.columns, slices.Index(header, c.metric))
		net := c.metric == series.NetRx || c.metric == series.NetTx
		b.network = append(b.network, net)
		b.only = b.only && net
	}
	b.cells = make([]int, len(ask))
	b.ids = make(map[string]int32)
	b.clear()
}

// clear forgets the samples of a page.
func (b *table) clear() {
	b.samples = b.samples[:0]
	b.hosts = make(map[hostKey]string)
}

// id returns the number of a name. Names of pods are kept apart from those of
// containers.
func (b *table) id(kind, text string) int32 {
	key := kind + text
	id, ok := b.ids[key]
	if !ok {
		id = int32(len(b.names))
		b.ids[key] = id
		b.names = append(b.names, text)
		b.member = append(b.member, -1)
		b.wrote = append(b.wrote, false)
	}
	return id
}

// rowOf returns the name of the rows that a series is for, "" for a pod whose
// values go to the rows of its containers.
func (b *table) rowOf(n name) string {
	if n.pod != "" && b.only {
		return n.pod
	}
	return n.container
}

// add takes the values of a series for the i-th asked column. Where the same
// container has values from another host, it returns that host.
func (b *table) add(i int, n name, values []point) (otherHost string) {
	s := sample{column: uint16(i)}
	switch {
	case n.pod != "" && b.only:
		s.id = b.id("c", n.pod)
	case n.pod != "":
		s.id, s.pod = b.id("p", n.pod), true
	default:
		s.id = b.id("c", n.container)
		if n.member != "" {
			b.member[s.id] = b.id("p", n.member)
		}
	}
	if n.host != "" {
		key := hostKey{s.id, i}
		if h, ok := b.hosts[key]; ok && h != n.host {
			otherHost = h
		}
		b.hosts[key] = n.host
	}
	for _, p := range values {
		if math.IsNaN(p.v) || math.IsInf(p.v, 0) {
			continue
		}
		s.t, s.v = p.t/1000, p.v
		b.samples = append(b.samples, s)
	}
	return otherHost
}

// rows calls write for each row of the page, by time and then by name. Several
// series of one container are added up. A pod's network is that of each of its
// containers, which share it.
func (b *table) rows(write func(t int64, container string, values []float64) error) error {
	slices.SortStableFunc(b.samples, func(x, y sample) int {
		switch {
		case x.t != y.t:
			return int(max(-1, min(1, x.t-y.t)))
		case x.pod != y.pod && x.pod: // pods first: containers take from them
			return -1
		case x.pod != y.pod:
			return 1
		case x.id != y.id:
			return strings.Compare(b.names[x.id], b.names[y.id])
		}
		return int(x.column) - int(y.column)
	})
	values := make([]float64, b.width)
	pods := make(map[int32][]float64)
	for i := 0; i < len(b.samples); {
		first := b.samples[i]
		if i == 0 || first.t != b.samples[i-1].t {
			clear(pods)
		}
		fillNaN(values)
		for ; i < len(b.samples) && b.samples[i].t == first.t && b.samples[i].id == first.id && b.samples[i].pod == first.pod; i++ {
			addTo(&values[b.columns[b.samples[i].column]], b.samples[i].v)
		}
		if first.pod {
			pods[first.id] = slices.Clone(values)
			continue
		}
		b.share(values, pods[b.member[first.id]])
		for k, c := range b.columns {
			if !math.IsNaN(values[c]) {
				b.cells[k]++
			}
		}
		b.wrote[first.id] = true
		if err := write(first.t, b.names[first.id], values); err != nil {
			return err
		}
	}
	return nil
}

// share gives a container the network of its pod.
func (b *table) share(values, pod []float64) {
	if pod == nil {
		return
	}
	for k, c := range b.columns {
		if b.network[k] && math.IsNaN(values[c]) {
			values[c] = pod[c]
		}
	}
}

// containers returns the names that rows were written for, sorted.
func (b *table) containers() []string {
	var out []string
	for id, yes := range b.wrote {
		if yes {
			out = append(out, b.names[id])
		}
	}
	slices.Sort(out)
	return out
}

func fillNaN(v []float64) {
	for i := range v {
		v[i] = math.NaN()
	}
}

func addTo(dst *float64, v float64) {
	if math.IsNaN(*dst) {
		*dst = v
		return
	}
	// The sum of finite values may not be finite; no byte counter comes near.
	if *dst += v; math.IsInf(*dst, 0) {
		*dst = math.NaN()
	}
}
