// The LSTM's network in onnxruntime-web, one thread with SIMD, in Node.js: FOLDER
// MODEL SECONDS. What goes in is made before the time begins.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

import { steady } from "./steady.mjs";

const [dir, model, seconds] = process.argv.slice(2);
const packages = createRequire(`${process.env.FORETIDE_NPM || "."}/`);
let begin = performance.now();
const ort = await import(pathToFileURL(packages.resolve("onnxruntime-web/wasm").replace(/\.js$/, ".mjs")).href);
ort.env.wasm.numThreads = 1;
const session = await ort.InferenceSession.create(readFileSync(`${dir}/${model}.onnx`), { executionProviders: ["wasm"], graphOptimizationLevel: "all" });
const compile_ms = performance.now() - begin;
const feeds = {};
for (const { name, shape } of session.inputMetadata) {
  const dims = shape.map((d) => (typeof d === "number" ? d : 1));
  const n = dims.reduce((a, b) => a * b, 1);
  feeds[name] = new ort.Tensor("float32", Float32Array.from({ length: n }, (_, i) => Math.sin(i)), dims);
}
const one = () => session.run(feeds);
begin = performance.now();
const { quantiles } = await one();
if (quantiles.dims.join() !== "1,3,9") throw new Error(`quantiles of ${quantiles.dims}`);
console.log(JSON.stringify({ compile_ms, first_ms: performance.now() - begin }));
console.log(JSON.stringify({ ...(await steady(Number(seconds), one)), process_bytes: 1024 * process.resourceUsage().maxRSS }));
