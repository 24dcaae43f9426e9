// The host for JavaScript in Node.js: FOLDER MODEL SECONDS.
import { readFile } from "node:fs/promises";

import { Foretide } from "../../wasm/hosts/js/src/index.js";
import { measure, windowOf } from "./steady.mjs";

const [dir, model, seconds] = process.argv.slice(2);
const rest = await measure({
  open: Foretide.open,
  module: () => readFile(`${dir}/foretide.wasm`),
  checkpoint: () => readFile(`${dir}/${model}.ckpt`),
  window: async () => windowOf(await readFile(`${dir}/window.json`, "utf8")),
  seconds: Number(seconds),
  say: (first) => console.log(JSON.stringify(first)),
});
console.log(JSON.stringify({ ...rest, process_bytes: 1024 * process.resourceUsage().maxRSS }));
