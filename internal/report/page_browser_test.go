package report

import (
	"context"
	"encoding/json"
	"html"
	"math"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/foretide/foretide/internal/testkit"
)

// probe runs in the page after its own script: it opens, sorts and filters the
// table, moves a cursor, zooms, and tells what there is.
const probe = `<script>
window.addEventListener("load", () => {
  const one = (s) => document.querySelector(s), all = (s) => [...document.querySelectorAll(s)];
  const out = { errors: window.failures };
  try {
    const f = data.series[0].fans[2];
    out.median = unpack(f.y, f.p);
    out.times = times(f.k, f.t, f.d);
    out.drawn = all(".chart[data-chart], .chart[data-curve], .cards .chart").filter((e) => e.querySelector("svg path, svg circle, svg rect")).length;
    out.charts = all(".chart[data-chart], .chart[data-curve], .cards .chart").length;
    out.bad = all("svg path, svg circle, svg line").filter((e) => /NaN|Infinity|undefined/.test(e.outerHTML)).length;
    all("#series .open")[0].click();
    out.detail = all("tr.detail table").length;
    out.detailCharts = all("tr.detail .chart svg").length;
    const box = one(".card .chart .chart") || one(".card .chart");
    const label = box.getAttribute("aria-label");
    box.dispatchEvent(new KeyboardEvent("keydown", { key: "End" }));
    out.tip = box.querySelector(".tip").textContent;
    const path = () => box.querySelector("g path.model").getAttribute("d"), before = path();
    box.dispatchEvent(new KeyboardEvent("keydown", { key: "+" }));
    out.zoomed = path() !== before;
    one(".card .pick button").click();
    out.relabelled = (one(".card .chart .chart") || one(".card .chart")).getAttribute("aria-label") !== label;
    one("#filter").value = "web CPU";
    one("#filter").oninput();
    out.filtered = all("#series tbody tr[data-i]").filter((r) => !r.hidden).length;
    one("#filter").value = "";
    one("#filter").oninput();
    one("#series thead th:nth-last-child(5) button").click();
    out.sorted = all("#series tbody tr[data-i]").map((r) => r.children[r.children.length - 5].textContent.trim());
    out.alien = all("*").filter((e) => (e.src || "") + (typeof e.href === "string" && e.tagName !== "A" ? e.href : "")).length;
    out.wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  } catch (e) { out.errors.push(String(e) + e.stack); }
  const pre = document.createElement("pre");
  pre.id = "probe";
  pre.textContent = JSON.stringify(out);
  document.body.append(pre);
});
</script></body>`

const failures = `<script>window.failures = []; window.addEventListener("error", (e) => failures.push(e.message));</script>`

// TestBrowser: in a real browser, on a phone and on a desk, every chart is
// drawn, the script reads what was packed, and the table opens, sorts and
// filters, without an error.
func TestBrowser(t *testing.T) {
	t.Parallel()
	testkit.Program(t, "chromium", "Debian's package chromium")
	r := small(t)
	page := render(t, r)
	page = strings.Replace(page, "<head>", "<head>"+failures, 1)
	path := write(t, strings.Replace(page, "</body>", probe, 1))
	for _, size := range []string{"390,900", "1440,1200"} {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		defer cancel()
		out, err := exec.CommandContext(ctx, "chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--user-data-dir="+t.TempDir(),
			"--window-size="+size, "--virtual-time-budget=4000", "--dump-dom", "file://"+path).Output()
		if err != nil {
			t.Fatal(err)
		}
		_, rest, ok := strings.Cut(string(out), `<pre id="probe">`)
		text, _, _ := strings.Cut(rest, "</pre>")
		if !ok {
			t.Fatalf("the script did not run: %.2000s", out)
		}
		var got struct {
			Errors                []string
			Median                []float64
			Times                 []int64
			Drawn, Charts, Bad    int
			Detail, DetailCharts  int
			Tip                   string
			Zoomed, Relabelled    bool
			Filtered, Alien, Wide int
			Sorted                []string
		}
		if err := json.Unmarshal([]byte(html.UnescapeString(text)), &got); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		if len(got.Errors) > 0 {
			t.Fatalf("%s: %s", size, strings.Join(got.Errors, "\n"))
		}
		if got.Charts < 7 || got.Drawn != got.Charts || got.Bad > 0 {
			t.Errorf("%s: %d of %d charts are drawn, %d shapes are broken", size, got.Drawn, got.Charts, got.Bad)
		}
		if got.Detail != 2 || got.DetailCharts < 5 || got.Filtered != 1 || !got.Zoomed || !got.Relabelled || got.Alien > 0 {
			t.Errorf("%s: %d tables and %d charts open, %d rows filtered, zoomed %v, relabelled %v, %d from elsewhere",
				size, got.Detail, got.DetailCharts, got.Filtered, got.Zoomed, got.Relabelled, got.Alien)
		}
		if !strings.Contains(got.Tip, "what came") || !strings.Contains(got.Tip, "80 %") || !strings.Contains(got.Tip, "UTC") {
			t.Errorf("%s: the cursor says %q", size, got.Tip)
		}
		if got.Wide > 0 {
			t.Errorf("%s: the page is %d pixels wider than the window", size, got.Wide)
		}
		if len(got.Sorted) != 3 || !slices.IsSorted(got.Sorted) || got.Sorted[0] == got.Sorted[2] {
			t.Errorf("%s: sorted by ratio: %v", size, got.Sorted)
		}
		f := &r.Series[0].Fans[2]
		n := len(got.Median)
		if n < 100 || len(got.Times) != n {
			t.Fatalf("%s: %d points", size, n)
		}
		for i, v := range got.Median {
			k := len(f.Time) - n + i
			if got.Times[i] != f.Time[k] || math.Abs(v-f.Median[k]) > 0.01 {
				t.Errorf("%s: the script reads %v at %d, packed was %v at %d", size, v, got.Times[i], f.Median[k], f.Time[k])
			}
		}
	}
}
