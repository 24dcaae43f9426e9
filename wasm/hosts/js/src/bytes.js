// The bytes that go into the module and come out of it (ABI.md, "Bytes").

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const pad = (n) => (n + 7) & ~7;

/** Whether the processor keeps numbers as the module does. */
const little = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** What a value is, as its class says it; another window's or realm's, too. */
const kind = (x) => Object.prototype.toString.call(x).slice(8, -1);

/** Whether a value is bytes: a buffer or a view of one. */
export const are = (x) => ArrayBuffer.isView(x) || ["ArrayBuffer", "SharedArrayBuffer"].includes(kind(x));

/** Returns bytes as a Uint8Array, which is no copy. */
export const view = (x) => (ArrayBuffer.isView(x) ? new Uint8Array(x.buffer, x.byteOffset, x.byteLength) : new Uint8Array(x));

/** Returns bytes of one's own, or an error that names what is none. */
export function copy(x, field) {
  if (!are(x)) throw new TypeError(`foretide: the ${field} is not bytes: an ArrayBuffer, a Uint8Array or another view`);
  return view(x).slice();
}

/** A Writer appends numbers and strings to bytes. */
class Writer {
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  size = 0;

  #room(n) {
    if (this.size + n > this.#bytes.length) {
      const more = new Uint8Array(Math.max(2 * this.#bytes.length, this.size + n));
      more.set(this.#bytes);
      this.#bytes = more;
      this.#view = new DataView(more.buffer);
    }
    this.size += n;
    return this.size - n;
  }
  u32(x) {
    const at = this.#room(4); // before the view is looked up, which it may replace
    this.#view.setUint32(at, x, true);
  }
  setU32(at, x) {
    this.#view.setUint32(at, x, true);
  }
  i64(x) {
    const at = this.#room(8);
    this.#view.setBigInt64(at, BigInt(x), true);
  }
  f64(x) {
    const at = this.#room(8);
    this.#view.setFloat64(at, x, true);
  }
  floats(list) {
    const at = this.#room(8 * list.length);
    if (little && list instanceof Float64Array && at % 8 === 0) {
      new Float64Array(this.#bytes.buffer, at, list.length).set(list);
      return;
    }
    for (let i = 0; i < list.length; i++) this.#view.setFloat64(at + 8 * i, list[i] ?? NaN, true);
  }
  string(s) {
    const b = encoder.encode(s);
    this.u32(b.length);
    const at = this.#room(b.length);
    this.#bytes.set(b, at);
  }
  pad() {
    this.#room(pad(this.size) - this.size);
  }
  bytes() {
    return this.#bytes.subarray(0, this.size);
  }
}

/** A Reader takes bytes of the module apart. */
class Reader {
  at = 0;
  constructor(bytes) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  #next(n) {
    this.at += n;
    return this.at - n;
  }
  u32() {
    return this.view.getUint32(this.#next(4), true);
  }
  i32() {
    return this.view.getInt32(this.#next(4), true);
  }
  i64() {
    return Number(this.view.getBigInt64(this.#next(8), true));
  }
  f64() {
    return this.view.getFloat64(this.#next(8), true);
  }
  floats(n) {
    if (!little) return Float64Array.from({ length: n }, () => this.f64());
    const at = this.#next(8 * n);
    return new Float64Array(this.bytes.slice(at, at + 8 * n).buffer);
  }
  list(n, read) {
    return Array.from({ length: n }, () => read.call(this));
  }
  string() {
    const n = this.u32();
    const at = this.#next(n);
    return decoder.decode(this.bytes.subarray(at, at + n));
  }
}

const reasonNames = [
  "short_history", "short_window", "no_long", "all_missing", "constant", "stale", "not_better", "shrunk",
  "not_finite", "fit_failed", "no_checkpoint", "shared_model", "uncalibrated", "interpolated_horizon", "no_input",
  "no_hour", "no_day", "no_week", "old_checkpoint",
];

/** Returns the names of a set of reasons; of one that a newer module has, its bit. */
const reasons = (set) =>
  Array.from({ length: 32 }, (_, bit) => bit)
    .filter((bit) => (set >>> bit) & 1)
    .map((bit) => reasonNames[bit] ?? `bit_${bit}`);

/** A whole number of seconds, or an error that names the field. */
function seconds(x, field) {
  if (!Number.isSafeInteger(x)) throw new TypeError(`foretide: ${field} is ${x}, not a whole number of seconds`);
  return x;
}

/** A text, empty where there is none, or an error that names the field. */
function text(x, field) {
  if (typeof (x ?? "") !== "string") throw new TypeError(`foretide: ${field} is ${said(x)}, not a string`);
  return x ?? "";
}

/** What a value that is wrong is, in a message. */
const said = (x) => (typeof x === "string" ? JSON.stringify(x.length > 40 ? `${x.slice(0, 40)}…` : x) : `${typeof x === "object" ? "an" : "a"} ${typeof x}`);

/** A number, NaN where there is none, or an error that names the field. */
function value(x, field) {
  if (typeof (x ?? NaN) !== "number") throw new TypeError(`foretide: ${field} is ${said(x)}, not a number`);
  return x ?? NaN;
}

/** Checks that a value is an array, or like one, of numbers, null and undefined. */
function numbers(list, field) {
  if (typeof list !== "object" || !Number.isSafeInteger(list?.length)) throw new TypeError(`foretide: ${field} is not an array of numbers`);
  if (ArrayBuffer.isView(list) && !kind(list).startsWith("Big")) return; // it can hold nothing else
  for (let i = 0; i < list.length; i++) value(list[i], `${field}[${i}]`);
}

/** The names of a window's metrics; each has as many values as the first. */
function columns(part, field, names) {
  if (typeof part?.metrics !== "object" || part.metrics === null) throw new TypeError(`foretide: ${field} is missing`);
  const own = names ?? Object.keys(part.metrics);
  if (own.length === 0) throw new TypeError(`foretide: ${field} names no metric`);
  for (const name of own) {
    const values = part.metrics[name];
    numbers(values, `${field}.${name}`);
    const want = part.metrics[own[0]].length;
    if (values.length !== want) throw new TypeError(`foretide: ${field}.${name} has ${values.length} values, ${own[0]} has ${want}`);
  }
  return own;
}

function writeWindow(w, window) {
  const names = columns(window, "metrics");
  const long = window.long;
  if (long) columns(long, "long.metrics", names);
  const start = w.size;
  w.u32(0); // bytes
  w.u32(long ? 0 : 1);
  w.u32(names.length);
  w.u32(window.metrics[names[0]].length);
  w.u32(long ? long.metrics[names[0]].length : 0);
  w.u32(0);
  w.i64(seconds(window.start, "start"));
  w.i64(seconds(window.step, "step"));
  w.i64(long ? seconds(long.start, "long.start") : 0);
  w.i64(long ? seconds(long.step, "long.step") : 0);
  w.string(text(window.container, "container"));
  for (const name of names) w.string(name);
  w.pad();
  for (const name of names) w.floats(window.metrics[name]);
  for (const name of long ? names : []) w.floats(long.metrics[name]);
  w.setU32(start, w.size - start);
}

/** Returns a request of forecasts. */
export function request(windows, options) {
  const horizons = options?.horizons ?? [];
  numbers(horizons, "horizons");
  const w = new Writer();
  w.u32(windows.length);
  w.u32(horizons.length);
  for (let i = 0; i < horizons.length; i++) w.i64(seconds(horizons[i], `horizons[${i}]`));
  w.string(text(options?.metric, "metric"));
  w.pad();
  for (const window of windows) writeWindow(w, window);
  return w.bytes();
}

/** Returns a request to learn from values that came true. */
export function update(window, actuals) {
  const w = new Writer();
  w.u32(actuals.length);
  w.u32(0);
  for (const [i, actual] of actuals.entries()) {
    w.i64(seconds(actual.ahead, `actuals[${i}].ahead`));
    w.f64(value(actual.value, `actuals[${i}].value`));
  }
  writeWindow(w, window);
  return w.bytes();
}

const counterFlag = 1, sameTimes = 2;

/** Returns a request to put samples on a grid. */
export function samples(samples, options) {
  numbers(samples?.times, "times");
  const names = columns(samples, "metrics");
  const counters = samples.counters ?? [];
  const w = new Writer();
  w.u32(names.length);
  w.u32(0);
  w.i64(seconds(options?.step ?? 0, "step"));
  w.i64(seconds(options?.keep ?? 0, "keep"));
  w.string(text(samples.container, "container"));
  w.pad();
  for (const [k, name] of names.entries()) {
    const start = w.size, values = samples.metrics[name], { times } = samples;
    if (values.length !== times.length) throw new TypeError(`foretide: metrics.${name} has ${values.length} values, times has ${times.length}`);
    w.u32(0); // bytes
    w.u32((counters.includes(name) ? counterFlag : 0) | (k > 0 ? sameTimes : 0));
    w.u32(values.length);
    w.u32(0);
    w.string(name);
    w.pad();
    for (let i = 0; k === 0 && i < times.length; i++) w.i64(seconds(Math.floor(times[i]), `times[${i}]`));
    w.floats(values);
    w.setU32(start, w.size - start);
  }
  return w.bytes();
}

/** Returns the window and the report of a result; names are those of the request's metrics. */
export function cleaned(bytes, names) {
  const r = new Reader(bytes);
  const n = r.u32();
  r.u32();
  const report = {};
  for (let k = 0; k < n; k++) {
    const [used, missing, refused, old, repeated, unordered, resets] = r.list(8, r.u32);
    report[names[k]] = { used, missing, refused, old, repeated, unordered, resets };
  }
  const begin = r.at;
  const [, , metrics, cells] = r.list(6, r.u32);
  const window = { start: r.i64(), step: r.i64(), container: "", metrics: {} };
  r.list(2, r.i64);
  window.container = r.string();
  const have = r.list(metrics, r.string);
  r.at = begin + pad(r.at - begin);
  for (const name of have) window.metrics[name] = r.floats(cells);
  return { window, report };
}

/** Returns a request of the name of a checkpoint. */
export function names(metric, container) {
  const w = new Writer();
  w.string(text(metric, "metric"));
  w.string(text(container, "container"));
  return w.bytes();
}

/** Returns the forecasts of a result; failure makes what stands for a window that failed. */
export function forecasts(bytes, failure) {
  const r = new Reader(bytes);
  const n = r.u32();
  const quantiles = r.u32();
  const levels = r.floats(quantiles);
  return Array.from({ length: n }, () => {
    const start = r.at;
    const size = r.u32();
    const status = r.i32();
    const result = status === 0 ? forecast(r, levels, quantiles) : failure(status, r.string());
    r.at = start + size;
    return result;
  });
}

function forecast(r, levels, quantiles) {
  const origin = r.i64();
  const n = r.u32();
  const why = reasons(r.u32());
  const horizons = r.list(n, () => {
    const ahead = r.i64();
    const mean = r.f64();
    const why = reasons(r.u32());
    r.u32();
    return { ahead, time: origin + ahead, mean, reasons: why, quantiles: r.floats(quantiles), model: "", detail: "" };
  });
  for (const h of horizons) {
    h.model = r.string();
    h.detail = r.string();
  }
  return { origin, levels, reasons: why, horizons };
}

/** Returns the description of a checkpoint. */
export function description(bytes) {
  const r = new Reader(bytes);
  const d = {
    step: r.i64(), recentCells: r.i64(), longCells: r.i64(), longStep: r.i64(),
    lower: r.f64(), upper: r.f64(), from: r.i64(), to: r.i64(), observations: r.i64(),
  };
  const [horizons, quantiles, containers, flags] = r.list(4, r.u32);
  d.horizons = r.list(horizons, r.i64);
  d.levels = r.floats(quantiles);
  for (const name of ["kind", "metric", "container", "family", "version", "ended", "chosen"]) d[name] = r.string();
  d.containers = r.list(containers, r.string);
  d.updatable = (flags & 1) !== 0;
  return d;
}
