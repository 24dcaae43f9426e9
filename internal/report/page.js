// The page: what is drawn where, and the tables that sort, filter and open.

const data = JSON.parse(document.getElementById("data").textContent);

// unpack undoes pack.go: two characters a number, 12 bits.
const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const code = new Map([...letters].map((c, i) => [c, i]));
function whole(text) {
  const out = [];
  for (let i = 0; i < text.length; i += 2) out.push(code.get(text[i]) * 64 + code.get(text[i + 1]));
  return out;
}
const unpack = (text, [middle, unit, lo, step]) => whole(text).map((n) => (n === 4095 ? null : middle + unit * Math.sinh(lo + n * step)));
const times = (text, start, unit) => whole(text).map((n) => start + n * unit);
const regular = (l) => { const y = unpack(l.v, l.p); return { x: y.map((_, i) => l.t + i * l.d), y }; };

// drawFan draws the forecasts of a horizon and what came.
function drawFan(el, f, height) {
  const x = times(f.k, f.t, f.d), a = unpack(f.a, f.p), lo = unpack(f.l, f.p), hi = unpack(f.u, f.p), gap = f.d * 6;
  const misses = { x: [], y: [] };
  for (let i = 0; i < x.length; i++) if (a[i] < lo[i] || a[i] > hi[i]) { misses.x.push(x[i]); misses.y.push(a[i]); }
  const crowded = misses.x.length > 90;
  chart(el, {
    time: true, height,
    bands: [{ name: "95 %", cls: "b95", x, lo: unpack(f.ll, f.p), hi: unpack(f.uu, f.p), soft: true, gap }, { name: "80 %", cls: "b80", x, lo, hi, gap }],
    lines: [{ name: "what came", cls: "actual", x, y: a, gap }, { name: "forecast", cls: "model", x, y: unpack(f.y, f.p), gap }],
    misses: crowded ? null : misses,
  });
}

// fans draws one series with a choice of horizons.
function fans(el, s, height) {
  if (!s.fans || !s.fans.length) { html("p", "small", el, "No chart: nothing to compare, or too many series."); return; }
  el.removeAttribute("role");
  const pick = html("div", "pick", el), box = html("div", "chart", el);
  pick.setAttribute("role", "group");
  pick.setAttribute("aria-label", "Horizon");
  const show = (k) => { [...pick.querySelectorAll("button")].forEach((b, i) => b.setAttribute("aria-pressed", i === k)); describe(box, s, s.fans[k]); drawFan(box, s.fans[k], height); };
  s.fans.forEach((f, k) => { const b = html("button", "", pick, minutes(f.h)); b.type = "button"; b.onclick = () => show(k); });
  html("span", "small", pick, "ahead");
  show(s.fans.length - 1);
}

function describe(el, s, f) {
  const sc = s.s.find((x) => x.h === f.h);
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", `${s.c} ${s.m}, forecasts ${minutes(f.h)} ahead and what came: mean absolute error ${value(sc.mae)}, ratio ${ratio(sc.ratio)}, ${share(sc.cov)} inside the 80 % interval. Arrow keys read values.`);
}

// drawNext draws the newest values and the forecast from them.
function drawNext(el, s) {
  const past = regular(s.recent), n = s.next, x = [n.t], cols = [[], [], [], [], [], [], []];
  const last = past.y.filter((v) => v !== null).pop();
  cols.forEach((c) => c.push(last === undefined ? null : last));
  for (const at of n.at) { x.push(n.t + at[0]); cols.forEach((c, i) => c.push(at[i + 1])); }
  const [mid, l50, h50, l80, h80, l95, h95] = cols;
  chart(el, {
    time: true, height: 200, zoom: false,
    bands: [{ name: "95 %", cls: "b95", x, lo: l95, hi: h95 }, { name: "80 %", cls: "b80", x, lo: l80, hi: h80 }, { name: "50 %", cls: "b50", x, lo: l50, hi: h50 }],
    lines: [{ cls: "actual", name: "past", x: past.x, y: past.y }, { cls: "model", name: "forecast", x, y: mid }],
  });
}

// table adds a table whose first column heads the rows; words, the columns of
// text.
function table(parent, head, rows, words = []) {
  const t = html("table", "", html("div", "scroll", parent)), tr = html("tr", "", html("thead", "", t)), body = html("tbody", "", t);
  const kind = (i) => (i && !words.includes(i) ? "n" : "");
  head.forEach((h, i) => html("th", kind(i), tr, h));
  for (const row of rows) { const r = html("tr", "", body); row.forEach((c, i) => { const e = html(i ? "td" : "th", kind(i), r, c); if (!i) e.scope = "row"; }); }
}

// detail fills a box with all that is known of a series.
function detail(box, s) {
  html("p", "", box, s.why);
  if (s.s.length) {
    table(box, ["Ahead", "Error", "Last value’s", "Ratio", "Last week’s", "Ratio", "80 % holds", "Its width", "R²", "Forecasts"],
      s.s.map((x) => [minutes(x.h), value(x.mae), value(x.last), ratio(x.ratio), value(x.week), ratio(x.weekRatio), share(x.cov), value(x.width), x.r2 === null ? "–" : x.r2.toFixed(2), String(x.n)]));
    html("h3", "", box, "Forecasts and what came");
    fans(html("div", "chart", box), s, 260);
  }
  const two = html("div", "two", box);
  if (s.next && s.recent) {
    const f = html("figure", "", two);
    html("figcaption", "", f, "From the newest value on");
    drawNext(html("div", "chart", f), s);
    table(f, ["Ahead", "Forecast", "80 % from", "to", "By"], s.next.at.map((a, i) => [minutes(a[0]), value(a[1]), value(a[4]), value(a[5]), s.next.by[i]]), [4]);
  }
  if (s.past) {
    const f = html("figure", "", two), past = regular(s.past);
    html("figcaption", "", f, "All of its history");
    chart(html("div", "chart", f), { time: true, height: 200, lines: [{ name: "mean of " + span(s.past.d), cls: "actual", x: past.x, y: past.y }] });
  }
  if (s.terms) {
    html("h3", "", box, "What its forecasts are made of");
    const grid = html("div", "two", box);
    for (const t of s.terms.of) {
      const f = html("figure", "", grid), x = times(s.terms.k, s.terms.t, s.terms.d), y = unpack(t.v, t.p);
      html("figcaption", "", f, t.name + (t.share ? ", share of the trend" : ""));
      chart(html("div", "chart", f), { time: true, height: 150, yText: t.share ? share : undefined, lines: [{ cls: "model", x, y, name: t.name }] });
    }
  }
}

const span = (s) => (s % 86400 === 0 ? s / 86400 + " d" : s % 3600 === 0 ? s / 3600 + " h" : minutes(s));

// drawGroups draws a row of dots for each metric.
function drawGroups(el) {
  const shapes = (s, x, y, k, n) => svg("circle", { cx: x, cy: y, r: 4 + 3 * k / Math.max(n - 1, 1), class: k ? "dot" : "dot hollow" }, s);
  const draw = () => {
    el.replaceChildren();
    const legend = html("div", "legend", el), n = Math.max(...data.groups.map((g) => g.at.length));
    const longest = data.groups.find((g) => g.at.length === n);
    longest.at.forEach((a, k) => { const e = html("span", "", legend), s = svg("svg", { viewBox: "0 0 26 14", "aria-hidden": "true" }, e); shapes(s, 13, 7, k, n); e.append(minutes(a[0]) + " ahead"); });
    const w = html("span", "", legend);
    svg("rect", { x: 8, y: 2, width: 9, height: 9, transform: "rotate(45 13 7)", class: "dot week" }, svg("svg", { viewBox: "0 0 26 14", "aria-hidden": "true" }, w));
    w.append("same time last week, mean");
    const W = widthOf(el), narrow = W < 560, row = narrow ? 44 : 34, left = narrow ? 8 : 96, H = data.groups.length * row + 34;
    let most = 1.15;
    for (const g of data.groups) for (const a of g.at) most = Math.max(most, a[1] || 0, a[2] || 0);
    const cut = Math.min(most, 2.2), X = (v) => left + Math.min(v, cut) / (cut * 1.03) * (W - left - 12);
    const s = svg("svg", { viewBox: `0 0 ${W} ${H}`, "aria-hidden": "true" }, el);
    for (const t of ticks(0, cut, narrow ? 4 : 8)) {
      svg("line", { x1: X(t), x2: X(t), y1: 4, y2: H - 24, class: "grid" }, s);
      svg("text", { x: X(t), y: H - 8, "text-anchor": "middle" }, s, String(+t.toFixed(2)));
    }
    svg("line", { x1: X(1), x2: X(1), y1: 4, y2: H - 24, class: "last line" }, s);
    svg("text", { x: X(1) + 5, y: H - 28, class: "strong" }, s, "last value");
    data.groups.forEach((g, i) => {
      const y = 18 + i * row + (narrow ? 12 : 0);
      svg("text", { x: narrow ? left : left - 10, y: narrow ? y - 12 : y + 4, "text-anchor": narrow ? "start" : "end", class: "strong" }, s, g.name);
      const known = g.at.filter((a) => a[1] !== null);
      if (!known.length) return;
      const xs = known.map((a) => X(a[1]));
      svg("line", { x1: Math.min(...xs), x2: Math.max(...xs), y1: y, y2: y, class: "line model" }, s);
      const weeks = g.at.map((a) => a[2]).filter((v) => v !== null);
      if (weeks.length) {
        const v = weeks.reduce((a, b) => a + b) / weeks.length, x = X(v);
        svg("rect", { x: x - 4.5, y: y - 4.5, width: 9, height: 9, transform: `rotate(45 ${x} ${y})`, class: "dot week" }, s);
        if (v > cut) svg("text", { x: x - 10, y: y + 4, "text-anchor": "end" }, s, value(v, 3) + " →");
      }
      g.at.forEach((a, k) => { if (a[1] !== null) shapes(s, X(a[1]), y, k, n); });
    });
  };
  whenSized(el, draw);
}

function drawHist(el) {
  whenSized(el, () => {
    el.replaceChildren();
    const W = widthOf(el), H = 244, left = 34, n = data.hist.length, most = Math.max(...data.hist, 1);
    const s = svg("svg", { viewBox: `0 0 ${W} ${H}`, "aria-hidden": "true" }, el);
    const X = (v) => left + v / (n * 0.1) * (W - left - 8), Y = (c) => 10 + (1 - c / most) * (H - 40);
    for (const t of ticks(0, most, 4)) if (t === Math.round(t)) { svg("line", { x1: left, x2: W - 8, y1: Y(t), y2: Y(t), class: "grid" }, s); svg("text", { x: left - 6, y: Y(t) + 4, "text-anchor": "end" }, s, t); }
    data.hist.forEach((c, i) => {
      const b = svg("rect", { x: X(i * 0.1) + 1, width: Math.max(X(0.1) - X(0) - 2, 1), y: Y(c), height: H - 30 - Y(c), class: i > 10 ? "bar over" : i === 10 ? "bar even" : "bar" }, s);
      svg("title", {}, b, `${c} series ${i === n - 1 ? "at " + (i / 10).toFixed(1) + " and more" : "from " + (i / 10).toFixed(1) + " to " + ((i + 1) / 10).toFixed(1)}`);
    });
    for (let v = 0; v < (n - 1.5) * 0.1; v += W < 420 ? 0.5 : 0.2) svg("text", { x: X(v), y: H - 12, "text-anchor": "middle" }, s, v.toFixed(1));
    svg("text", { x: W - 8, y: H - 12, "text-anchor": "end" }, s, "more");
    svg("line", { x1: X(1), x2: X(1), y1: 6, y2: H - 30, class: "last line" }, s);
    svg("text", { x: X(1) + 5, y: 16, class: "strong" }, s, "last value");
  });
}

function drawHours(el) {
  const x = data.hours.map((h) => h[0]), y = (k) => data.hours.map((h) => h[k]);
  const lines = [{ name: "model", cls: "model", x, y: y(1) }, { name: "last value", cls: "last", x, y: y(2) }];
  if (y(3).some((v) => v !== null)) lines.push({ name: "last week", cls: "week", x, y: y(3) });
  chart(el, { height: 220, zero: true, zoom: false, whole: true, lines, xText: (h) => h + ":00 to " + (h + 1) + ":00", xTick: (h) => h + " h", yText: (v) => v.toFixed(2) });
}

function drawCover(el) {
  const c = data.cover, x = c.at.map((a) => a[0] + c.width / 2), y = (k) => c.at.map((a) => a[k]);
  chart(el, {
    time: !c.relative, relative: c.relative, height: 240, zero: true, top: 1, percent: true, zoom: false, yText: (v) => share(v),
    xTick: c.relative ? (t) => (t ? "−" + +(-t / 86400).toFixed(2) + " d" : "end") : undefined, xText: c.relative ? (t) => span(Math.round((c.width / 2 - t) / 3600) * 3600) + " before the end" : undefined,
    refs: [0.5, 0.8, 0.95].map((v) => ({ y: v })),
    lines: [{ name: "95 % interval", cls: "c95", x, y: y(4) }, { name: "80 % interval", cls: "model", x, y: y(3) }, { name: "50 % interval", cls: "c50", x, y: y(2) }],
  });
}

function drawCurve(el, c) {
  const x = c.losses.map((_, i) => i + 1);
  chart(el, { height: 200, zoom: false, whole: true, xName: "epoch", lines: [{ name: "validation loss by epoch", cls: "model", x, y: c.losses }], misses: { x: [c.best], y: [c.losses[c.best - 1]] } });
}

function spark(cell, s) {
  if (!s.past) return;
  const p = regular(s.past), ys = p.y.filter((v) => v !== null), lo = Math.min(...ys), hi = Math.max(...ys), e = svg("svg", { viewBox: "0 0 120 24", "aria-hidden": "true" }, cell);
  const X = (x) => (x - p.x[0]) / (p.x[p.x.length - 1] - p.x[0] || 1) * 120, Y = (y) => 22 - (y - lo) / (hi - lo || 1) * 20;
  svg("path", { d: linePath(p, X, Y), class: "line actual" }, e).style.strokeWidth = "1";
}

// The charts of the page.
const kinds = { groups: drawGroups, hist: drawHist, hours: drawHours, cover: drawCover };
for (const el of document.querySelectorAll("[data-chart]")) kinds[el.dataset.chart](el);
for (const el of document.querySelectorAll("[data-fan]")) fans(el, data.series[+el.dataset.fan], 210);
for (const el of document.querySelectorAll("[data-curve]")) drawCurve(el, data.curves[+el.dataset.curve]);

// The table of all series.
const rows = [...document.querySelectorAll("#series tbody tr")], body = document.querySelector("#series tbody");
const seen = new IntersectionObserver((all) => { for (const e of all) if (e.isIntersecting) { seen.unobserve(e.target); spark(e.target, data.series[+e.target.parentNode.dataset.i]); } }, { rootMargin: "300px" });
for (const r of rows) {
  seen.observe(r.querySelector(".spark"));
  const b = r.querySelector(".open");
  b.onclick = () => {
    if (r.nextSibling && r.nextSibling.className === "detail") { r.nextSibling.remove(); b.setAttribute("aria-expanded", false); return; }
    const d = html("tr", "detail"), td = html("td", "", d);
    td.colSpan = r.children.length;
    r.after(d);
    b.setAttribute("aria-expanded", true);
    detail(html("div", "inside", td), data.series[+r.dataset.i]);
  };
}
const filter = document.getElementById("filter"), count = document.getElementById("count");
filter.oninput = () => {
  const words = filter.value.toLowerCase().split(/\s+/);
  let n = 0;
  for (const r of rows) {
    const text = r.textContent.toLowerCase(), keep = words.every((w) => text.includes(w));
    r.hidden = !keep;
    if (r.nextSibling && r.nextSibling.className === "detail") r.nextSibling.hidden = !keep;
    n += keep;
  }
  count.textContent = n + " series";
};
document.querySelectorAll("#series thead th").forEach((th, k) => {
  const b = th.querySelector("button");
  if (!b) return;
  b.onclick = () => {
    const up = th.getAttribute("aria-sort") === "descending" ? 1 : -1, numeric = th.classList.contains("n");
    document.querySelectorAll("#series thead th[aria-sort]").forEach((o) => o.setAttribute("aria-sort", "none"));
    th.setAttribute("aria-sort", up > 0 ? "ascending" : "descending");
    const of = (r) => { const t = r.children[k].textContent.trim(); return numeric ? parseFloat(t) : t; };
    for (const d of body.querySelectorAll(".detail")) d.remove();
    rows.forEach((r) => r.querySelector(".open").setAttribute("aria-expanded", false));
    rows.sort((p, q) => {
      const a = of(p), b = of(q);
      if (numeric) return Number.isNaN(a) ? 1 : Number.isNaN(b) ? -1 : up * (a - b);
      return up * -a.localeCompare(b);
    }).forEach((r) => body.append(r));
  };
});

// Long tables show their first rows until asked for more.
for (const t of document.querySelectorAll("table.short")) {
  const n = +t.dataset.rows, all = [...t.querySelectorAll("tbody tr")];
  if (all.length <= n + 3) continue;
  all.slice(n).forEach((r) => { r.hidden = true; });
  const b = html("button", "more", null, `Show all ${all.length}`);
  t.parentNode.after(b);
  b.onclick = () => { all.forEach((r) => { r.hidden = false; }); b.remove(); };
}
