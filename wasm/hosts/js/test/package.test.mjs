// The package as npm has it: packed, installed in a fresh folder, and run by
// Node.js and Deno; its types, checked by TypeScript.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { after, before, test } from "node:test";

import { tool } from "../testing/tools.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "foretide-js-"));
const run = (program, ...args) => execFileSync(program, args, { cwd: folder, encoding: "utf8" });
const deno = tool("deno");
const tsc = tool("tsc");
const repository = join(root, "../../..");
let packed; // paths of the package's files

before(() => {
  const [{ filename, files }] = JSON.parse(execFileSync("npm", ["pack", "--silent", "--json", "--pack-destination", folder], { cwd: root, encoding: "utf8" }));
  packed = files.map((f) => f.path);
  assert.ok(packed.includes("foretide.wasm") && packed.includes("src/index.d.ts"));
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  run("npm", "install", "--silent", "--offline", "--no-audit", join(folder, filename));
  writeFileSync(join(folder, "run.js"), `
    import { Foretide } from "foretide";
    const foretide = await Foretide.open();
    const f = foretide.forecast({ start: 0, step: 60, metrics: { cpu: [1, 1, 1, 1] } }, { metric: "cpu", horizons: [300] });
    console.log(f.horizons[0].mean.toFixed(3));`);
  copyFileSync(join(root, "testing/example.ts"), join(folder, "example.ts"));
});
after(() => rmSync(folder, { recursive: true }));

test("npm pack, npm install, and a forecast", () => {
  assert.equal(run(process.execPath, "run.js"), "1.000\n");
});

test("the README's example, which is that of docs/embedding.md, too", () => {
  const example = (path) => /```js\n(.*?)```/s.exec(readFileSync(path, "utf8"))[1];
  const code = example(join(root, "README.md"));
  assert.equal(example(join(repository, "docs/embedding.md")), code);
  mkdirSync(join(folder, "checkpoints/cpu"), { recursive: true });
  copyFileSync(join(repository, "wasm/testdata/linear.ckpt"), join(folder, "checkpoints/cpu/web-1.ckpt"));
  writeFileSync(join(folder, "readme.js"), code);
  assert.match(run(process.execPath, "readme.js"), /^(170\d{7} [-\d.e]+ Float64Array\(\d+\) \[[^\]]*\] \[[^\]]*\]\s*)+$/);
});

test("what the README links to is in the package, or anywhere", () => {
  const text = readFileSync(join(root, "README.md"), "utf8");
  const links = [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link);
  assert.ok(links.length > 3);
  for (const link of links) {
    const here = /^https:\/\/github\.com\/foretide\/foretide\/blob\/main\/(.*)$/.exec(link);
    if (here) assert.ok(existsSync(join(repository, here[1])), link);
    else assert.ok(packed.includes(link), link);
  }
});

const worker = (open) => `
  import { readFileSync } from "node:fs";
  const worker = new Worker(new URL(import.meta.resolve("foretide/worker.js")), { type: "module" });
  const got = [];
  const take = (data) => {
    got[data.id] = data.error ? data.error.code : data.forecast.horizons.length + " " + (data.forecast.horizons[0].quantiles instanceof Float64Array);
    if (got.length < 3) return;
    console.log(got.join());
    worker.terminate();
  };
  ${open}
  const window = { start: 0, step: 60, metrics: { cpu: new Float64Array(100) } };
  worker.postMessage({ id: 0, window, options: { metric: "cpu", horizons: [300] } });
  worker.postMessage({ id: 1, checkpoint: new Uint8Array(100), window });
  worker.postMessage({ id: 2, window: { ...window, start: 0.5 } });`;

test("the worker in Node.js", { skip: parseInt(process.versions.node) < 20 && "import.meta.resolve is of Node.js 20" }, () => {
  writeFileSync(join(folder, "worker.js"), `import { Worker } from "node:worker_threads";${worker('worker.on("message", take);')}`);
  assert.equal(run(process.execPath, "worker.js"), "1 true,not_checkpoint,bad_request\n");
});

test("the worker in Deno", { skip: deno.skip }, () => {
  writeFileSync(join(folder, "worker-deno.js"), worker("worker.onmessage = ({ data }) => take(data);"));
  assert.equal(run(deno.path, "run", "--no-prompt", "--cached-only", "--allow-read=.", "worker-deno.js"), "1 true,not_checkpoint,bad_request\n");
});

test("a forecast in Deno, which may read and no more", { skip: deno.skip }, () => {
  assert.equal(run(deno.path, "run", "--no-prompt", "--cached-only", "--allow-read=.", "run.js"), "1.000\n");
  assert.equal(run(deno.path, "run", "--no-prompt", "--cached-only", "--allow-read=.", "example.ts"), "2.0 not_checkpoint\n");
});

test("the types", { skip: tsc.skip }, () => {
  run(tsc.path, "--noEmit", "--strict", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess", "--target", "es2022", "--module", "nodenext", "--lib", "es2022,dom", "--types", "", "example.ts");
});
