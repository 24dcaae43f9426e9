//go:build !wasip1

package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/goccy/go-json"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/models"
	"github.com/foretide/foretide/loader"
)

// A report is what a process says: one line after its first forecast and one at the
// end.
type report struct {
	first
	later
}

type first struct {
	CompileMS float64   `json:"compile_ms,omitempty"` // from the module's bytes to an instance
	FirstMS   float64   `json:"first_ms,omitempty"`   // from there to the end of the first forecast, the checkpoint read
	Values    []float64 `json:"values,omitempty"`     // all quantiles of it
}

type later struct {
	SteadyUS float64 `json:"steady_us,omitempty"` // a forecast, of the fastest batch
	MedianUS float64 `json:"median_us,omitempty"`
	SpentUS  float64 `json:"processor_us,omitempty"`   // the processor's time, the median of the batches
	Instance int64   `json:"instance_bytes,omitempty"` // memory of the module's instance
	Process  int64   `json:"process_bytes,omitempty"`  // the most that the process had
}

// read takes a line of a report. That of the Rust host's example, which is for
// itself, has other names, and its compiling in the first forecast.
func (r *report) read(line []byte) error {
	var rust struct {
		Host     string  `json:"host"`
		MedianUS float64 `json:"steady_median_us"`
		Instance int64   `json:"memory_bytes"`
	}
	if err := errors.Join(json.Unmarshal(line, r), json.Unmarshal(line, &rust)); err != nil {
		return err
	}
	if rust.Host != "" {
		r.MedianUS, r.Instance = rust.MedianUS, rust.Instance
		r.FirstMS -= r.CompileMS
	}
	return nil
}

// runChild is a process that forecasts in Go: natively, or in the module in one of
// the ways that wazero has. Its arguments are a folder and a model.
func runChild(way string, args []string, seconds float64) error {
	dir, family := args[0], args[1]
	var options []loader.HostOption
	switch way {
	case "wazero":
		options = append(options, loader.WithoutCache())
	case "cached":
		options = append(options, loader.WithCacheDir(filepath.Join(dir, "cache")))
	case "interpreter":
		options = append(options, loader.WithInterpreter())
	}
	var r report
	var host *loader.Host
	begin := time.Now()
	if len(options) > 0 {
		var err error
		if host, err = loader.NewHost(context.Background(), append(options, loader.WithInstances(1))...); err != nil {
			return err
		}
		defer host.Close()
		r.CompileMS = ms(time.Since(begin))
		begin = time.Now()
	}
	m, err := model(host, filepath.Join(dir, family+".ckpt"))
	if err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(dir, "window.json"))
	if err != nil {
		return err
	}
	var w window
	if err := json.Unmarshal(text, &w); err != nil {
		return err
	}
	frame := w.frame()
	var f forecast.Forecast
	one := func() error {
		w := forecast.WindowOf(&frame, m.Spec().Needs)
		return m.Forecast(&f, &w)
	}
	if err := one(); err != nil {
		return err
	}
	r.FirstMS = ms(time.Since(begin))
	for _, h := range f.At {
		r.Values = append(r.Values, h.Quantiles...)
	}
	if err := say(&r); err != nil {
		return err
	}
	if err := steady(&r.later, seconds, one); err != nil {
		return err
	}
	if host != nil {
		r.Instance = int64(host.Memory())
	}
	r.Process = peak()
	return say(&r)
}

func model(host *loader.Host, path string) (forecast.Fitted, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if host != nil {
		return host.Model(context.Background(), b)
	}
	c, err := loader.Decode(b, 0)
	if err != nil {
		return nil, err
	}
	return models.DecodeCheckpoint(c, c.Payload)
}

func say(r *report) error {
	b, err := json.Marshal(r)
	if err == nil {
		_, err = fmt.Println(string(b))
	}
	return err
}

// steady measures a call in batches of some three milliseconds: a hundred batches,
// and so many seconds, unless that takes ten times as long.
func steady(r *later, seconds float64, call func() error) error {
	begin := time.Now()
	if err := call(); err != nil {
		return err
	}
	n := int(math.Max(1, math.Round(3/ms(time.Since(begin)))))
	var times, spent []float64
	for begin = time.Now(); ; {
		past := time.Since(begin).Seconds()
		if len(times) > 0 && (past > 10*seconds || past > seconds && len(times) >= 100) {
			break
		}
		before, batch := processor(), time.Now()
		for range n {
			if err := call(); err != nil {
				return err
			}
		}
		times = append(times, 1e3*ms(time.Since(batch))/float64(n))
		spent = append(spent, 1e3*ms(processor()-before)/float64(n))
	}
	slices.Sort(times)
	slices.Sort(spent)
	r.SteadyUS, r.MedianUS, r.SpentUS = times[0], times[len(times)/2], spent[len(spent)/2]
	return nil
}

// processor returns the processor's time of this process; 0 where the system does not
// say.
func processor() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// peak returns the most memory that this process has had, 0 where the system does not
// say.
func peak() int64 {
	b, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := strings.Cut(string(b), "VmHWM:")
	line, _, _ := strings.Cut(rest, " kB")
	n, _ := strconv.ParseInt(strings.TrimSpace(line), 10, 64)
	return n << 10
}

func ms(d time.Duration) float64 { return float64(d) / 1e6 }
