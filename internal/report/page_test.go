package report

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"html"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/foretide/foretide/core/series"
	"github.com/foretide/foretide/infra/csvfile"
	"github.com/foretide/foretide/internal/testkit"
	"github.com/foretide/foretide/loader"
	"github.com/foretide/foretide/loader/store"
)

// odd is a container's name that is to be escaped everywhere.
const odd = `<script>alert("1")</script>&'x' ${y} </textarea>--> %3C`

// pageFrame is days of cpu at five minutes: a daily wave with noise.
func pageFrame(name string, days int, seed uint64) series.Frame {
	f := series.Frame{Container: name, Start: start, Step: 300, Metrics: []string{"cpu"}, Columns: [][]float64{make([]float64, days*288)}}
	for i := range f.Columns[0] {
		seed = seed*6364136223846793005 + 1442695040888963407
		f.Columns[0][i] = 2 + math.Sin(2*math.Pi*float64(i)/288) + float64(seed>>40)/float64(1<<24)
	}
	return f
}

// buildPage reports on frames without a checkpoint.
func buildPage(t *testing.T, frames []series.Frame, metrics ...string) *Report {
	t.Helper()
	p, err := loader.New(context.Background(), &store.Memory{})
	if err != nil {
		t.Fatal(err)
	}
	o := Defaults()
	o.Metrics, o.Data, o.Store, o.Warnings, o.Workers = metrics, "m.csv", "checkpoints", []string{"container " + odd + " is odd"}, 2
	r, err := Build(context.Background(), frames, p, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func render(t *testing.T, r *Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := RenderPage(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// small is a report with everything in it.
func small(t *testing.T) *Report {
	r := buildPage(t, []series.Frame{pageFrame("web", 16, 1), pageFrame(odd, 16, 2), pageFrame("short", 1, 3)}, "cpu")
	r.Curves = []Curve{{Name: "cpu/" + odd, Metric: "cpu", Containers: 2, Losses: []float64{0.5, 0.4, 0.45}, Best: 2}}
	s := &r.Series[0]
	s.Terms = []Term{{Name: "trend", Time: []int64{start, start + 300}, Value: []float64{1, 2}}, {Name: odd, Multiplies: true, Time: []int64{start, start + 300}, Value: []float64{0.1, -0.1}}}
	s.Serving.Notes = []string{odd}
	return r
}

var (
	tags = regexp.MustCompile(`<[^>]*>`)
	row  = regexp.MustCompile(`(?s)<tr data-i="(\d+)">(.*?)</tr>`)
	cell = regexp.MustCompile(`(?s)<t[hd][ >].*?</t[hd]>`)
)

// cells returns the texts of a table row's cells.
func cells(rowHTML string) (out []string) {
	for _, c := range cell.FindAllString(rowHTML, -1) {
		out = append(out, strings.TrimSpace(html.UnescapeString(tags.ReplaceAllString(c, ""))))
	}
	return out
}

// pageData returns what the script draws from.
func pageData(t *testing.T, page string) (d data) {
	t.Helper()
	_, rest, ok := strings.Cut(page, `<script type="application/json" id="data">`)
	text, _, ends := strings.Cut(rest, "</script>")
	if !ok || !ends {
		t.Fatal("the page has no data")
	}
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// UnmarshalJSON reads what MarshalJSON writes.
func (n *number) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*n = number(math.NaN())
		return nil
	}
	v, err := strconv.ParseFloat(string(b), 64)
	*n = number(v)
	return err
}

// TestFigures: the figures of the page's table and of its script are the
// report's, series by series.
func TestFigures(t *testing.T) {
	t.Parallel()
	r := small(t)
	page := render(t, r)
	d := pageData(t, page)
	rows := row.FindAllStringSubmatch(page, -1)
	if len(rows) != len(r.Series) || len(d.Series) != len(r.Series) {
		t.Fatalf("%d rows and %d in the script of %d series", len(rows), len(d.Series), len(r.Series))
	}
	for i := range r.Series {
		s := &r.Series[i]
		c := cells(rows[i][2])
		want := []string{s.Key(), "–", ""}
		for _, h := range []int64{300, 900, 1800} {
			v := math.NaN()
			for k := range s.Scores {
				if s.Scores[k].Horizon == h {
					v = s.Scores[k].Ratio
				}
			}
			want = append(want, ratio(v))
		}
		want = append(want, ratio(s.Ratio), ratio(s.Week), "–", share(s.Coverage))
		if !slices.Equal(c[:len(want)], want) {
			t.Errorf("row %d: %q, want %q", i, c, want)
		}
		if x := &d.Series[i]; x.Container != s.Container || len(x.Scores) != len(s.Scores) {
			t.Errorf("series %d of the script is %s with %d scores", i, x.Container, len(x.Scores))
			continue
		}
		for k := range s.Scores {
			a, b := &d.Series[i].Scores[k], &s.Scores[k]
			for _, p := range [][2]float64{{float64(a.MAE), b.MAE}, {float64(a.Ratio), b.Ratio}, {float64(a.WeekMAE), b.WeekMAE}, {float64(a.Coverage), b.Coverage}, {float64(a.Rows), float64(b.Rows)}} {
				if math.Abs(p[0]-p[1]) > 1e-5*math.Abs(p[1]) {
					t.Errorf("%s %d s ahead: the script has %v, the report %v", s.Key(), b.Horizon, p[0], p[1])
				}
			}
		}
	}
	for _, want := range []string{"0.4500", ratio(r.All.Ratio), share(r.All.Coverage)} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s in the page", want)
		}
	}
}

// TestSelfContained: the page asks for nothing from elsewhere.
func TestSelfContained(t *testing.T) {
	t.Parallel()
	r := small(t)
	r.Advice[0].Command = "foretide" // commands of people's own may name hosts
	page := render(t, r)
	for what, re := range map[string]string{
		"an address": `(?i)https?:|//[a-z0-9-]+\.[a-z]`, "a source": `(?i)\ssrc\s*=`, "a style of elsewhere": `(?i)@import|<link`,
		"a reference that is no place in the page": `(?i)href="[^#]`, "an address in a style": `(?i)url\([^#]`,
		"a request": `fetch\(|XMLHttpRequest|import\(|sendBeacon|WebSocket`,
	} {
		if found := regexp.MustCompile(re).FindString(page); found != "" {
			t.Errorf("the page has %s: %q", what, found)
		}
	}
	for _, id := range regexp.MustCompile(`href="#([a-z]+)"`).FindAllStringSubmatch(page, -1) {
		if !strings.Contains(page, ` id="`+id[1]+`"`) {
			t.Errorf("the page links to #%s and has none", id[1])
		}
	}
}

// TestEscapes: names from the data are text, wherever they stand.
func TestEscapes(t *testing.T) {
	t.Parallel()
	page := render(t, small(t))
	if n := strings.Count(page, "<script"); n != 2 {
		t.Errorf("%d scripts, want the data and the page's own", n)
	}
	if strings.Contains(page, "alert(\"1\")</script>") || strings.Contains(page, "</textarea>") {
		t.Error("a name is not escaped")
	}
	found := 0
	for _, s := range pageData(t, page).Series {
		if s.Container == odd {
			found++
		}
	}
	if found != 1 || !strings.Contains(html.UnescapeString(page), odd+" is odd") {
		t.Errorf("the odd name is there %d times", found)
	}
}

// TestSamePage: the same report gives the same page.
func TestSamePage(t *testing.T) {
	t.Parallel()
	if a, b := render(t, small(t)), render(t, small(t)); a != b {
		t.Error("made anew, the page is another")
	}
}

// TestTables: every chart has its numbers in a table, and every table heads.
func TestTables(t *testing.T) {
	t.Parallel()
	page := render(t, small(t))
	tables := regexp.MustCompile(`(?s)<table.*?</table>`).FindAllString(page, -1)
	if len(tables) < 8 {
		t.Errorf("%d tables", len(tables))
	}
	for _, x := range tables {
		if !strings.Contains(x, "<thead>") || !strings.Contains(x, "<th") {
			t.Errorf("a table without heads: %.80s", x)
		}
	}
	for _, c := range regexp.MustCompile(`<div class="chart" data-(?:chart|curve)[^>]*>`).FindAllString(page, -1) {
		if !strings.Contains(c, "aria-label") {
			t.Errorf("%s has no label", c)
		}
	}
}

// TestRealFleet: a page of 64 real containers keeps to its size, and has a chart
// of every series.
func TestRealFleet(t *testing.T) {
	t.Parallel()
	dir := testkit.Folder(t, testkit.Data)
	read, err := csvfile.Read(context.Background(), dir, csvfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := buildPage(t, read.Frames, series.Metrics...)
	page := render(t, r)
	if len(r.Containers) != 64 || len(page) > Limit {
		t.Errorf("%d containers, %d bytes", len(r.Containers), len(page))
	}
	for _, s := range pageData(t, page).Series {
		if len(s.Scores) > 0 && (len(s.Fans) != len(s.Scores) || len(s.Fans[0].Time) < 2*100) {
			t.Errorf("%s %s has %d charts", s.Container, s.Metric, len(s.Fans))
		}
	}
	for _, s := range r.Series {
		if len(s.Scores) == 0 {
			t.Errorf("%s is not judged: %s", s.Key(), s.Skipped)
		}
	}
}

// TestLargeFleet: a fleet of any size keeps to the page's; the worst have charts.
func TestLargeFleet(t *testing.T) {
	t.Parallel()
	one := buildPage(t, []series.Frame{pageFrame("a/rather-long-name-of-a-pod-5f7d9c6b8-x2x7k", 16, 1)}, "cpu")
	s := one.Series[0]
	for k := range 8 {
		x := Term{Name: fmt.Sprint("term ", k), Time: s.Fans[0].Time, Value: s.Fans[0].Actual}
		s.Terms = append(s.Terms, x)
	}
	for _, n := range []int{300, 5000} {
		r := *one
		r.Series = nil
		for i := range n {
			s.Container = fmt.Sprintf("namespace/rather-long-name-of-a-pod-5f7d9c6b8-%05d", i)
			r.Series = append(r.Series, s)
			r.Containers = append(r.Containers, s.Container)
			g := one.ByName[0]
			g.Name = s.Container
			r.ByName = append(r.ByName, g)
			r.Problems = append(r.Problems, Problem{Container: s.Container, Metric: "cpu", Kind: Gaps, Text: "2.0 % of its cells are missing in 12 gaps, the longest of 2 h"})
			r.Warnings = append(r.Warnings, "container "+s.Container+" has 1 row earlier than the row before; they are put in order")
		}
		page := render(t, &r)
		d := pageData(t, page)
		if len(page) > Limit || len(d.Series) != min(n, mostListed) || len(d.Series[0].Fans) != 3 {
			t.Errorf("%d series: %d bytes, %d listed, the worst with %d charts", n, len(page), len(d.Series), len(d.Series[0].Fans))
		}
	}
}

// TestPack: packed numbers come back to within a five-hundredth of their
// distance from the middle, missing ones as missing.
func TestPack(t *testing.T) {
	t.Parallel()
	v := []float64{0, 1, 2, 2.5, math.NaN(), 3, 1000, -40, 2.25, 1e6}
	p := scaleOf(v)
	text := p.pack(v)
	for i, want := range v {
		got := unpackAt(text, i, p)
		if math.IsNaN(want) != math.IsNaN(got) || math.Abs(got-want) > 0.002*math.Abs(want-p.middle)+0.002*p.unit {
			t.Errorf("%v comes back as %v", want, got)
		}
	}
	for _, v := range [][]float64{{5, 5, 5}, {math.NaN()}, nil, {0}, {7, 7, 7, 7, 9}} {
		p := scaleOf(v)
		text := p.pack(v)
		for i, want := range v {
			if got := unpackAt(text, i, p); !(math.Abs(got-want) <= 1e-9) && !math.IsNaN(want) {
				t.Errorf("of %v, %v comes back as %v", v, want, got)
			}
		}
	}
}

// unpackAt is what page.js does.
func unpackAt(text string, i int, p scale) float64 {
	n := strings.IndexByte(alphabet, text[2*i])*64 + strings.IndexByte(alphabet, text[2*i+1])
	if n == missing {
		return math.NaN()
	}
	return p.middle + p.unit*math.Sinh(p.lo+float64(n)*p.step)
}

func TestPackTimes(t *testing.T) {
	t.Parallel()
	in := []int64{1000, 3100, 5200, 1000 + 2100*9}
	text, from, unit, cut := packTimes(in)
	if from != 1000 || unit != 2100 || cut != 0 || text != packInts([]int{0, 1, 2, 9}) {
		t.Errorf("%s from %d by %d", text, from, unit)
	}
	if _, from, _, cut := packTimes([]int64{0, 1, 100_000, 100_001}); cut != 2 || from != 100_000 {
		t.Errorf("what is too far back is kept: %d from %d", cut, from)
	}
}

func TestFormat(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ got, want string }{
		{value(0.5498), "0.5498"}, {value(26.74e6), "26.74M"}, {value(math.NaN()), "–"}, {ratio(0.7494), "0.749"}, {ratio(44114), "4.4e+04"},
		{share(0.806), "81 %"}, {change(0.75), "25 % lower"}, {change(1.229), "23 % higher"}, {ahead(900), "15 min"}, {span(7 * 86400), "7 days"},
		{span(2100), "35 minutes"}, {grouped(2563080), "2\u2009563\u2009080"}, {day(start), "2023-11-20"}, {capitalised("été"), "Été"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

// write puts the page into a file that a browser opens.
func write(t *testing.T, page string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(path, []byte(page), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestNumber: times keep all of their digits, or a chart has steps of hours.
func TestNumber(t *testing.T) {
	t.Parallel()
	for n, want := range map[number]string{
		1724241600: "1724241600", 0: "0", -3: "-3", 0.123456789: "0.123457", 1e60: "1e+60", number(math.NaN()): "null",
	} {
		if got, err := n.MarshalJSON(); err != nil || string(got) != want {
			t.Errorf("%v is %s, %v; want %s", float64(n), got, err, want)
		}
	}
}
