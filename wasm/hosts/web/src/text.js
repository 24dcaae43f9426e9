// Numbers and times as people read them, and ticks for axes.

/** A number with four significant digits, and k, M, G … from ten thousand on. */
export function value(v, digits = 4) {
  if (v === null || !Number.isFinite(v)) return "–";
  const a = Math.abs(v);
  for (const [size, name] of [[1e15, "P"], [1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]]) {
    if (a >= 1e4 && a >= size) return value(v / size, digits) + name;
  }
  if (v === 0) return "0";
  if (a < 1e-3) return v.toExponential(Math.max(digits - 2, 0));
  return v.toFixed(Math.min(Math.max(digits - 1 - Math.floor(Math.log10(a)), 0), 8));
}

/** Seconds as 90 s, 15 min or 2 h. */
export function duration(s) {
  if (s % 60) return `${s} s`;
  return s % 3600 || s === 0 ? `${s / 60} min` : `${s / 3600} h`;
}

export const milliseconds = (ms) => (ms < 0.05 ? "< 0.1 ms" : ms < 100 ? `${ms.toFixed(1)} ms` : `${ms.toFixed(0)} ms`);

/** A moment, UTC, to the minute or, where it has them, the second. */
export function stamp(t) {
  const iso = new Date(t * 1000).toISOString();
  return `${iso.slice(0, 10)} ${iso.slice(11, t % 60 ? 19 : 16)}`;
}

/** The time of a tick: midnights as dates. */
export function tickTime(t) {
  const iso = new Date(t * 1000).toISOString();
  return t % 86400 === 0 ? iso.slice(5, 10) : iso.slice(11, 16);
}

/** About n round numbers between lo and hi. */
export function ticks(lo, hi, n) {
  const raw = (hi - lo) / n;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((k) => k * power).find((s) => s >= raw * 0.999);
  const out = [];
  for (let k = Math.ceil(lo / step - 1e-9); k * step <= hi + step * 1e-9; k++) out.push(k * step);
  return out;
}

const spans = [60, 300, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800, 2592000];

/** At most about n round times between lo and hi. */
export function timeTicks(lo, hi, n) {
  const step = spans.find((s) => (hi - lo) / s <= n) ?? spans.at(-1);
  const out = [];
  for (let t = Math.ceil(lo / step) * step; t <= hi; t += step) out.push(t);
  return out;
}

/** Writes ticks with as many digits as tell them apart. */
export function tickText(all) {
  const of = (digits) => (v) => (Math.abs(v) < 1e-12 ? "0" : value(v, digits).replace(/(\.\d*?)0+(?=\D|$)/, "$1").replace(/\.(?=\D|$)/, ""));
  return [2, 3, 4, 5].map(of).find((f) => new Set(all.map(f)).size === all.length) ?? of(6);
}
