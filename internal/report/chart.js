// Charts: one SVG each, drawn to its element's width and redrawn when that
// changes, with a cursor, zoom and a legend. The report has this module as a
// script, wasm/hosts/web imports it.

const space = (() => {
  const t = document.createElement("template");
  t.innerHTML = "<svg></svg>";
  return t.content.firstChild.namespaceURI;
})();

function svg(tag, attributes, parent, text) {
  const e = document.createElementNS(space, tag);
  for (const k in attributes) e.setAttribute(k, attributes[k]);
  if (text !== undefined) e.textContent = text;
  if (parent) parent.appendChild(e);
  return e;
}

export function html(tag, className, parent, text) {
  const e = document.createElement(tag);
  if (className) e.className = className;
  if (text !== undefined) e.textContent = text;
  if (parent) parent.appendChild(e);
  return e;
}

// value writes a number with four significant digits, and k, M, G …
export function value(v, digits = 4) {
  if (v === null || !isFinite(v)) return "–";
  const a = Math.abs(v);
  if (a >= 1e4) for (const [size, name] of [[1e15, "P"], [1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]])
    if (a >= size) return value(v / size, digits) + name;
  if (v === 0) return "0";
  if (a < 1e-3) return v.toExponential(Math.max(digits - 2, 0));
  return v.toFixed(Math.min(Math.max(digits - 1 - Math.floor(Math.log10(a)), 0), 8));
}

const share = (v) => (v === null || !isFinite(v) ? "–" : (100 * v).toFixed(0) + " %");
const ratio = (v) => (v === null || !isFinite(v) ? "–" : v < 10 ? v.toFixed(3) : v < 1000 ? v.toFixed(1) : value(v, 3));
const minutes = (s) => (s % 60 ? s + " s" : s / 60 + " min");

// when writes the time of a tick, UTC: midnights as dates.
function when(t, step) {
  const iso = new Date(t * 1000).toISOString();
  return step >= 86400 || t % 86400 === 0 ? iso.slice(5, 10) : iso.slice(11, 16);
}

// stamp writes a moment, UTC, to the minute or, where it has them, the second.
export function stamp(t) {
  const iso = new Date(t * 1000).toISOString();
  return iso.slice(0, 10) + " " + iso.slice(11, t % 60 ? 19 : 16);
}

// none is true of what a gap has: null or NaN.
const none = (v) => v === null || v !== v;

// ticks returns about n round numbers between lo and hi.
function ticks(lo, hi, n) {
  const raw = (hi - lo) / n, power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((k) => k * power).find((s) => s >= raw * 0.999);
  const out = [];
  for (let k = Math.ceil(lo / step - 1e-9); k * step <= hi + step * 1e-9; k++) out.push(k * step);
  return out;
}

const spans = [60, 300, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800, 1209600, 2592000];

function timeTicks(lo, hi, n) {
  const step = spans.find((s) => (hi - lo) / s <= n) || spans[spans.length - 1];
  const out = [];
  for (let t = Math.ceil(lo / step) * step; t <= hi; t += step) out.push(t);
  return out;
}

let charts = 0;

// On paper charts have the width of its columns: the screen's layout says
// nothing about that.
const redraws = new Map(), watched = new WeakMap();
let printing = false;
const widthOf = (el) => (printing ? (el.closest(".two, .cards") ? 310 : 660) : Math.max(el.clientWidth, 260));
for (const [event, on] of [["beforeprint", true], ["afterprint", false]])
  addEventListener(event, () => { printing = on; for (const draw of redraws.values()) draw(); });

// whenSized draws now, when the element's width changes, and for paper.
function whenSized(el, draw) {
  let width = 0;
  redraws.set(el, draw);
  watched.get(el)?.disconnect();
  const watch = new ResizeObserver(() => { if (el.clientWidth !== width && el.clientWidth > 0) { width = el.clientWidth; draw(); } });
  watch.observe(el);
  watched.set(el, watch);
  if (el.clientWidth > 0) { width = el.clientWidth; draw(); }
}

// chart draws spec into el, in the place of what is there. spec has
//   label   what it shows, for those who do not see it
//   lines   [{name, cls, x, y}]           y null or NaN where there is nothing
//   bands   [{name, cls, x, lo, hi, soft}] soft: it may leave the picture
//   refs    [{y, name}]                   horizontal lines
//   dots, misses {name, x, y}             circles
//   now     a time to mark
//   time    x is in Unix seconds; relative: in seconds to an end
//   zero    the y axis begins at 0; top: where it ends at least; percent
//   height  of the picture; xName, xText, yText
export function chart(el, spec) {
  el.replaceChildren();
  if (spec.label) { el.setAttribute("role", "group"); el.setAttribute("aria-label", spec.label); }
  const legend = html("div", "legend", el), holder = html("div", "", el);
  holder.style.position = "relative";
  const tip = html("div", "tip", holder);
  tip.hidden = true;
  tip.setAttribute("role", "status");
  for (const b of spec.bands || []) key(legend, b, "rect", { x: 0, y: 1, width: 26, height: 10, class: "band " + b.cls });
  for (const l of spec.lines) key(legend, l, "path", { d: "M1 6H25", class: "line " + l.cls });
  if (spec.misses && spec.misses.x.length) key(legend, spec.misses, "circle", { cx: 13, cy: 6, r: 4, class: "miss" });
  // The cursor stops where a line has a point.
  const main = Float64Array.from(new Set(spec.lines.flatMap((l) => Array.from(l.x)))).sort(), whole = [main[0], main[main.length - 1]];
  const state = { view: whole.slice(), id: "clip" + ++charts, cursor: -1 };
  const zoomable = spec.zoom !== false && main.length > 8;
  if (zoomable) {
    const tools = html("span", "tools", legend);
    for (const [text, label, act] of [["−", "Zoom out", () => zoom(2)], ["+", "Zoom in", () => zoom(0.5)], ["All", "Show all", () => look(whole)]]) {
      const b = html("button", "", tools, text);
      b.type = "button";
      b.setAttribute("aria-label", label);
      b.onclick = act;
    }
  }
  let geometry;
  const draw = () => { geometry = paint(holder, tip, spec, state); };
  function look(v) {
    const least = (whole[1] - whole[0]) / Math.max(main.length, 2) * 6;
    let [a, b] = v;
    if (b - a < least) { const m = (a + b) / 2; a = m - least / 2; b = m + least / 2; }
    if (a < whole[0]) { b += whole[0] - a; a = whole[0]; }
    if (b > whole[1]) { a -= b - whole[1]; b = whole[1]; }
    state.view = [Math.max(a, whole[0]), b];
    draw();
  }
  function zoom(k) {
    const [a, b] = state.view, at = state.cursor >= 0 ? Math.min(Math.max(main[state.cursor], a), b) : b;
    look([at - (at - a) * k, at + (b - at) * k]);
  }
  // The cursor.
  function point(i) {
    state.cursor = i;
    const { svgEl, X, line, W } = geometry, x = X(main[i]);
    line.setAttribute("x1", x); line.setAttribute("x2", x); line.style.display = "";
    tip.replaceChildren(html("b", "", null, spec.xText ? spec.xText(main[i]) : spec.time ? stamp(main[i]) + " UTC" : (spec.xName || "") + " " + value(main[i])));
    const say = (name, text) => { html("br", "", tip); html("i", "", tip, name); tip.append(" " + text); };
    const text = spec.yText || ((v) => value(v));
    const find = (x) => { const k = nearest(x, main[i]); return x[k] === main[i] ? k : -1; };
    for (const l of spec.lines) { const k = find(l.x); if (l.name && k >= 0 && !none(l.y[k])) say(l.name, text(l.y[k])); }
    for (const b of spec.bands || []) { const k = find(b.x); if (b.name && k >= 0) say(b.name, text(b.lo[k]) + " … " + text(b.hi[k])); }
    tip.hidden = false;
    const scale = svgEl.clientWidth / W, left = x * scale;
    tip.style.left = Math.min(Math.max(left > holder.clientWidth / 2 ? left - tip.offsetWidth - 12 : left + 12, 0), Math.max(holder.clientWidth - tip.offsetWidth, 0)) + "px";
  }
  function hide() { tip.hidden = true; state.cursor = -1; if (geometry) geometry.line.style.display = "none"; }
  const at = (e) => { const r = geometry.svgEl.getBoundingClientRect(); return geometry.inverse((e.clientX - r.left) / r.width * geometry.W); };
  let from = null;
  holder.addEventListener("pointerdown", (e) => { if (zoomable && e.pointerType === "mouse" && e.button === 0) from = at(e); else point(nearest(main, at(e))); });
  holder.addEventListener("pointermove", (e) => {
    point(nearest(main, at(e)));
    if (from !== null) geometry.mark(from, at(e));
  });
  const drop = (e) => { if (from === null) return; const to = at(e); const a = Math.min(from, to), b = Math.max(from, to); from = null; geometry.mark(0, 0); if (b - a > (state.view[1] - state.view[0]) / 50) look([a, b]); };
  holder.addEventListener("pointerup", drop);
  holder.addEventListener("pointerleave", (e) => { drop(e); hide(); });
  holder.addEventListener("dblclick", () => look(whole));
  el.tabIndex = 0;
  el.onkeydown = (e) => {
    if (e.target !== el) return;
    const n = main.length - 1, i = state.cursor < 0 ? n : state.cursor;
    const move = { ArrowLeft: Math.max(i - 1, 0), ArrowRight: Math.min(i + 1, n), Home: 0, End: n }[e.key];
    if (move !== undefined) point(move);
    else if (e.key === "+" && zoomable) zoom(0.5);
    else if (e.key === "-" && zoomable) zoom(2);
    else if (e.key === "Escape") { look(whole); hide(); }
    else return;
    e.preventDefault();
  };
  el.onblur = hide;
  whenSized(el, draw);
}

// key adds what has a name to the legend.
function key(legend, { name }, tag, attributes) {
  if (!name) return;
  const e = html("span", "", legend);
  svg(tag, attributes, svg("svg", { viewBox: "0 0 26 12", "aria-hidden": "true" }, e));
  e.append(name);
}

// nearest returns the index of the ascending value that is nearest to v.
function nearest(x, v) {
  let lo = 0, hi = x.length - 1;
  while (hi - lo > 1) { const m = (lo + hi) >> 1; if (x[m] < v) lo = m; else hi = m; }
  return v - x[lo] <= x[hi] - v ? lo : hi;
}

// reach returns the values that the y axis has to show.
function reach(spec, view) {
  let lo = Infinity, hi = -Infinity;
  const see = (x, y) => { for (let i = 0; i < x.length; i++) if (x[i] >= view[0] && x[i] <= view[1] && !none(y[i])) { lo = Math.min(lo, y[i]); hi = Math.max(hi, y[i]); } };
  for (const l of spec.lines) see(l.x, l.y);
  for (const b of spec.bands || []) if (!b.soft) { see(b.x, b.lo); see(b.x, b.hi); }
  for (const r of spec.refs || []) { lo = Math.min(lo, r.y); hi = Math.max(hi, r.y); }
  if (spec.zero) lo = Math.min(lo, 0);
  if (spec.top !== undefined) hi = Math.max(hi, spec.top);
  if (!(hi > lo)) for (const b of spec.bands || []) { see(b.x, b.lo); see(b.x, b.hi); }
  if (!(hi > lo) && lo === 0) hi = 1;
  if (!(hi > lo)) { const m = isFinite(lo) ? lo : 0; lo = m - (Math.abs(m) || 1) / 2; hi = m + (Math.abs(m) || 1) / 2; }
  const room = (hi - lo) * 0.06;
  return [spec.zero && lo >= 0 ? 0 : lo >= 0 ? Math.max(lo - room, 0) : lo - room, spec.percent ? hi : hi + room];
}

// paint draws what is in view and returns what the cursor needs.
function paint(holder, tip, spec, state) {
  const W = widthOf(holder), H = spec.height || 220, right = 8, top = 8, bottom = 24;
  const [y0, y1] = reach(spec, state.view), [x0, x1] = state.view;
  const yTicks = ticks(y0, y1, H > 150 ? 5 : 3), tidy = spec.yText || tickText(yTicks);
  const left = 10 + 7.2 * Math.max(...yTicks.map((t) => tidy(t).length), 2);
  const X = (x) => left + (x - x0) / (x1 - x0 || 1) * (W - left - right);
  const Y = (y) => top + (y1 - y) / (y1 - y0) * (H - top - bottom);
  const s = svg("svg", { viewBox: `0 0 ${W} ${H}`, "aria-hidden": "true" });
  const clip = svg("clipPath", { id: state.id }, svg("defs", {}, s));
  svg("rect", { x: left, y: 0, width: W - left - right, height: H - bottom + 1 }, clip);
  for (const t of yTicks) {
    svg("line", { x1: left, x2: W - right, y1: Y(t), y2: Y(t), class: "grid" }, s);
    svg("text", { x: left - 6, y: Y(t) + 4, "text-anchor": "end" }, s, tidy(t));
  }
  xAxis(s, spec, state.view, X, left, W, H - bottom, right);
  const inside = svg("g", { "clip-path": `url(#${state.id})` }, s);
  for (const b of spec.bands || []) svg("path", { d: bandPath(b, X, Y, y0, y1), class: "band " + b.cls }, inside);
  for (const r of spec.refs || []) svg("line", { x1: left, x2: W - right, y1: Y(r.y), y2: Y(r.y), class: r.cls || "target" }, inside);
  for (const l of spec.lines) svg("path", { d: linePath(l, X, Y), class: "line " + l.cls }, inside);
  if (spec.now !== undefined) svg("line", { x1: X(spec.now), x2: X(spec.now), y1: top, y2: H - bottom, class: "now" }, inside);
  for (const [cls, marks, r] of [["dot", spec.dots, 4], ["miss", spec.misses, 2.6]])
    if (marks) for (let i = 0; i < marks.x.length; i++) svg("circle", { cx: X(marks.x[i]).toFixed(1), cy: Y(marks.y[i]).toFixed(1), r, class: cls }, cls === "dot" ? s : inside);
  const range = svg("rect", { y: top, height: H - top - bottom, width: 0, class: "range" }, inside);
  const line = svg("line", { y1: top, y2: H - bottom, class: "cursor" }, s);
  line.style.display = "none";
  const old = holder.querySelector("svg");
  if (old) old.replaceWith(s); else holder.prepend(s);
  return {
    svgEl: s, X, W, line,
    inverse: (x) => x0 + (x - left) / (W - left - right) * (x1 - x0),
    mark: (a, b) => { const p = Math.max(X(Math.min(a, b)), left), q = Math.min(X(Math.max(a, b)), W - right); range.setAttribute("x", p); range.setAttribute("width", a === b ? 0 : Math.max(q - p, 0)); },
  };
}

// tickText writes ticks with as many digits as tell them apart.
function tickText(all) {
  const of = (digits) => (v) => (Math.abs(v) < 1e-12 ? "0" : value(v, digits).replace(/(\.\d*?)0+(?=\D|$)/, "$1").replace(/\.(?=\D|$)/, ""));
  return [2, 3, 4, 5].map(of).find((f) => new Set(all.map(f)).size === all.length) || of(6);
}

function xAxis(s, spec, view, X, left, W, y, right) {
  svg("line", { x1: left, x2: W - right, y1: y, y2: y, class: "axis" }, s);
  const room = spec.time ? 64 : 48;
  const n = Math.max(2, Math.floor((W - left) / room));
  const all = spec.time || spec.relative ? timeTicks(view[0], view[1], n) : ticks(view[0], view[1], n), step = all.length > 1 ? all[1] - all[0] : 0;
  for (const t of all) {
    if (!spec.time && !spec.relative && spec.whole && t !== Math.round(t)) continue;
    const x = X(t);
    if (x < left + 1 || x > W - 14) if (spec.time) continue;
    svg("line", { x1: x, x2: x, y1: y, y2: y + 4, class: "axis" }, s);
    const label = spec.xTick ? spec.xTick(t) : spec.time ? when(t, step) : value(t, 3).replace(/\.0+$/, "");
    svg("text", { x, y: y + 17, "text-anchor": x > W - 24 ? "end" : "middle" }, s, label);
  }
}

// linePath is a line's path; a point between two gaps is a dot, by round caps.
function linePath(l, X, Y) {
  let d = "", pen = false;
  for (let i = 0; i < l.x.length; i++) {
    if (none(l.y[i]) || (l.gap && i && l.x[i] - l.x[i - 1] > l.gap)) pen = false;
    if (none(l.y[i])) continue;
    d += (pen ? "L" : "M") + X(l.x[i]).toFixed(1) + " " + Y(l.y[i]).toFixed(1) + (pen ? "" : "h0");
    pen = true;
  }
  return d;
}

function bandPath(b, X, Y, y0, y1) {
  const pieces = [];
  let piece = [];
  for (let i = 0; i < b.x.length; i++) {
    if (none(b.lo[i]) || none(b.hi[i]) || (b.gap && i && b.x[i] - b.x[i - 1] > b.gap)) { if (piece.length) pieces.push(piece); piece = []; }
    if (!none(b.lo[i]) && !none(b.hi[i])) piece.push(i);
  }
  if (piece.length) pieces.push(piece);
  const fit = (v) => Y(Math.min(Math.max(v, y0 - (y1 - y0)), y1 + (y1 - y0))).toFixed(1);
  return pieces.map((p) => "M" + p.map((i) => X(b.x[i]).toFixed(1) + " " + fit(b.hi[i])).join("L") + "L" +
    p.reverse().map((i) => X(b.x[i]).toFixed(1) + " " + fit(b.lo[i])).join("L") + "Z").join("");
}
