package localstack

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/foretide/foretide/cmd/foretide/demo"
	"github.com/foretide/foretide/internal/testkit/servers"
)

// DemoEnd is the Unix second of the last whole minute of the demo's metrics.
const DemoEnd = 1724284740 // 2024-08-21 23:59:00Z

// Samples returns a writer of the demo's real metrics from one time to another,
// as cAdvisor has them (CPU as a counter), moved by so many seconds; and of a
// second container with half the memory.
func Samples(from, to, shift int64) func(io.Writer) {
	return func(w io.Writer) {
		data, err := demo.CSV()
		if err != nil {
			panic(err) // embedded
		}
		rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
		if err != nil {
			panic(err)
		}
		var cpu, memory, other strings.Builder
		counter, last := 0.0, int64(0)
		for _, r := range rows {
			t, _ := strconv.ParseInt(r[0], 10, 64) // 0 of the header
			if t < from || t > to {
				continue
			}
			use, _ := strconv.ParseFloat(r[2], 64) // as the demo reads them
			bytes, _ := strconv.ParseFloat(r[3], 64)
			if last > 0 {
				counter += use * float64(t-last)
			}
			last = t
			servers.Sample(&cpu, `container_cpu_usage_seconds_total{cpu="total",name="pool",id="/docker/p",instance="h1"}`, counter, t+shift)
			servers.Sample(&memory, `container_memory_working_set_bytes{name="pool",id="/docker/p",instance="h1"}`, bytes, t+shift)
			servers.Sample(&other, `container_memory_working_set_bytes{name="other",id="/docker/o",instance="h1"}`, 100+bytes/2, t+shift)
		}
		fmt.Fprint(w, cpu.String(), memory.String(), other.String())
	}
}
