package plot

import (
	"bytes"
	"context"
	"image/png"
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/internal/report"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/store"
)

// source is twelve days of a daily wave with noise at five minutes, forecast
// without a checkpoint.
func source(t *testing.T) *Source {
	t.Helper()
	v := series.Series{Start: 1700438400, Step: 300, Values: make([]float64, 12*288)}
	seed := uint64(1)
	for i := range v.Values {
		seed = seed*6364136223846793005 + 1442695040888963407
		v.Values[i] = 2 + math.Sin(2*math.Pi*float64(i)/288) + float64(seed>>40)/float64(1<<24)
	}
	v.Values[1000], v.Values[1001] = math.NaN(), math.NaN()
	frame := series.FrameOf("web", "cpu", v)
	p, err := loader.New(context.Background(), &store.Memory{})
	if err != nil {
		t.Fatal(err)
	}
	o := report.Defaults()
	o.Metrics = []string{"cpu"}
	r, err := report.Build(context.Background(), []series.Frame{frame}, p, o)
	if err != nil {
		t.Fatal(err)
	}
	s := &r.Series[0]
	s.Terms = []report.Term{{Name: "trend", Time: s.Fans[0].Time, Value: s.Fans[0].Median}, {Name: "daily", Multiplies: true, Time: s.Fans[0].Time, Value: s.Fans[0].Actual}}
	return &Source{Series: s, Values: v, Horizon: 1800}
}

func write(t *testing.T, s *Source, format Format, kinds ...Kind) []byte {
	t.Helper()
	panels, err := Panels(s, kinds)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := Write(&b, panels, 480, 200, format); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestKinds: each kind gives its panels, and different pictures.
func TestKinds(t *testing.T) {
	t.Parallel()
	s := source(t)
	seen := map[string]Kind{}
	for kind, want := range map[Kind]int{History: 1, Forecast: 1, Fan: 1, Components: 2, Residuals: 1, Autocorrelation: 2} {
		panels, err := Panels(s, []Kind{kind})
		if err != nil || len(panels) != want {
			t.Errorf("%s: %d panels, %v", kind, len(panels), err)
		}
		picture := string(write(t, s, SVG, kind))
		if other, twice := seen[picture]; twice {
			t.Errorf("%s is the same picture as %s", kind, other)
		}
		seen[picture] = kind
		if strings.Contains(picture, "NaN") || !strings.Contains(picture, "web cpu") {
			t.Errorf("%s: NaN in the picture, or no name", kind)
		}
	}
	if _, err := Panels(s, []Kind{"pie"}); err == nil {
		t.Error("an unknown kind is drawn")
	}
}

// TestNothing: what there is nothing to draw of gives no panel and no error.
func TestNothing(t *testing.T) {
	t.Parallel()
	s := &Source{Series: &report.Series{Container: "a", Metric: "cpu"}, Values: series.Series{Step: 300, Values: []float64{math.NaN()}}}
	if panels, err := Panels(s, Kinds); err != nil || len(panels) != 0 {
		t.Errorf("%d panels, %v", len(panels), err)
	}
	s.Values.Values = []float64{3, 3, 3, 3, 3, 3, 3, 3, 3, 3}
	if panels, err := Panels(s, Kinds); err != nil || len(panels) != 1 {
		t.Errorf("of a constant: %d panels, %v; want its history", len(panels), err)
	} else if err := Write(&bytes.Buffer{}, panels, 400, 200, PNG); err != nil {
		t.Error(err)
	}
}

func TestFormats(t *testing.T) {
	t.Parallel()
	s := source(t)
	b := write(t, s, PNG, Fan, Residuals)
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil || img.Bounds().Dx() != 480 || img.Bounds().Dy() != 400 {
		t.Fatalf("%v, %v", img.Bounds(), err)
	}
	// The forecast's blue and the bands are there, on white.
	count := map[[3]uint32]int{}
	for y := range 400 {
		for x := range 480 {
			r, g, b, _ := img.At(x, y).RGBA()
			count[[3]uint32{r >> 8, g >> 8, b >> 8}]++
		}
	}
	for _, c := range [][3]uint32{{0, 0x72, 0xb2}, {0xa6, 0xcd, 0xe5}, {0xd2, 0xe6, 0xf2}, {255, 255, 255}} {
		if count[c] < 50 {
			t.Errorf("%d pixels of %x", count[c], c)
		}
	}
	if !bytes.Equal(b, write(t, s, PNG, Fan, Residuals)) || !bytes.Equal(write(t, s, SVG, Fan), write(t, s, SVG, Fan)) {
		t.Error("drawn anew, the picture is another")
	}
	svg := string(write(t, s, SVG, Fan))
	if !strings.Contains(svg, "<svg") || regexp.MustCompile(`(?i)href|<script|<image`).MatchString(svg) {
		t.Error("no SVG, or one that refers to something")
	}
}

func TestTicks(t *testing.T) {
	t.Parallel()
	got := ""
	for _, x := range (values{}).Ticks(0.9e9, 2.1e9) {
		got += x.Label + " "
	}
	if got != "1G 1.2G 1.4G 1.6G 1.8G 2G " {
		t.Errorf("got %s", got)
	}
	got = ""
	for _, x := range (times{}).Ticks(1700438400-3600, 1700438400+86400) {
		got += x.Label + " "
	}
	if !strings.HasPrefix(got, "20 Nov ") || !strings.HasSuffix(got, " 21:00 21 Nov ") {
		t.Errorf("got %s", got)
	}
}
