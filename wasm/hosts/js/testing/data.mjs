// The test vectors of the interface, and the module.
import { readFileSync } from "node:fs";

const folder = new URL("../../../testdata/", import.meta.url);

export const module = readFileSync(new URL("../../../foretide.wasm", import.meta.url));
export const file = (name) => new Uint8Array(readFileSync(new URL(name, folder)));
export const vectors = JSON.parse(readFileSync(new URL("vectors.json", folder), "utf8"));
export const models = JSON.parse(readFileSync(new URL("models.json", folder), "utf8"));

/** The window of a request of one window, as the host's users write it. */
export function windowOf(request) {
  const v = new DataView(request.buffer, request.byteOffset);
  const u32 = (at) => v.getUint32(at, true);
  const i64 = (at) => Number(v.getBigInt64(at, true));
  const text = (at) => new TextDecoder().decode(request.subarray(at + 4, at + 4 + u32(at)));
  let at = 8 + 8 * u32(4);
  const metric = text(at);
  const start = (at = (at + 4 + u32(at) + 7) & ~7);
  const [flags, metrics, recent, long] = [4, 8, 12, 16].map((i) => u32(start + i));
  const container = text(start + 56);
  at = start + 60 + u32(start + 56);
  const names = Array.from({ length: metrics }, () => {
    const name = text(at);
    at += 4 + u32(at);
    return name;
  });
  at = (at + 7) & ~7;
  const part = (first, n) => {
    const columns = {};
    for (const name of names) {
      columns[name] = Float64Array.from({ length: n }, (_, i) => v.getFloat64(at + 8 * i, true));
      at += 8 * n;
    }
    return { start: i64(start + first), step: i64(start + first + 8), metrics: columns };
  };
  const window = { container, ...part(24, recent) };
  if (flags === 0) window.long = part(40, long);
  return { window, options: { metric, horizons: Array.from({ length: u32(4) }, (_, i) => i64(8 + 8 * i)) } };
}
