// The module: read from what stands for it, compiled and started.

import { are, view } from "./bytes.js";
import { ForetideError } from "./error.js";
import { system } from "./system.js";

const major = 1;

/** The functions of the module, and how many numbers each takes. */
const functions = {
  _initialize: 0, foretide_abi_version: 0, foretide_alloc: 1, foretide_free: 1, foretide_load: 2, foretide_unload: 1,
  foretide_describe: 1, foretide_forecast: 3, foretide_update: 3, foretide_restore: 3, foretide_clean: 2,
  foretide_checkpoint_name: 2, foretide_result: 0, foretide_result_size: 0,
};

const unfit = (why, cause) => new ForetideError("bad_module", `foretide: the module cannot be used: ${why}`, { cause });

/**
 * Returns the compiled module of whatever stands for it, with at most so many
 * bytes of memory, unless it is compiled already. The limit is part of the code:
 * a browser that compiled what comes in, while it does, would not have it.
 */
export async function compile(source, limit) {
  source = await source;
  if (source instanceof WebAssembly.Module) return source;
  const code = await read(source);
  try {
    return await WebAssembly.compile(limited(view(code), limit));
  } catch (e) {
    throw unfit(e.message, e);
  }
}

async function read(source) {
  if (are(source)) return source;
  if (typeof Response !== "undefined" && source instanceof Response) {
    if (!source.ok) throw unfit(`${source.url} answers ${source.status}`);
    return source.arrayBuffer();
  }
  const url = await locate(source);
  if (url.protocol !== "file:" || typeof process === "undefined") return read(await fetch(url));
  const { readFile } = await import(/* @vite-ignore */ /* webpackIgnore: true */ "node:fs/promises");
  return readFile(url);
}

/** The address of a source; a relative one begins at the page or the worker, or else in the process's folder. */
async function locate(source) {
  if (typeof source !== "string" && typeof source?.href !== "string") {
    throw new TypeError("foretide: a module is opened by URL or path, or from a Response, bytes or a WebAssembly.Module");
  }
  if (typeof location !== "undefined") return new URL(source, location.href);
  try {
    if (!/^[a-z]:[\\/]/i.test(source)) return new URL(source); // a drive is no protocol
  } catch {
    // a path
  }
  const { pathToFileURL } = await import(/* @vite-ignore */ /* webpackIgnore: true */ "node:url");
  return pathToFileURL(source);
}

/** Returns code whose memory grows to so many bytes and no further; no module is left as it is. */
function limited(code, limit) {
  let at = 8; // after magic number and version
  const number = () => {
    let x = 0;
    for (let scale = 1; at < code.length; scale *= 128) {
      const b = code[at++];
      x += (b & 127) * scale;
      if (b < 128) break;
    }
    return x;
  };
  const written = (x) => (x < 128 ? [x] : [(x & 127) | 128, ...written(x >> 7)]);
  while (at < code.length) {
    const start = at, id = code[at++], size = number(), end = at + size;
    if (id === 5) { // of memories
      const [count, flags, min] = [number(), number(), number()];
      const max = flags === 1 ? number() : 65536;
      if (count !== 1 || flags > 1 || at !== end) return code;
      const memory = [1, 1, ...written(min), ...written(Math.max(min, Math.min(max, Math.floor(limit / 65536))))];
      const out = new Uint8Array(start + 2 + memory.length + code.length - end);
      out.set(code.subarray(0, start));
      out.set([5, memory.length, ...memory], start);
      out.set(code.subarray(end), start + 2 + memory.length);
      return out;
    }
    at = end;
  }
  return code;
}

/** Starts an instance and returns what it exports; said is called with what its runtime says. */
export function start(module, said) {
  let exports, words = "";
  const hear = (text) => said((words += text, text));
  try {
    exports = new WebAssembly.Instance(module, system(() => exports.memory, hear)).exports;
  } catch (e) {
    throw unfit(e.message, e);
  }
  for (const [name, parameters] of Object.entries(functions)) {
    if (typeof exports[name] !== "function") throw unfit(`it is not Foretide's: it lacks the function ${name}`);
    if (exports[name].length !== parameters) throw unfit(`it is not Foretide's: ${name} takes ${exports[name].length} numbers, not ${parameters}`);
  }
  if (!(exports.memory instanceof WebAssembly.Memory)) throw unfit("it is not Foretide's: it exports no memory");
  let version;
  try {
    exports._initialize();
    version = exports.foretide_abi_version();
  } catch (e) {
    throw unfit(`it broke off as it began: ${e.message} ${words}`.trim(), e);
  }
  if (version >>> 16 !== major) throw unfit(`it speaks version ${version >>> 16}.${version & 0xffff} of the interface, this host ${major}`);
  return exports;
}
