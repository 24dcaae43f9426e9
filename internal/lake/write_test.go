package lake

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"github.com/foretide/foretide/infra/parquet"
	"github.com/foretide/foretide/loader/store"
)

func heap() uint64 {
	runtime.GC()
	runtime.GC() // of what pools held on to
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestPending: what waits to be written takes half of what the samples would, and is
// let go.
func TestPending(t *testing.T) {
	const containers, each = 200, 1440
	l := &Lake{Objects: &store.Memory{}, Shards: 16, MaxBytes: 1 << 30}
	before := heap()
	p := l.Pending(start, start+2*day)
	for i := range int64(each) {
		for c := range containers {
			s := parquet.Sample{Container: fmt.Sprintf("c%03d", c), Metric: "cpu", Time: (start + i*60) * 1000, Value: float64(i)}
			if err := p.Add(s); err != nil {
				t.Fatal(err)
			}
		}
	}
	if p.Len() != containers*each {
		t.Errorf("%d samples", p.Len())
	}
	held := heap()
	if keys, err := p.Write(context.Background()); err != nil || len(keys) != 16 || p.Len() != 0 {
		t.Errorf("%d files, %d samples are left, %v", len(keys), p.Len(), err)
	}
	if took := (float64(held) - float64(before)) / (containers * each); took > 36 { // of a parquet.Sample it is 48
		t.Errorf("a sample takes %.0f bytes", took)
	}
	if err := p.Add(parquet.Sample{Container: "c", Metric: "cpu", Time: (start - 1) * 1000}); err == nil {
		t.Error("a sample of another time is taken")
	}
}
