// An LSTM in WebAssembly and nothing around it: MODULE SECONDS.
import { readFileSync } from "node:fs";

import { system } from "../../wasm/hosts/js/src/system.js";
import { steady } from "./steady.mjs";

const [path, seconds] = process.argv.slice(2);
let begin = performance.now();
let memory;
const { instance } = await WebAssembly.instantiate(readFileSync(path), system(() => memory, console.error));
({ memory } = instance.exports);
instance.exports._initialize();
const compile_ms = performance.now() - begin;
begin = performance.now();
instance.exports.setup(128, 240, 1);
instance.exports.forward();
console.log(JSON.stringify({ compile_ms, first_ms: performance.now() - begin }));
const rest = await steady(Number(seconds), instance.exports.forward);
console.log(JSON.stringify({ ...rest, instance_bytes: memory.buffer.byteLength, process_bytes: 1024 * process.resourceUsage().maxRSS }));
