// Metrics files, as `foretide predict` reads them: CSV, plain or gzip, with the
// columns timestamp, container and one for each metric. The module puts each
// container on its grid.

const maxBytes = 256 << 20; // of a file, unpacked
const maxValues = 1 << 25; // of all containers together

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
 * Reads a file; foretide is the module. Returns its rows and the containers by name, each with start
 * and step in seconds and metrics of equally many values, NaN where one is
 * missing; metrics without a value are left out. Throws FileError.
 */
export async function read(file, bytes, foretide) {
  const text = decode(file, await unpacked(file, new Uint8Array(bytes)));
  const { rows, containers } = gather(file, text);
  let values = 0;
  const out = [];
  for (const name of [...containers.keys()].sort()) {
    const frame = grid(foretide, file, name, containers.get(name));
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
    return Number(s);
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

/** Puts a container on its grid; null where it has no value. */
function grid(foretide, file, container, { times, columns }) {
  const numeric = columns.filter((c) => c.values.some((v) => !Number.isNaN(v)));
  if (numeric.length === 0) return null;
  if (numeric.length > 256) throw new FileError(file, 0, `${numeric.length} metric columns; keep at most 256`);
  const metrics = Object.fromEntries(numeric.map((c) => [c.name, c.values]));
  try {
    const { window } = foretide.clean({ container, times, metrics });
    const cells = Object.values(window.metrics)[0].length;
    return cells === 0 ? null : { ...window, name: container, cells };
  } catch (e) {
    if (e.code !== "too_large") throw e;
    throw new FileError(file, 0, `container ${clip(container)}: ${e.message}; remove the rows whose timestamp is wrong, or keep fewer days`);
  }
}
