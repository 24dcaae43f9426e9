package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/foretide/foretide/core/forecast"
	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/core/serve"
	"github.com/foretide/foretide/internal/terminal"
	"github.com/foretide/foretide/loader"
)

// explained are the terms of one horizon of a forecast.
type explained struct {
	terms []forecast.Component
	// rest is what the gate, the calibration and the bounds make of it: the
	// median less what the terms add up to.
	rest float64
}

// explain returns the terms of each horizon of each forecast; none for those
// that a model without terms made.
func explain(ctx context.Context, p *loader.Predictor, frames []series.Frame, forecasts []*serve.Answer) ([][]explained, error) {
	byName := map[string]*series.Frame{}
	for i := range frames {
		byName[frames[i].Container] = &frames[i]
	}
	out := make([][]explained, len(forecasts))
	var errs []error
	for i, f := range forecasts {
		frame := byName[f.Container]
		for j := range f.At {
			h := &f.At[j]
			terms, err := p.Components(ctx, *frame, f.Container, time.Duration(h.Ahead)*time.Second, f.Metric)
			errs = append(errs, err)
			e := explained{terms: terms}
			if len(terms) > 0 {
				sum := total(terms)
				if e.rest = f.Median(h) - sum; math.Abs(e.rest) < 1e-9*math.Abs(sum) {
					e.rest = 0 // rounding
				}
			}
			out[i] = append(out[i], e)
		}
	}
	return out, errors.Join(errs...)
}

// total adds up terms, the first of which is the trend.
func total(terms []forecast.Component) float64 {
	sum := 0.0
	for _, t := range terms {
		v := t.Value
		if t.Multiplies {
			v *= terms[0].Value
		}
		sum += v
	}
	return sum
}

// writeComponents prints a line for each term.
func writeComponents(w io.Writer, forecasts []*serve.Answer, all [][]explained) {
	t := terminal.NewTable("container", "metric", "ahead", "component", "value")
	t.Right(2, 4)
	for i, f := range forecasts {
		container, metric := f.Container, f.Metric
		for j := range f.At {
			e := &all[i][j]
			ahead := terminal.Minutes(f.At[j].Ahead)
			line := func(name, value string) {
				t.Row(container, metric, ahead, name, value)
				container, metric, ahead = "", "", ""
			}
			if len(e.terms) == 0 {
				line("none", "")
				continue
			}
			for _, term := range e.terms {
				value := terminal.Number(term.Value)
				if term.Multiplies {
					value = fmt.Sprintf("%+.1f %%", 100*term.Value)
				}
				line(term.Name, value)
			}
			line("gate, bounds", terminal.Number(e.rest))
		}
	}
	t.Write(w)
}

type componentJSON struct {
	Name       string        `json:"name"`
	Value      terminal.Real `json:"value"`
	Multiplies bool          `json:"multiplies,omitempty"`
}

func (e *explained) json() []componentJSON {
	var out []componentJSON
	for _, t := range e.terms {
		out = append(out, componentJSON{t.Name, terminal.Real(t.Value), t.Multiplies})
	}
	if len(out) > 0 {
		out = append(out, componentJSON{Name: "gate, bounds", Value: terminal.Real(e.rest)})
	}
	return out
}
