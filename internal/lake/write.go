package lake

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/foretide/foretide/infra/parquet"
	"github.com/foretide/foretide/loader/store"
)

// Write stores samples of the time [from, to), in Unix seconds: all that there
// are in it. To write the same again changes nothing. It returns the keys of the
// files.
func (l *Lake) Write(ctx context.Context, from, to int64, samples []parquet.Sample) ([]string, error) {
	p := l.Pending(from, to)
	for _, s := range samples {
		if err := p.Add(s); err != nil {
			return nil, err
		}
	}
	return p.Write(ctx)
}

// Pending are samples that are to be written. It holds them in 24 bytes each.
type Pending struct {
	lake     *Lake
	from, to int64
	places   map[name]place
	shards   map[int]*pendingShard
	count    int
}

type name struct{ container, metric string }

// A place is where a series is.
type place struct {
	shard  *pendingShard
	series int32 // of the shard
}

type pendingShard struct {
	names []name
	held  []held
}

type held struct {
	series int32
	time   int64 // Unix milliseconds
	value  float64
}

// Pending returns none yet, of the time [from, to), in Unix seconds.
func (l *Lake) Pending(from, to int64) *Pending {
	return &Pending{lake: l, from: from, to: to, places: map[name]place{}, shards: map[int]*pendingShard{}}
}

// Len returns how many there are.
func (p *Pending) Len() int { return p.count }

// Add adds one, in any order.
func (p *Pending) Add(s parquet.Sample) error {
	if t := s.Time / 1000; t < p.from || t >= p.to {
		return fmt.Errorf("a sample of %s at %d is outside of the time %d to %d", s.Container, t, p.from, p.to)
	}
	n := name{s.Container, s.Metric}
	at, known := p.places[n]
	if !known {
		at = p.place(n)
	}
	at.shard.held = append(at.shard.held, held{at.series, s.Time, s.Value})
	p.count++
	return nil
}

// place makes a place for a series.
func (p *Pending) place(n name) place {
	k := ShardOf(n.container, p.lake.Shards)
	s := p.shards[k]
	if s == nil {
		s = &pendingShard{}
		p.shards[k] = s
	}
	at := place{s, int32(len(s.names))}
	s.names = append(s.names, n)
	p.places[n] = at
	return at
}

// Write stores the samples, shard by shard, and forgets them. It returns the keys
// of the files, sorted.
func (p *Pending) Write(ctx context.Context) ([]string, error) {
	p.places, p.count = map[name]place{}, 0
	var keys []string
	for _, k := range slices.Sorted(maps.Keys(p.shards)) {
		s := p.shards[k]
		s.sort()
		for len(s.held) > 0 {
			d := s.held[0].time / 1000 / day * day
			n := 0
			for n < len(s.held) && s.held[n].time < (d+day)*1000 {
				n++
			}
			f := File{Shard: k, Shards: p.lake.Shards, From: max(p.from, d), To: min(p.to, d+day)}
			data, err := s.file(n)
			if err == nil {
				var key string
				key, err = p.lake.put(ctx, f, data)
				keys = append(keys, key)
			}
			if err != nil {
				return keys, err
			}
			s.held = s.held[n:]
		}
		delete(p.shards, k)
	}
	slices.Sort(keys)
	return keys, nil
}

// sort brings samples in the order of days, and of a file within each.
func (s *pendingShard) sort() {
	order := make([]int32, len(s.names))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		return cmp.Or(strings.Compare(s.names[a].container, s.names[b].container), strings.Compare(s.names[a].metric, s.names[b].metric))
	})
	rank := make([]int32, len(order))
	for i, series := range order {
		rank[series] = int32(i)
	}
	const ms = day * 1000
	slices.SortFunc(s.held, func(a, b held) int {
		return cmp.Or(cmp.Compare(a.time/ms, b.time/ms), cmp.Compare(rank[a.series], rank[b.series]), cmp.Compare(a.time, b.time))
	})
}

// part is how many samples are made of what is held at a time. Another number
// makes other bytes of the same samples.
const part = 1 << 13

// file returns the first n samples as a file.
func (s *pendingShard) file(n int) ([]byte, error) {
	var out bytes.Buffer
	w := parquet.NewWriter(&out)
	samples := make([]parquet.Sample, 0, min(n, part))
	for some := range slices.Chunk(s.held[:n], part) {
		samples = samples[:0]
		for _, h := range some {
			at := s.names[h.series]
			samples = append(samples, parquet.Sample{Container: at.container, Metric: at.metric, Time: h.time, Value: h.value})
		}
		if err := w.Write(samples); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return out.Bytes(), err
}

// put stores a file, of these bytes, and returns its key.
func (l *Lake) put(ctx context.Context, f File, data []byte) (string, error) {
	key := f.name(data)
	return key, l.Objects.Put(ctx, key, data, store.ContentType(contentType))
}
