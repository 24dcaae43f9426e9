// The models of augurs in Node.js: FOLDER MODEL SECONDS. A forecast is a fit to the
// window and a forecast of 30 minutes: it has no other way to a new origin.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

import { steady } from "./steady.mjs";

const [dir, model, seconds] = process.argv.slice(2);
const packages = createRequire(`${process.env.FORETIDE_NPM || "."}/`);
const load = (name) => import(pathToFileURL(packages.resolve(name)).href);
let begin = performance.now();
const part = await load(`@bsull/augurs/${model}`);
await part.default({ module_or_path: readFileSync(packages.resolve(`@bsull/augurs/${model}`).replace(/\.js$/, "_bg.wasm")) });
const optimizer = model === "prophet" ? (await load("@bsull/augurs-prophet-wasmstan")).optimizer : undefined;
const compile_ms = performance.now() - begin;

begin = performance.now();
const { start, step, metrics } = JSON.parse(readFileSync(`${dir}/window.json`, "utf8"));
const y = metrics.cpu;
const ds = y.map((_, i) => start + i * step);
const ahead = [1, 3, 6].map((k) => ds.at(-1) + k * step);
const manual = (enabled) => ({ type: "manual", enabled });
const forecast = {
  ets: () => {
    const m = new part.AutoETS(288, "ZZN"); // its seasons are for short ones only
    m.fit(y);
    return m.predict(6, 0.8).point;
  },
  mstl: () => {
    const m = part.MSTL.ets([288]);
    m.fit(y);
    return m.predict(6, 0.8).point;
  },
  prophet: () => {
    const m = new part.Prophet({
      optimizer, yearlySeasonality: manual(false), weeklySeasonality: manual(true), dailySeasonality: manual(true), uncertaintySamples: 0,
    });
    m.fit({ ds, y });
    return m.predict({ ds: ahead }).yhat.point;
  },
}[model];
if (!forecast().every(Number.isFinite)) throw new Error("no forecast");
console.log(JSON.stringify({ compile_ms, first_ms: performance.now() - begin }));
console.log(JSON.stringify({ ...(await steady(Number(seconds), forecast)), process_bytes: 1024 * process.resourceUsage().maxRSS }));
