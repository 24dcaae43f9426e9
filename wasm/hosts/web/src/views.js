// What the page shows of a series, its forecast and past forecasts.

import { chart, html, stamp, value } from "../../../../internal/report/chart.js";
import { duration, milliseconds } from "./text.js";

const words = {
  short_history: "the history is short", short_window: "less of the past than the model makes use of",
  no_long: "no daily or weekly past", all_missing: "every recent value is missing", constant: "the series is constant",
  stale: "the last values are missing", not_better: "the last value was as good", shrunk: "mixed with the last value",
  not_finite: "the model gave no finite number", fit_failed: "the fit failed", no_checkpoint: "no checkpoint: the network in the box forecasts",
  shared_model: "a model that many containers share", uncalibrated: "intervals are not calibrated to this container",
  interpolated_horizon: "between two of the model's horizons", no_input: "the model lacks one of its inputs",
  no_hour: "nothing is known of the hour before", no_day: "nothing is known of this time yesterday",
  no_week: "nothing is known of this time a week ago",
  old_checkpoint: "the checkpoint is of another version: train it again; the network in the box forecasts",
};

/** The index of the level that is nearest to p. */
function levelAt(levels, p) {
  let best = 0;
  levels.forEach((l, i) => {
    if (Math.abs(l - p) < Math.abs(levels[best] - p)) best = i;
  });
  return best;
}

/** A forecast's median and the ends of its intervals. */
const parts = (levels) => ({ mid: levelAt(levels, 0.5), lo80: levelAt(levels, 0.1), hi80: levelAt(levels, 0.9), lo95: levelAt(levels, 0.025), hi95: levelAt(levels, 0.975) });

const range = (h, lo, hi, digits) => `${value(h.quantiles[lo], digits)} … ${value(h.quantiles[hi], digits)}`;

export function tiles(el, { forecast, ms, past }, opened) {
  const { mid, lo80, hi80 } = parts(forecast.levels);
  el.replaceChildren();
  for (const h of forecast.horizons) {
    const tile = html("div", "tile", el);
    html("span", "", tile, `in ${duration(h.ahead)}`);
    html("b", "", tile, value(h.quantiles[mid]));
    html("span", "", tile, `80 %: ${range(h, lo80, hi80, 3)}`);
  }
  const tile = html("div", "tile time", el);
  html("span", "", tile, "time per forecast");
  html("b", "", tile, milliseconds(past?.ms ?? ms));
  html("span", "", tile, `this one ${milliseconds(ms)}; the module was ready in ${milliseconds(opened)}`);
}

export function notes(el, { forecast, by }) {
  const reasons = new Set([...forecast.reasons, ...forecast.horizons.flatMap((h) => h.reasons)]);
  const models = [...new Set(forecast.horizons.map((h) => h.model))].join(", ");
  const said = [...reasons].map((r) => `${words[r] ?? r} (${r})`).join("; ");
  el.textContent = `From the value of ${stamp(forecast.origin)} UTC, by ${by || "the module’s own model"} (${models}). ${said ? `Note: ${said}.` : ""}`;
}

export function numbers(el, { forecast }) {
  const { mid, lo80, hi80, lo95, hi95 } = parts(forecast.levels);
  const table = html("table");
  const row = (parent, tag, cells) => cells.forEach((c, i) => html(i ? tag : "th", "", parent, c).setAttribute("scope", i ? "" : "row"));
  row(html("tr", "", html("thead", "", table)), "th", ["Ahead", "At (UTC)", "Forecast", "80 %", "95 %", "By"]);
  table.querySelectorAll("thead th").forEach((th) => th.setAttribute("scope", "col"));
  const body = html("tbody", "", table);
  for (const h of forecast.horizons) {
    const tr = html("tr", "", body);
    row(tr, "td", [duration(h.ahead), stamp(h.time), value(h.quantiles[mid]), range(h, lo80, hi80), range(h, lo95, hi95), h.model]);
    tr.querySelectorAll("[scope='']").forEach((td) => td.removeAttribute("scope"));
  }
  el.replaceChildren(table);
}

/** The last seconds of a series before its end, as at most 700 means. */
function recent({ start, step, values }, seconds) {
  const from = Math.max(0, values.length - Math.ceil(seconds / step));
  const wide = Math.max(1, Math.ceil((values.length - from) / 700));
  const x = [], y = [];
  for (let i = values.length; i > from; i -= wide) {
    const cells = values.subarray(Math.max(from, i - wide), i).filter((v) => !Number.isNaN(v));
    x.unshift(start + (i - 1) * step);
    y.unshift(cells.length ? cells.reduce((a, b) => a + b) / cells.length : NaN);
  }
  return { x, y, wide: wide * step, mean: wide > 1 };
}

export function history(el, title, { name, series, forecast, span }) {
  const { mid, lo80, hi80, lo95, hi95 } = parts(forecast.levels);
  const past = recent(series, span);
  const end = forecast.origin, last = lastBefore(series, end);
  const fan = [end, ...forecast.horizons.map((h) => h.time)];
  const line = (q) => [last, ...forecast.horizons.map((h) => h.quantiles[q])];
  title.textContent = `${name}: history and forecast${past.mean ? ` (means of ${duration(past.wide)})` : ""}`;
  chart(el, {
    label: `${name}: the last ${duration(span)} and the forecast: ${forecast.horizons.map((h) => `${value(h.quantiles[mid])} in ${duration(h.ahead)}`).join(", ")}. Arrow keys move the cursor.`,
    time: true,
    zoom: false,
    height: 280,
    now: end,
    lines: [{ name: "what came", cls: "actual", x: past.x, y: past.y }, { name: "forecast", cls: "model", x: fan, y: line(mid) }],
    bands: [{ name: "95 %", cls: "b95", x: fan, lo: line(lo95), hi: line(hi95), soft: span > 43200 }, { name: "80 %", cls: "b80", x: fan, lo: line(lo80), hi: line(hi80) }],
    dots: { x: fan.slice(1), y: line(mid).slice(1) },
  });
}

/** The last value at or before a time. */
function lastBefore({ start, step, values }, t) {
  for (let i = Math.min(values.length - 1, Math.round((t - start) / step)); i >= 0; i--) if (!Number.isNaN(values[i])) return values[i];
  return NaN;
}

/** Past forecasts of one horizon beside what came, and their errors. */
export function judge(series, forecasts, ahead) {
  const out = { x: [], y: [], lo: [], hi: [], misses: { x: [], y: [] }, error: 0, naive: 0, inside: 0, n: 0 };
  for (const f of forecasts) {
    const { mid, lo80, hi80 } = parts(f.levels);
    const h = f.horizons.find((h) => h.ahead === ahead);
    const came = h && series.values[(h.time - series.start) / series.step];
    if (!h) continue;
    const [lo, hi] = [h.quantiles[lo80], h.quantiles[hi80]];
    out.x.push(h.time);
    out.y.push(h.quantiles[mid]);
    out.lo.push(lo);
    out.hi.push(hi);
    if (came === undefined || Number.isNaN(came)) continue;
    out.n++;
    out.error += Math.abs(came - h.quantiles[mid]);
    out.naive += Math.abs(came - lastBefore(series, f.origin));
    if (came >= lo && came <= hi) out.inside++;
    else {
      out.misses.x.push(h.time);
      out.misses.y.push(came);
    }
  }
  return out;
}

export function past(el, title, score, { name, series, forecasts, stride, ahead }) {
  const j = judge(series, forecasts, ahead);
  title.textContent = `${name}: forecasts ${duration(ahead)} ahead, and what came`;
  if (j.n < 2) {
    score.textContent = "There is too little history to look back at past forecasts.";
    el.replaceChildren();
    el.removeAttribute("tabindex");
    return;
  }
  const better = j.naive > 0 ? ` (${(j.error / j.naive).toFixed(2)} times it)` : "";
  score.textContent = `${j.n} forecasts, one every ${duration(stride)}, each from what came before it alone: mean absolute error ` +
    `${value(j.error / j.n)}, of the last value ${value(j.naive / j.n)}${better}; ${Math.round((100 * j.inside) / j.n)} % came inside the 80 % interval.`;
  const came = j.x.map((t) => series.values[(t - series.start) / series.step] ?? NaN);
  chart(el, {
    label: `${score.textContent} Arrow keys move the cursor.`,
    time: true,
    zoom: false,
    height: 260,
    lines: [{ name: "what came", cls: "actual", x: j.x, y: came }, { name: `forecast ${duration(ahead)} before`, cls: "model", x: j.x, y: j.y }],
    bands: [{ name: "80 %", cls: "b80", x: j.x, lo: j.lo, hi: j.hi }],
    misses: { name: "outside the 80 %", ...j.misses },
  });
}
