// Package httpapi_test measures goccy/go-json, which Foretide reads and writes JSON
// with, beside encoding/json, and holds where both must agree.
package httpapi_test

import (
	"bytes"
	std "encoding/json"
	"fmt"
	"io"
	"strconv"
	"testing"
	"time"

	"github.com/goccy/go-json"

	"github.com/foretide/foretide/internal/event"
	"github.com/foretide/foretide/internal/httpapi"
)

// A library is one of the two.
type library struct {
	name      string
	marshal   func(any) ([]byte, error)
	unmarshal func([]byte, any) error
	encoder   func(io.Writer) interface{ Encode(any) error }
	decoder   func(io.Reader) decoder
}

type decoder interface {
	Decode(any) error
	DisallowUnknownFields()
	UseNumber()
	Token() (std.Token, error)
}

var libraries = []library{
	{"encoding/json", std.Marshal, std.Unmarshal,
		func(w io.Writer) interface{ Encode(any) error } { return std.NewEncoder(w) },
		func(r io.Reader) decoder { return std.NewDecoder(r) }},
	{"go-json", json.Marshal, func(data []byte, v any) error { return json.Unmarshal(data, v) },
		func(w io.Writer) interface{ Encode(any) error } { return json.NewEncoder(w) },
		func(r io.Reader) decoder { return json.NewDecoder(r) }},
}

// forecastOf is a forecast of four horizons with seven quantiles each.
func forecastOf(i int) httpapi.Forecast {
	at := time.Date(2024, 8, 1, 0, i%60, 0, 0, time.UTC)
	f := httpapi.Forecast{Container: "shop/web-" + strconv.Itoa(i), Metric: "cpu", Origin: at}
	for _, ahead := range []int64{300, 900, 1800, 3600} {
		v := 0.3137 + float64(i)/7919
		h := httpapi.Horizon{Seconds: ahead, At: at.Add(time.Duration(ahead) * time.Second), Median: v, Mean: v, Lo80: v * 0.8371, Hi80: v * 1.2113, Model: "auto", Reasons: []string{}}
		for _, p := range []float64{0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975} {
			h.Quantiles = append(h.Quantiles, httpapi.Quantile{P: p, Value: v * (0.5 + p)})
		}
		f.Horizons = append(f.Horizons, h)
	}
	return f
}

// rangeAnswer is what Prometheus answers to a range query of 100 series.
func rangeAnswer() []byte {
	b := []byte(`{"status":"success","data":{"resultType":"matrix","result":[`)
	for s := range 100 {
		b = fmt.Appendf(b, `{"metric":{"namespace":"shop","pod":"web-%d","container":"web"},"values":[`, s)
		for i := range 240 {
			b = fmt.Appendf(b, `[%d,"%v"],`, 1714521600+15*i, 0.3137+float64(s*i)/7919)
		}
		b = append(b[:len(b)-1], "]},"...)
	}
	return append(b[:len(b)-1], "]}}"...)
}

type matrix struct {
	Status string `json:"status"`
	Data   struct {
		Type   string `json:"resultType"`
		Result []struct {
			Metric map[string]string `json:"metric"`
			Values [][2]any          `json:"values"`
		} `json:"result"`
	} `json:"data"`
}

func BenchmarkEncodeAnswer(b *testing.B) {
	a := httpapi.Answer{Container: "shop/web-1", Forecasts: []httpapi.Forecast{forecastOf(1), forecastOf(2)}}
	for _, l := range libraries {
		b.Run(l.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				out, err := l.marshal(&a)
				if err != nil {
					b.Fatal(err)
				}
				b.SetBytes(int64(len(out)))
			}
		})
	}
}

func BenchmarkEncodeLines(b *testing.B) {
	all := make([]httpapi.Forecast, 1000)
	for i := range all {
		all[i] = forecastOf(i)
	}
	for _, l := range libraries {
		b.Run(l.name, func(b *testing.B) {
			b.ReportAllocs()
			var out bytes.Buffer
			for b.Loop() {
				out.Reset()
				e := l.encoder(&out)
				for i := range all {
					if err := e.Encode(&all[i]); err != nil {
						b.Fatal(err)
					}
				}
				b.SetBytes(int64(out.Len()))
			}
		})
	}
}

func BenchmarkDecodeRange(b *testing.B) {
	data := rangeAnswer()
	for _, l := range libraries {
		b.Run(l.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				var m matrix
				if err := l.decoder(bytes.NewReader(data)).Decode(&m); err != nil || len(m.Data.Result) != 100 {
					b.Fatalf("%d series, error %v", len(m.Data.Result), err)
				}
			}
		})
	}
}

func BenchmarkDecodeEvent(b *testing.B) {
	batch := event.Batch{Run: "2024-08-01", Until: time.Date(2024, 8, 1, 0, 0, 0, 0, time.UTC), Horizons: []string{"5m", "1h"}}
	for i := range 100 {
		batch.Items = append(batch.Items, event.Item{Container: "shop/web-" + strconv.Itoa(i), Metrics: []string{"cpu", "memory"}})
	}
	data, err := json.Marshal(batch)
	if err != nil {
		b.Fatal(err)
	}
	for _, l := range libraries {
		b.Run(l.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				var got event.Batch
				d := l.decoder(bytes.NewReader(data))
				d.DisallowUnknownFields()
				if err := d.Decode(&got); err != nil || len(got.Items) != 100 {
					b.Fatalf("%d items, error %v", len(got.Items), err)
				}
			}
		})
	}
}
