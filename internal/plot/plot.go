// Package plot draws one series and its forecasts as a picture, PNG or SVG:
// its history, the newest forecast, the forecasts of a horizon against what
// came, their components, their errors, and autocorrelations.
package plot

import (
	"fmt"
	"image/color"
	"io"
	"math"
	"strconv"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/internal/report"
)

// A Kind is a kind of panel.
type Kind string

// The kinds, in the order in which a picture of all has them.
const (
	History         Kind = "history"
	Forecast        Kind = "forecast"
	Fan             Kind = "fan"
	Components      Kind = "components"
	Residuals       Kind = "residuals"
	Autocorrelation Kind = "acf"
)

// Kinds are all kinds.
var Kinds = []Kind{History, Forecast, Fan, Components, Residuals, Autocorrelation}

// Okabe and Ito's colours: they are told apart by the colour-blind, and on paper.
var (
	blue   = color.NRGBA{0x00, 0x72, 0xb2, 0xff}
	orange = color.NRGBA{0xc0, 0x4a, 0x00, 0xff}
	ink    = color.NRGBA{0x22, 0x26, 0x2b, 0xff}
	grey   = color.NRGBA{0x76, 0x7d, 0x88, 0xff}
	pale   = color.NRGBA{0xe4, 0xe8, 0xec, 0xff}
	band95 = color.NRGBA{0xd2, 0xe6, 0xf2, 0xff} // opaque, so that bands lie on each other
	band80 = color.NRGBA{0xa6, 0xcd, 0xe5, 0xff}
	band50 = color.NRGBA{0x7a, 0xb4, 0xd8, 0xff}
)

// A Source is what panels are drawn from.
type Source struct {
	Series  *report.Series
	Values  series.Series // all of the metric, at the data's own step
	Horizon int64         // seconds, of fans and errors; one of the fans'
}

// Panels returns the panels of the kinds; a kind may have several, or none
// where there is nothing to draw.
func Panels(s *Source, kinds []Kind) ([]*plot.Plot, error) {
	var out []*plot.Plot
	for _, k := range kinds {
		var p []*plot.Plot
		var err error
		switch k {
		case History:
			p, err = one(s.history())
		case Forecast:
			p, err = one(s.forecast())
		case Fan:
			p, err = one(s.fan())
		case Components:
			p, err = s.components()
		case Residuals:
			p, err = one(s.residuals())
		case Autocorrelation:
			p, err = s.autocorrelation()
		default:
			return nil, fmt.Errorf("plot: no kind %q", k)
		}
		if err != nil {
			return nil, fmt.Errorf("plot: %s: %w", k, err)
		}
		out = append(out, p...)
	}
	return out, nil
}

func one(p *plot.Plot, err error) ([]*plot.Plot, error) {
	if p == nil || err != nil {
		return nil, err
	}
	return []*plot.Plot{p}, nil
}

// A Format is a kind of file.
type Format string

// The formats.
const (
	PNG Format = "png"
	SVG Format = "svg"
)

// Write draws the panels below each other, each so many pixels wide and high
// (96 to the inch). The same panels give the same bytes on one platform.
func Write(w io.Writer, panels []*plot.Plot, width, height int, format Format) error {
	pixel := vg.Inch / 96
	wide, high := vg.Length(width)*pixel, vg.Length(height*len(panels))*pixel
	var canvas interface {
		vg.CanvasSizer
		io.WriterTo
	}
	if format == SVG {
		canvas = vgsvg.New(wide, high)
	} else {
		canvas = vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(wide, high), vgimg.UseDPI(96))}
	}
	c := draw.New(canvas)
	c.SetColor(color.White)
	c.Fill(c.Path())
	for i, p := range panels {
		top := c.Max.Y - vg.Length(i*height)*pixel
		part := draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{
			Min: vg.Point{X: c.Min.X + 6, Y: top - vg.Length(height)*pixel + 4}, Max: vg.Point{X: c.Max.X - 14, Y: top - 4},
		}}
		p.Draw(part)
	}
	_, err := canvas.WriteTo(w)
	return err
}

// panel returns an empty panel in the project's looks.
func panel(title string) *plot.Plot {
	p := plot.New()
	p.Title.Text = title
	p.Title.TextStyle.Color, p.Title.Padding = ink, 6
	p.Title.TextStyle.Font.Size = 11
	p.Title.TextStyle.Font.Variant, p.Title.TextStyle.Font.Weight = "Sans", 2
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.LineStyle.Color, a.Tick.LineStyle.Color, a.Tick.Label.Color = pale, pale, grey
		a.Tick.Label.Font.Size, a.Tick.Label.Font.Variant = 9, "Sans"
		a.Padding = 4
	}
	p.Legend.Top, p.Legend.Left = true, true
	p.Legend.TextStyle.Color, p.Legend.TextStyle.Font.Size, p.Legend.TextStyle.Font.Variant = grey, 9, "Sans"
	p.Legend.ThumbnailWidth, p.Legend.Padding = 18, 3
	p.Y.Tick.Marker = values{}
	g := plotter.NewGrid()
	g.Horizontal.Color, g.Vertical.Color = pale, color.Transparent
	p.Add(g)
	return p
}

// overTime is a panel with times below.
func overTime(title string) *plot.Plot {
	p := panel(title)
	p.X.Tick.Marker = times{}
	return p
}

// times puts ticks on round times, UTC.
type times struct{}

var steps = []int64{60, 300, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 2 * 86400, 7 * 86400, 14 * 86400, 28 * 86400, 91 * 86400}

// Ticks implements plot.Ticker.
func (times) Ticks(lo, hi float64) (out []plot.Tick) {
	step := steps[len(steps)-1]
	for _, s := range steps {
		if (hi-lo)/float64(s) <= 9 {
			step = s
			break
		}
	}
	for t := int64(math.Ceil(lo/float64(step))) * step; float64(t) <= hi && len(out) < 100; t += step {
		format := "15:04"
		if t%86400 == 0 {
			format = "2 Jan"
		}
		out = append(out, plot.Tick{Value: float64(t), Label: time.Unix(t, 0).UTC().Format(format)})
	}
	return out
}

// values puts ticks on round values and writes k, M, G.
type values struct{}

// Ticks implements plot.Ticker.
func (values) Ticks(lo, hi float64) (out []plot.Tick) {
	if !(hi > lo) {
		return []plot.Tick{{Value: lo, Label: label(lo, 4)}}
	}
	power := math.Pow(10, math.Floor(math.Log10((hi-lo)/5)))
	step := 10 * power
	for _, k := range []float64{1, 2, 5} {
		if (hi-lo)/(k*power) <= 6 {
			step = k * power
			break
		}
	}
	digits := int(math.Max(1, math.Ceil(math.Log10(math.Max(math.Abs(lo), math.Abs(hi))/step))+1))
	for k := math.Ceil(lo/step - 1e-9); k*step <= hi+1e-9*step; k++ {
		out = append(out, plot.Tick{Value: k * step, Label: label(k*step, digits)})
	}
	return out
}

func label(v float64, digits int) string {
	a := math.Abs(v)
	for _, u := range []struct {
		size float64
		name string
	}{{1e15, "P"}, {1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if a >= u.size && a >= 1e4 {
			return strconv.FormatFloat(v/u.size, 'g', max(digits, 3), 64) + u.name
		}
	}
	if a < 1e-12 {
		return "0"
	}
	return strconv.FormatFloat(v, 'g', max(digits, 4), 64)
}
