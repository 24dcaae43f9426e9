package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"

	"github.com/foretide/foretide/cmd/foretide/demo"
	"github.com/foretide/foretide/infra/parquet"
	"github.com/foretide/foretide/internal/lake"
	"github.com/foretide/foretide/internal/localstack"
	"github.com/foretide/foretide/internal/steps"
	"github.com/foretide/foretide/internal/testkit/servers"
)

// metrics are those of each container.
var metrics = []string{"cpu", "memory", "net_rx", "net_tx"}

// A bench is a server with a bucket, and a log of the requests that it gets.
type bench struct {
	*servers.S3
	log  string
	read int      // of the log
	env  []string // of the functions
}

func newBench() (*bench, error) {
	log, err := os.CreateTemp("", "foretide-requests-")
	if err != nil {
		return nil, err
	}
	if err := log.Close(); err != nil {
		return nil, err
	}
	os.Setenv("VGW_ACCESS_LOG", log.Name()) // versitygw's own log of what it is asked
	server, err := servers.StartS3("")
	if err != nil {
		return nil, err
	}
	b := &bench{S3: server, log: log.Name(), env: []string{"FORETIDE_STORE=s3://" + localstack.Bucket}}
	for name, value := range server.Env() {
		b.env = append(b.env, name+"="+value)
		os.Setenv(name, value)
	}
	os.Setenv("FORETIDE_STORE", "s3://"+localstack.Bucket)
	return b, server.CreateBucket(localstack.Bucket)
}

func (b *bench) stop() {
	b.Stop()
	_ = os.Remove(b.log) // of the system's own folder
}

// operations are those of S3 as prices have them, by the names in the log.
var operations = map[string]string{
	"s3_GetObject": "GET", "s3_HeadObject": "HEAD", "s3_PutObject": "PUT", "s3_DeleteObject": "DELETE", "s3_ListObjectsV2": "LIST",
}

// requests returns how many of each kind the server had since the last call.
func (b *bench) requests() (map[string]int, error) {
	data, err := os.ReadFile(b.log)
	if err != nil {
		return nil, err
	}
	out := map[string]int{}
	for line := range strings.Lines(string(data[b.read:])) {
		for field := range strings.FieldsSeq(line) {
			if strings.HasPrefix(field, "s3_") {
				name := operations[field]
				if name == "" {
					name = field
				}
				out[name]++
				break
			}
		}
	}
	b.read = len(data)
	return out, nil
}

// real are the demo's real values, a minute apart: CPU and memory.
func real() (cpu, memory []float64, err error) {
	data, err := demo.CSV()
	if err != nil {
		return nil, nil, err
	}
	rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		return nil, nil, err
	}
	for _, r := range rows[1:] {
		c, _ := strconv.ParseFloat(r[2], 64) // as the demo reads them
		m, _ := strconv.ParseFloat(r[3], 64)
		cpu, memory = append(cpu, c), append(memory, m)
	}
	return cpu, memory, nil
}

// fill stores days of samples of containers until a time: the demo's values, of
// another time and size for each of them. It returns the bytes of the files.
func (b *bench) fill(ctx context.Context, containers, days int, step, until int64, shards int) (int64, error) {
	cpu, memory, err := real()
	if err != nil {
		return 0, err
	}
	s, err := steps.Open(ctx)
	if err != nil {
		return 0, err
	}
	l := &lake.Lake{Objects: s.Objects, Shards: shards, MaxBytes: lake.DefaultMaxBytes}
	for from := until - int64(days)*86400; from < until; from += 86400 {
		var samples []parquet.Sample
		for c := range containers {
			name := fmt.Sprintf("c%05d", c)
			for k, m := range metrics {
				source, round := cpu, false
				if k%2 == 1 {
					source, round = memory, true
				}
				size := (1 + float64(c%97)/10) * []float64{1, 1, 1e4, 1e-3}[k]
				for t := from; t < from+86400; t += step {
					i := int(t/60) + c*37 + k*1009
					v := source[i%len(source)] * size
					if round {
						v = math.Round(v)
					}
					samples = append(samples, parquet.Sample{Container: name, Metric: m, Time: t * 1000, Value: v})
				}
			}
		}
		if _, err := l.Write(ctx, from, from+86400, samples); err != nil {
			return 0, err
		}
	}
	files, err := l.Files(ctx, until-int64(days)*86400, until)
	total := int64(0)
	for i := range files {
		total += files[i].Size
	}
	return total, err
}
