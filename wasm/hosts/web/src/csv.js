// Metrics files, as `foretide predict` reads them: CSV, plain or gzip, with the
// columns timestamp, container and one for each metric; one series of each
// metric of a container on a regular grid.

const maxBytes = 256 << 20; // of a file, unpacked
const maxCells = 1 << 22; // of a container; a wrong timestamp makes more
const maxValues = 1 << 25; // of all containers together
const maxMagnitude = 1e150; // a larger value is missing, as an infinity is

/** A file that cannot be used, and why. */
export class FileError extends Error {
  constructor(file, line, text) {
    super(`${file}${line ? `, line ${line}` : ""}: ${text}`);
    this.name = "FileError";
    this.code = "bad_file";
  }
}

const clip = (s) => JSON.stringify(s.length > 40 ? s.slice(0, 40) + "…" : s);

/**
 * Reads a file. Returns its rows and the containers by name, each with start
 * and step in seconds and metrics of equally many values, NaN where one is
 * missing; metrics without a value are left out. Throws FileError.
 */
export async function read(file, bytes) {
  const text = decode(file, await unpacked(file, new Uint8Array(bytes)));
  const { rows, containers } = gather(file, text);
  let values = 0;
  const out = [];
  for (const name of [...containers.keys()].sort()) {
    const frame = grid(file, name, containers.get(name));
    if (frame === null) continue;
    values += Object.keys(frame.metrics).length * frame.cells;
    if (values > maxValues) throw new FileError(file, 0, `its grids have more than ${maxValues} values; keep fewer containers or fewer days`);
    out.push(frame);
  }
  if (out.length === 0) throw new FileError(file, 0, rows === 0 ? "it has no rows" : `every value is missing in ${rows} rows`);
  return { rows, containers: out };
}

async function unpacked(file, bytes) {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) {
    if (bytes.length > maxBytes) throw new FileError(file, 0, `it has more than ${maxBytes >> 20} MiB; keep the last eight days`);
    return bytes;
  }
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip")).getReader();
  const parts = [];
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
      if ((size += value.length) > maxBytes) break;
    }
  } catch {
    throw new FileError(file, 0, "the gzip data are damaged or cut off");
  }
  if (size > maxBytes) {
    reader.cancel();
    throw new FileError(file, 0, `unpacked it has more than ${maxBytes >> 20} MiB; keep the last eight days`);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

function decode(file, bytes) {
  if (bytes.length === 0) throw new FileError(file, 0, "it is empty");
  if (bytes.subarray(0, 4096).includes(0)) throw new FileError(file, 0, "binary data, not text; metrics are read from CSV files, plain or gzip");
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new FileError(file, 0, "not UTF-8 text; metrics are read from CSV files, plain or gzip");
  }
}

const count = (s) => (s.includes('"') ? s.split('"').length - 1 : 0);

/** Calls each with the line's number and fields of every record (RFC 4180). */
function records(file, text, each) {
  for (let at = 0, line = 1; at < text.length; ) {
    let end = text.indexOf("\n", at);
    if (end < 0) end = text.length;
    let record = text.slice(at, end);
    const first = line++;
    for (let quotes = count(record); quotes % 2 === 1; line++) {
      if (end >= text.length || end - at > 1 << 20) throw new FileError(file, first, "a double quote is not closed");
      const from = end;
      end = text.indexOf("\n", from + 1);
      if (end < 0) end = text.length;
      quotes += count(text.slice(from, end));
      if (quotes % 2 === 0) record = text.slice(at, end);
    }
    at = end + 1;
    if (record.endsWith("\r")) record = record.slice(0, -1);
    if (record.trim() === "") continue;
    each(first, record.includes('"') ? unquoted(file, first, record) : record.split(","), end >= text.length);
  }
}

function unquoted(file, line, record) {
  const fields = [];
  const field = /("(?:[^"]|"")*"|[^",]*)(,|$)/y;
  for (let m; (m = field.exec(record)); ) {
    fields.push(m[1].startsWith('"') ? m[1].slice(1, -1).replaceAll('""', '"') : m[1]);
    if (m[2] === "") return fields;
  }
  throw new FileError(file, line, "a double quote does not enclose a whole field");
}

const known = ["timestamp", "container", "cpu", "memory", "disk_read", "disk_write", "net_rx", "net_tx"];

function header(file, line, fields) {
  const names = fields.map((f) => f.replace(/^\ufeff/, "").trim()).map((f) => (known.includes(f.toLowerCase()) ? f.toLowerCase() : f));
  if (names.length > 2000) throw new FileError(file, line, `the header has ${names.length} columns, more than 2000`);
  const other = names.length === 1 && /[;\t|]/.exec(names[0]);
  if (other) throw new FileError(file, line, `the columns are separated by ${JSON.stringify(other[0])}; separate them by commas and write decimals with a point`);
  for (const need of ["timestamp", "container"]) {
    if (!names.includes(need)) throw new FileError(file, line, `the header lacks the column ${need}; it has ${clip(names.join(","))}. Begin the file with timestamp,container,cpu,memory,…`);
  }
  const twice = names.find((n, i) => n && names.indexOf(n) < i);
  if (twice) throw new FileError(file, line, `the header names ${twice} twice; rename or remove one`);
  const metrics = names.map((name, field) => ({ name, field, numeric: false, text: 0 })).filter(({ name }) => name && name !== "timestamp" && name !== "container");
  if (metrics.length === 0) throw new FileError(file, line, "no metric column: add at least one, such as cpu or memory");
  // Known metrics first and in their order, as everywhere.
  metrics.sort((a, b) => (known.indexOf(a.name) + 1 || 99) - (known.indexOf(b.name) + 1 || 99));
  return { width: names.length, time: names.indexOf("timestamp"), container: names.indexOf("container"), metrics };
}

/** Returns times and values of every container, in the order of the rows. */
function gather(file, text) {
  let layout = null;
  let rows = 0;
  const containers = new Map();
  records(file, text, (line, fields, last) => {
    if (layout === null) {
      layout = header(file, line, fields);
      return;
    }
    if (fields.length !== layout.width) {
      if (last && fields.length < layout.width && !text.endsWith("\n")) return; // it is still being written
      throw new FileError(file, line, `the row has ${fields.length} fields, the header ${layout.width}`);
    }
    const t = time(file, line, fields[layout.time].trim());
    const name = fields[layout.container].trim();
    if (name === "") throw new FileError(file, line, "the container's name is empty; every row needs one");
    let c = containers.get(name);
    if (c === undefined) containers.set(name, (c = { times: [], columns: layout.metrics.map((m) => ({ name: m.name, values: [] })) }));
    rows++;
    c.times.push(t);
    layout.metrics.forEach((m, k) => c.columns[k].values.push(value(file, line, m, fields[m.field])));
  });
  if (layout === null) throw new FileError(file, 0, "it is empty");
  return { rows, containers };
}

const missing = /^([+-]?nan|null|none|n\/?a|<na>|[+-]?inf(inity)?|)$/i;
const number = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

function value(file, line, metric, field) {
  const s = field.trim();
  if (number.test(s)) {
    if (metric.text) throw new FileError(file, line, `column ${metric.name} has the number ${s} here and text in line ${metric.text}`);
    metric.numeric = true;
    const v = Number(s);
    return Math.abs(v) <= maxMagnitude ? v : NaN;
  }
  if (missing.test(s)) return NaN;
  if (metric.numeric) throw new FileError(file, line, `column ${metric.name} has ${clip(s)}, which is no number; leave the field empty where a value is missing`);
  metric.text = metric.text || line;
  return NaN; // of a column of text, which is left out
}

const date = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(?: ?(Z|[+-]\d{2}:?\d{2}))?$/i;

/** Unix seconds; a fraction is dropped, and a time without a zone is UTC. */
function time(file, line, s) {
  if (number.test(s)) {
    const t = Math.floor(Number(s));
    if (Math.abs(t) < 1e11) return t;
    throw new FileError(file, line, `timestamp ${clip(s)} is no number of seconds: divide milliseconds by 1000`);
  }
  const d = date.exec(s);
  const t = d ? Date.parse(`${d[1]}T${d[2]}${d[3] ?? "Z"}`) : NaN;
  if (Number.isNaN(t)) throw new FileError(file, line, `timestamp ${clip(s)} is no time; write Unix seconds (1722467370) or RFC 3339 (2024-07-31T23:09:30Z)`);
  return Math.floor(t / 1000);
}

/** The grid's step in seconds, by the median interval between distinct times. */
export function stepOf(times) {
  const sorted = Float64Array.from(times).sort();
  const gaps = [];
  for (let i = 1; i < sorted.length; i++) if (sorted[i] > sorted[i - 1]) gaps.push(sorted[i] - sorted[i - 1]);
  if (gaps.length === 0) return 60;
  const d = Float64Array.from(gaps).sort()[gaps.length >> 1];
  if (d < 30) return 15;
  if (d < 294) return 60;
  if (d < 600) return 300;
  return Math.floor((d + 30) / 60) * 60;
}

/** Puts a container on its grid: the means of cells, up to the last value. */
function grid(file, name, { times, columns }) {
  const step = stepOf(times);
  const cell = times.map((t) => Math.floor(t / step));
  let low = Infinity, high = -Infinity;
  for (const { values } of columns) {
    values.forEach((v, i) => {
      if (Number.isNaN(v)) return;
      low = Math.min(low, cell[i]);
      high = Math.max(high, cell[i]);
    });
  }
  if (low === Infinity) return null;
  const cells = high - low + 1;
  if (cells > maxCells) throw new FileError(file, 0, `container ${clip(name)} would need ${cells} cells of ${step} s, more than ${maxCells}; remove the rows whose timestamp is wrong`);
  const metrics = {};
  for (const column of columns) {
    const sums = new Float64Array(cells), counts = new Uint32Array(cells);
    let any = false;
    column.values.forEach((v, i) => {
      if (Number.isNaN(v)) return;
      any = true;
      sums[cell[i] - low] += v;
      counts[cell[i] - low]++;
    });
    if (any) metrics[column.name] = sums.map((s, i) => (counts[i] ? s / counts[i] : NaN));
  }
  return { name, start: low * step, step, cells, metrics };
}
