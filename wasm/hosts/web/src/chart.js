// Charts over time: one SVG each, drawn to its element's width and again when
// that changes, with a cursor for pointer and keyboard, and a legend.

import { stamp, tickText, ticks, tickTime, timeTicks, value } from "./text.js";

const space = "http://www.w3.org/2000/svg";

function svg(tag, attributes, parent, text) {
  const e = document.createElementNS(space, tag);
  for (const k in attributes) e.setAttribute(k, attributes[k]);
  if (text !== undefined) e.textContent = text;
  parent?.append(e);
  return e;
}

/** Makes an element. */
export function html(tag, className, parent, text) {
  const e = document.createElement(tag);
  if (className) e.className = className;
  if (text !== undefined) e.textContent = text;
  parent?.append(e);
  return e;
}

const watched = new WeakMap(); // elements to what watches their width

/**
 * Draws spec into el: label for those who do not see it; lines {name, cls, x,
 * y}, bands {name, cls, x, lo, hi, soft} (soft: it may leave the picture), dots
 * and misses {x, y}; now, a time to mark; height. x are Unix seconds, ascending;
 * NaN is a gap. The cursor stops at every time that a line has.
 */
export function chart(el, spec) {
  watched.get(el)?.disconnect();
  el.replaceChildren();
  el.tabIndex = 0;
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", spec.label);
  const legend = html("div", "legend", el), holder = html("div", "", el), tip = html("div", "tip", el);
  tip.hidden = true;
  tip.setAttribute("role", "status");
  for (const b of spec.bands) key(legend, b, "rect", { x: 0, y: 1, width: 26, height: 10, class: `band ${b.cls}` });
  for (const l of spec.lines) key(legend, l, "path", { d: "M1 6H25", class: `line ${l.cls}` });
  if (spec.misses?.x.length) key(legend, spec.misses, "circle", { cx: 13, cy: 6, r: 4, class: "miss" });
  const stops = Float64Array.from(new Set(spec.lines.flatMap((l) => Array.from(l.x)))).sort();
  let at = -1, drawn;
  const draw = () => {
    drawn = paint(holder, spec, [stops[0], stops.at(-1)]);
    hide();
  };
  const hide = () => {
    tip.hidden = true;
    at = -1;
    drawn.cursor.style.display = "none";
  };
  const point = (i) => {
    at = i;
    const x = drawn.X(stops[i]);
    drawn.cursor.setAttribute("x1", x);
    drawn.cursor.setAttribute("x2", x);
    drawn.cursor.style.display = "";
    tip.replaceChildren(html("b", "", null, `${stamp(stops[i])} UTC`), ...told(spec, stops[i]));
    tip.hidden = false;
    const left = (x * holder.clientWidth) / drawn.W;
    const wanted = left > holder.clientWidth / 2 ? left - tip.offsetWidth - 12 : left + 12;
    tip.style.left = `${Math.min(Math.max(wanted, 0), Math.max(holder.clientWidth - tip.offsetWidth, 0))}px`;
  };
  holder.onpointermove = holder.onpointerdown = (e) => {
    const box = drawn.s.getBoundingClientRect();
    point(nearest(stops, drawn.time(((e.clientX - box.left) / box.width) * drawn.W)));
  };
  holder.onpointerleave = el.onblur = hide;
  el.onkeydown = (e) => {
    const n = stops.length - 1, i = at < 0 ? n : at;
    const to = { ArrowLeft: at < 0 ? n : Math.max(i - 1, 0), ArrowRight: Math.min(i + 1, n), Home: 0, End: n }[e.key];
    if (to !== undefined) point(to);
    else if (e.key === "Escape") hide();
    else return;
    e.preventDefault();
  };
  draw();
  let width = el.clientWidth;
  const watch = new ResizeObserver(() => {
    if (el.clientWidth !== width && (width = el.clientWidth) > 0) draw();
  });
  watch.observe(el);
  watched.set(el, watch);
}

function key(legend, { name }, tag, attributes) {
  if (!name) return;
  const e = html("span", "", legend);
  svg(tag, attributes, svg("svg", { viewBox: "0 0 26 12", "aria-hidden": "true" }, e));
  e.append(name);
}

/** What the cursor says at a time: only what there is at that very time. */
function told(spec, t) {
  const out = [];
  const say = (name, text) => out.push(html("br"), html("i", "", null, name), ` ${text}`);
  const find = (x) => {
    const i = nearest(x, t);
    return x[i] === t ? i : -1;
  };
  for (const l of spec.lines) {
    const i = find(l.x);
    if (l.name && i >= 0 && !Number.isNaN(l.y[i])) say(l.name, value(l.y[i]));
  }
  for (const b of spec.bands) {
    const i = find(b.x);
    if (b.name && i >= 0) say(b.name, `${value(b.lo[i])} … ${value(b.hi[i])}`);
  }
  return out;
}

/** The index of the ascending value that is nearest to v. */
function nearest(x, v) {
  let lo = 0, hi = x.length - 1;
  while (hi - lo > 1) {
    const m = (lo + hi) >> 1;
    if (x[m] < v) lo = m;
    else hi = m;
  }
  return v - x[lo] <= x[hi] - v ? lo : hi;
}

/** The values that the y axis has to show. */
function reach(spec) {
  let lo = Infinity, hi = -Infinity;
  const see = (y) => {
    for (const v of y) if (!Number.isNaN(v)) { lo = Math.min(lo, v); hi = Math.max(hi, v); }
  };
  spec.lines.forEach((l) => see(l.y));
  spec.bands.forEach((b) => b.soft || (see(b.lo), see(b.hi)));
  if (lo === Infinity) [lo, hi] = [0, 1];
  if (!(hi > lo)) [lo, hi] = [lo - (Math.abs(lo) || 1) / 2, hi + (Math.abs(hi) || 1) / 2];
  const room = (hi - lo) * 0.06;
  if (lo >= 0 && lo < (hi - lo) / 2) return [0, hi + room];
  return [lo - room, hi + room];
}

/** Draws the picture and returns what the cursor needs. */
function paint(holder, spec, [x0, x1]) {
  const W = Math.max(holder.clientWidth, 260), H = spec.height ?? 260, right = 10, top = 8, bottom = H - 24;
  const [y0, y1] = reach(spec), rows = ticks(y0, y1, 5), text = tickText(rows);
  const left = 10 + 7.2 * Math.max(2, ...rows.map((t) => text(t).length));
  const X = (x) => left + ((x - x0) / (x1 - x0 || 1)) * (W - left - right);
  const Y = (y) => top + ((y1 - y) / (y1 - y0)) * (bottom - top);
  const s = svg("svg", { viewBox: `0 0 ${W} ${H}`, "aria-hidden": "true" });
  for (const t of rows) {
    svg("line", { x1: left, x2: W - right, y1: Y(t), y2: Y(t), class: "grid" }, s);
    svg("text", { x: left - 6, y: Y(t) + 4, "text-anchor": "end" }, s, text(t));
  }
  svg("line", { x1: left, x2: W - right, y1: bottom, y2: bottom, class: "axis" }, s);
  for (const t of timeTicks(x0, x1, Math.max(2, Math.floor((W - left) / 64)))) {
    if (X(t) > W - 18) continue;
    svg("line", { x1: X(t), x2: X(t), y1: bottom, y2: bottom + 4, class: "axis" }, s);
    svg("text", { x: X(t), y: bottom + 17, "text-anchor": "middle" }, s, tickTime(t));
  }
  const inside = svg("svg", { x: 0, y: top, width: W, height: bottom - top, viewBox: `0 ${top} ${W} ${bottom - top}`, style: "overflow:hidden" }, s);
  for (const b of spec.bands) svg("path", { d: bandPath(b, X, Y), class: `band ${b.cls}` }, inside);
  if (spec.now !== undefined) svg("line", { x1: X(spec.now), x2: X(spec.now), y1: top, y2: bottom, class: "now" }, inside);
  for (const l of spec.lines) svg("path", { d: linePath(l, X, Y), class: `line ${l.cls}` }, inside);
  for (const [cls, r] of [["dots", 4], ["misses", 2.8]]) {
    const marks = spec[cls];
    marks?.x.forEach((x, i) => svg("circle", { cx: X(x).toFixed(1), cy: Y(marks.y[i]).toFixed(1), r, class: cls === "dots" ? "dot" : "miss" }, s));
  }
  const cursor = svg("line", { y1: top, y2: bottom, class: "cursor" }, s);
  holder.replaceChildren(s);
  return { s, X, W, cursor, time: (x) => x0 + ((x - left) / (W - left - right)) * (x1 - x0) };
}

/** A line's path; a point between two gaps is a dot, by its round caps. */
function linePath({ x, y }, X, Y) {
  let d = "", pen = false;
  for (let i = 0; i < x.length; i++) {
    if (!Number.isNaN(y[i])) d += `${pen ? "L" : "M"}${X(x[i]).toFixed(1)} ${Y(y[i]).toFixed(1)}${pen ? "" : "h0"}`;
    pen = !Number.isNaN(y[i]);
  }
  return d;
}

function bandPath({ x, lo, hi }, X, Y) {
  const at = (y) => (t, i) => `${X(t).toFixed(1)} ${Y(y[i]).toFixed(1)}`;
  return `M${Array.from(x, at(hi)).concat(Array.from(x, at(lo)).reverse()).join("L")}Z`;
}
